"""Bills and their basis, for the tests of footprints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from models.bill import Bill
from models.factor_records import Submission, factor_store, load_licences, published_records
from models.factors import load_factors
from models.files import DATA
from models.footprint_lines import Basis
from models.measures import load_measures
from models.uncertainty import load_uncertainty

ON = dt.date(2026, 3, 1)
FACTORS = load_factors(DATA)
MEASURES = load_measures(DATA)
LICENCES = load_licences(DATA)


def basis(submissions: Sequence[Submission] = (), on: dt.date = ON, **changed: Any) -> Basis:
    store = factor_store(published_records(FACTORS), submissions, LICENCES, on)
    return Basis(store, FACTORS.fuels, MEASURES, load_uncertainty(DATA), on, **changed)


def submission(**changed: Any) -> Submission:
    """A provincial electricity factor that was handed in and accepted; fields of the record or of the submission."""
    record: dict[str, Any] = {
        "id": "gd-2024", "key": "electricity", "name_zh": "广东电力碳足迹因子", "value": 0.5, "unit": "kgCO2e/kWh",
        "level": "provincial", "region": "Guangdong", "data_year": 2024, "published": dt.date(2025, 11, 1),
        "source": "made up for the test", "licence": "own",
    }  # fmt: skip
    around: dict[str, Any] = {
        "submitter": "甲厂",
        "submitted_on": dt.date(2025, 12, 1),
        "review": {"reviewer": "乙所", "on": dt.date(2026, 1, 5), "decision": "accepted", "reason": "核对原文"},
    }
    for name, value in changed.items():
        (around if name in around else record)[name] = value
    return Submission.model_validate({"record": record} | around)


def bill(**changed: Any) -> Bill:
    """One product of 1000 kg: 2000 kWh at the national factor, 500 kg of billet at 2 kg, 100 kg measured."""
    made: dict[str, Any] = {
        "period_start": dt.date(2024, 1, 1),
        "period_end": dt.date(2024, 12, 31),
        "products": [{"id": "profile", "declared_unit": "kg", "output": 1000.0}],
        "activities": [
            {"id": "power", "stage": "production", "amount": 2.0, "unit": "MWh", "key": "electricity",
             "region": "Guangdong", "primary": True, "uncertainty": 0.02,
             "quality": {"technological": 1, "geographical": 2, "temporal": 1}},
            {"id": "billet", "stage": "raw_material", "amount": 0.5, "unit": "t",
             "factor": {"value": 2.0, "unit": "kgCO2e/kg", "source": "supplier's statement", "uncertainty": 0.1},
             "quality": {"technological": 2, "geographical": 2, "temporal": 3}},
            {"id": "process gas", "stage": "production", "amount": 100.0, "unit": "kgCO2e", "primary": True},
        ],
    }  # fmt: skip
    return Bill.model_validate(made | changed)
