"""Cases of the allowance account that a carbon manager can read."""

from __future__ import annotations

from typing import Any

import pytest

from models.compliance import CompliancePosition
from models.errors import YuetanError
from models.files import read_yaml
from tests.law.test_cbam_cases import HERE
from tests.models.accounts import position_of

CASES = read_yaml(HERE / "ets_positions.yaml")


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(YuetanError) as refusal:
            position_of(case)
        assert refusal.value.code == case["refused"]
        return
    found = position_of(case)
    shown = figures(found)
    for name, wanted in case["expect"].items():
        if isinstance(wanted, bool) or wanted is None:
            assert shown[name] is wanted, name
        elif isinstance(wanted, int | float):
            assert shown[name] == pytest.approx(wanted, rel=1e-12), name
        else:
            assert shown[name] == wanted, name
    assert sorted({f.code for f in found.findings}) == sorted(case.get("finds", []))


def figures(found: CompliancePosition) -> dict[str, Any]:
    flat = next((one for one in found.outlook if one.line.name == "flat"), None)
    return {
        "emissions_t": found.emissions_t,
        "free_t": found.free_t,
        "net_t": found.net_t,
        "open_t": found.open_t,
        "spare_t": found.spare_t,
        "cost_cny": found.cost_cny,
        "average_paid": found.average_paid_cny_per_t,
        "marginal": found.marginal_cny_per_t,
        "provisional": found.provisional,
        "deadline": found.deadline,
        "open_at_flat": flat and flat.open_cny,
        "per_t_at_flat": flat and flat.per_t_cny,
    }
