"""Factors that are handed in: who may accept, what may be chosen, and in which order."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from models.factor_choice import NoFactorToChoose, choose
from models.factor_records import (
    NOTHING_HANDED_IN,
    FactorMap,
    FactorStore,
    HandedIn,
    Submission,
    factor_store,
    published_records,
)
from models.factors import footprint_factor, grid_factor
from tests.models.bills import FACTORS, LICENCES, ON, submission

ACCEPTED = {"reviewer": "乙所", "on": dt.date(2026, 1, 5), "decision": "accepted", "reason": "核对"}


def store(*submissions: Submission, on: dt.date = ON, kept: HandedIn = NOTHING_HANDED_IN) -> FactorStore:
    return factor_store(published_records(FACTORS), submissions, LICENCES, on, kept)


def chosen(of: FactorStore, **asked: Any) -> Any:
    said = {"region": "Guangdong", "supplier": "", "year": 2024, "on": ON} | asked
    return choose(of, said.pop("key", "electricity"), **said)


def test_an_accepted_provincial_factor_comes_before_the_national() -> None:
    found = chosen(store(submission()))
    assert found.record.id == "gd-2024"
    assert [one.level for one in found.others] == ["national"]
    assert "provincial" in found.reason.en
    assert chosen(store(submission()), region="Hunan").record.value == 0.5777
    assert chosen(store(submission()), order=("national",)).record.value == 0.5777


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"review": None}, "not been reviewed"),
        ({"review": ACCEPTED | {"decision": "returned", "reason": "unit"}}, "did not accept"),
        ({"review": ACCEPTED | {"decision": "rejected"}}, "did not accept"),
        ({"review": ACCEPTED | {"reviewer": "甲厂"}}, "its submitter"),
        ({"review": ACCEPTED | {"on": dt.date(2025, 11, 30)}}, "dated"),
        ({"review": ACCEPTED | {"on": dt.date(2026, 4, 1)}}, "dated"),
        ({"licence": "CC-BY-NC-4.0"}, "does not allow"),
        ({"licence": "hearsay"}, "not known"),
        ({"valid_to": dt.date(2026, 2, 28)}, "not valid"),
        ({"valid_from": dt.date(2026, 3, 2)}, "not valid"),
        ({"published": dt.date(2026, 3, 2)}, "not valid"),
        ({"supersedes": "nobody"}, "not known"),
        ({"id": "mee-footprint-2024:national_average"}, "taken"),
        ({"supersedes": "mee-footprint-2024:national_average"}, "publisher alone"),
    ],
)
def test_what_may_not_be_used_is_kept_and_told(fields: dict[str, Any], said: str) -> None:
    of = store(submission(**fields))
    assert chosen(of).record.value == 0.5777
    (refusal,) = of.refused.values()
    assert said in refusal.text("en")
    assert refusal.text("zh")
    (finding,) = of.findings()
    assert finding.severity == "warning"


def test_a_correction_supersedes() -> None:
    new = submission(id="gd-2024b", value=0.49, supersedes="gd-2024")
    of = store(submission(), new)
    assert chosen(of).record.value == 0.49
    assert "superseded" in of.refused["gd-2024"].text("en")
    unreviewed = store(submission(), submission(id="gd-2024b", value=0.49, supersedes="gd-2024", review=None))
    assert chosen(unreviewed).record.value == 0.5


def test_same_year_else_the_latest() -> None:
    older = submission(id="gd-2023", data_year=2023, value=0.6)
    assert chosen(store(submission(), older), year=2023).record.id == "gd-2023"
    late = chosen(store(submission(), older), year=2026)
    assert late.record.id == "gd-2024"
    assert "none of 2026" in late.reason.en


def test_published_factors_are_chosen_as_the_tables_choose_them() -> None:
    for year, on in ((2023, dt.date(2025, 6, 1)), (2024, dt.date(2025, 6, 1)), (2024, ON), (2025, ON)):
        assert chosen(store(on=on), year=year, on=on).record.value == footprint_factor(FACTORS, year, on).value


def test_one_family_is_never_taken_for_the_other() -> None:
    inventory = submission(family="inventory", key="grid")
    of = store(inventory)
    with pytest.raises(NoFactorToChoose, match="other family"):
        chosen(of, key="grid")
    assert chosen(of, key="grid", family="inventory").record.id == "gd-2024"
    assert all(one.unit == "kgCO2e/kWh" for one in published_records(FACTORS))


def test_a_supplier_is_only_itself() -> None:
    of = store(submission(id="s", level="supplier", supplier="丙厂", value=0.1))
    assert chosen(of, supplier="丙厂").record.id == "s"
    assert chosen(of, supplier="丁厂").record.value == 0.5777
    with pytest.raises(ValidationError):
        submission(level="supplier")


def test_known_factors_of_the_grid() -> None:
    """The table of section 7 of the market notes."""
    known = {
        "Guangdong": (0.4715, 0.4403, 0.4419), "South": (0.4326, 0.3869, 0.4042), "China": (0.5568, 0.5366, 0.5306),
    }  # fmt: skip
    for region, values in known.items():
        for year, value in zip((2021, 2022, 2023), values, strict=True):
            assert grid_factor(FACTORS, region, year, ON).value == value


def test_what_was_handed_in_never_stands_in_for_what_was_published() -> None:
    own = submission(id="ours", level="national", region="China", value=0.1, data_year=2025)
    found = chosen(store(own), year=2025)
    assert found.record.value == 0.5777
    assert "'ours'" in found.reason.en
    assert "“ours”" in found.reason.zh
    alone = submission(id="ours", level="national", region="China", value=0.1, key="steam")
    assert chosen(store(alone), key="steam").record.value == 0.1


def test_the_reason_names_who_handed_it_in_and_who_reviewed_it() -> None:
    stated, kept = chosen(store(submission())), chosen(store(kept=HandedIn((submission(),))))
    for found in (stated, kept):
        assert "submitted by 甲厂 on 2025-12-01, reviewed by 乙所 on 2026-01-05" in found.reason.en
        assert "乙所 于 2026-01-05 审核通过" in found.reason.zh
        assert "reviewed by 乙所" in found.line()
    assert "as stated with the bill" in stated.reason.en
    assert "as stated with the bill" not in kept.reason.en
    namesakes = {"reviewer": "甲厂", "on": dt.date(2026, 1, 5), "decision": "accepted", "reason": "核对"}
    assert chosen(store(kept=HandedIn((submission(review=namesakes),)))).record.id == "gd-2024"


def test_what_is_kept_comes_before_the_same_id_of_a_bill() -> None:
    of = store(submission(value=9.0), kept=HandedIn((submission(),)))
    assert chosen(of).record.value == 0.5
    assert "taken" in of.refused["gd-2024"].text("en")


def test_a_mapped_record_of_another_key_is_what_it_is_compared_with() -> None:
    local = submission(key="gd-power")
    pair = FactorMap(national_id="mee-footprint-2024:national_average", provincial_id="gd-2024", source="对照表")
    assert chosen(store(kept=HandedIn((local,))), key="gd-power").others == ()
    found = chosen(store(kept=HandedIn((local,), (pair,))), key="gd-power")
    assert [one.value for one in found.others] == [0.5777]
    by_key = chosen(store(kept=HandedIn((submission(),), (pair,))))
    assert len(by_key.others) == 1
