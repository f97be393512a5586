"""Every policy file that is refused names its place; the default policy holds the specification."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finance.policy import BadPolicy, load_scorecard
from models.files import DATA

PATH = DATA / "scorecards" / "gd-green-loan-default" / "1.0.0.json"
CARD = load_scorecard(PATH)
RAW: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))


def _first(raw: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = raw["dimensions"][0]["indicators"][0]
    return found


def _set(path: str, new: Any) -> Callable[[dict[str, Any]], None]:
    def change(raw: dict[str, Any]) -> None:
        *way, last = path.split(".")
        at: Any = raw
        for step in way:
            at = at[int(step)] if isinstance(at, list) else at[step]
        at[int(last) if isinstance(at, list) else last] = new

    return change


def _all_weights_zero(raw: dict[str, Any]) -> None:
    for d in raw["dimensions"]:
        for i in d["indicators"]:
            i["weight"] = 0


def _drop(path: str) -> Callable[[dict[str, Any]], None]:
    def change(raw: dict[str, Any]) -> None:
        *way, last = path.split(".")
        at: Any = raw
        for step in way:
            at = at[int(step)] if isinstance(at, list) else at[step]
        del at[last]

    return change


F1 = "dimensions.0.indicators.0"
BAD: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "x does not rise": (_set(f"{F1}.points", [[0.5, 100], [0.5, 80], [1.0, 0]]), "F1"),
    "points against the direction": (_set(f"{F1}.points", [[0.5, 10], [1.0, 80]]), "F1"),
    "points above 100": (_set(f"{F1}.points.0.1", 101), "points"),
    "points below 0": (_set(f"{F1}.points.4.1", -1), "points"),
    "one point": (_set(f"{F1}.points", [[0.5, 100]]), "F1"),
    "levels and points": (_set(f"{F1}.levels", {"a": 1}), "F1"),
    "no level": (_set("dimensions.0.indicators.1.levels", {}), "F2"),
    "negative weight": (_set(f"{F1}.weight", -1), "weight"),
    "weight as text": (_set(f"{F1}.weight", "20"), "weight"),
    "weight true": (_set(f"{F1}.weight", True), "weight"),
    "weights zero": (_all_weights_zero, "weights"),
    "grades rise": (_set("grades.1.min", 90), "grades"),
    "grades do not end at 0": (_set("grades.4.min", 5), "grades"),
    "no grades": (_set("grades", []), "grades"),
    "no dimensions": (_set("dimensions", []), "dimensions"),
    "same indicator twice": (_set("dimensions.0.indicators.1.id", "F1"), "unique"),
    "same dimension twice": (_set("dimensions.1.id", "footprint"), "unique"),
    "same gate twice": (_set("gates.1.id", "G1"), "unique"),
    "same grade twice": (_set("grades.1.id", "A"), "unique"),
    "zh missing": (_drop(f"{F1}.zh"), "zh"),
    "en empty": (_set("gates.0.en", "  "), "en"),
    "unknown metric": (_set(f"{F1}.id", "X1"), "X1"),
    "unknown gate effect": (_set("gates.0.effect", "hang"), "effect"),
    "cap without a cap": (_drop("gates.1.cap"), "G2"),
    "block with a cap": (_set("gates.0.cap", 10), "G1"),
    "gate on an unknown indicator": (_set("gates.3.asks.indicator", "Z9"), "Z9"),
    "gate on an unknown level": (_set("gates.2.asks.equals", "hearsay"), "F2"),
    "gate asks two things": (_set("gates.2.asks", {"indicator": "F2", "equals": "none", "above": 1}), "asks"),
    "data quality rejects": (_set("gates.3.effect", "block"), "G4"),
    "unknown field": (_set("formula", "1+1"), "formula"),
    "unknown field deep": (_set(f"{F1}.formula", "x*2"), "formula"),
    "sigma falls": (_set("data_quality.sigma_by_score.5", 0.01), "sigma"),
    "sigma of six": (_set("data_quality.sigma_by_score.6", 0.9), "sigma"),
    "quantile of a half": (_set("data_quality.haircut_quantile", 0.5), "haircut_quantile"),
    "no first day": (_drop("effective_from"), "effective_from"),
    "no owner": (_drop("owner"), "owner"),
    "margin for an unknown grade": (_set("pricing.grade_adjustment_bp.F", 1), "margin"),
    "weights from the air": (_set("weights_basis.kind", "dream"), "kind"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_policy_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    change, place = BAD[name]
    raw = copy.deepcopy(RAW)
    change(raw)
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(BadPolicy) as refusal:
        load_scorecard(path)
    assert place in refusal.value.text("en")
    assert "bad.json" in refusal.value.text("zh")
    assert refusal.value.text("zh") != refusal.value.text("en")
    assert refusal.value.mend("zh")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1, "a": 2}', '{"policy_id": NaN}', "\ufffe"])
def test_what_is_no_policy_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadPolicy):
        load_scorecard(path)
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(BadPolicy):
        load_scorecard(path)


def test_the_hash_names_the_content_and_not_the_layout(tmp_path: Path) -> None:
    path = tmp_path / "same.json"
    path.write_text(json.dumps(RAW, indent=4, sort_keys=True), encoding="utf-8")
    assert load_scorecard(path).policy_hash == CARD.policy_hash
    raw = copy.deepcopy(RAW)
    _first(raw)["weight"] = 21
    path.write_text(json.dumps(raw), encoding="utf-8")
    assert load_scorecard(path).policy_hash != CARD.policy_hash


def test_the_default_policy_holds_the_specification(shared: Callable[[str], Path]) -> None:
    given_ = json.loads((shared("README.md").parents[1] / "domain" / "finance_policy_default.json").read_text("utf-8"))
    for gate in given_["gates"]:
        mine = next(g for g in RAW["gates"] if g["id"] == gate["id"])
        assert gate.items() <= mine.items()
    del given_["gates"]
    assert {k: RAW[k] for k in given_} == given_
