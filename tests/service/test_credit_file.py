"""A bank's own credit file: the public file gives its known AUC, leaks and bad cells are told, nothing is made up."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from finance.credit_model import load_card
from models.files import DATA
from service.cli import app
from service.finance.credit import CreditAsk, TooFewEvents, credit_report
from service.library import Library

SITE = {"origin": "http://127.0.0.1"}
ASK: dict[str, Any] = {
    "outcome": "defaulted", "ratios": {"a": "higher_safer", "b": "higher_riskier"}, "grade": "grade", "period": "year", "seed": 1,
}  # fmt: skip


def sample(n: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=n), rng.normal(size=n)
    bad = rng.random(n) < 1 / (1 + np.exp(1.5 + 1.2 * a - 0.8 * b))
    return pd.DataFrame(
        {
            "a": a,
            "b": b,
            "defaulted": np.where(bad, "是", "否"),
            "grade": np.digitize(b - a, [-1, 0, 1]),
            "year": 2020 + np.arange(n) % 3,
        }
    )


def as_csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False).encode()


def test_a_known_relation_is_found_with_its_signs(library: Library) -> None:
    made = credit_report(as_csv(sample()), CreditAsk.model_validate(ASK), library)
    assert 0.72 < made.unseen.auc.value < 0.9
    assert made.unseen.auc.low < made.unseen.auc.value < made.unseen.auc.high
    assert all(c <= 0 for c in made.model.coefficients)
    assert np.all(np.diff(made.model.bins[0].woe[:-1]) > 0)
    assert np.all(np.diff(made.model.bins[1].woe[:-1]) < 0)
    assert made.tau is not None
    assert made.tau > 0.3
    assert made.stability is not None
    assert made.periods == ("2020", "2022")
    again = credit_report(as_csv(sample()), CreditAsk.model_validate(ASK), library)
    assert again.unseen.auc == made.unseen.auc


def test_repeats_are_taken_out_and_the_outcome_in_a_column_is_suspected(library: Library) -> None:
    table = sample()
    made = credit_report(as_csv(pd.concat([table, table.head(50)])), CreditAsk.model_validate(ASK), library)
    assert made.repeated == 50
    table["a"] = np.where(table.defaulted == "是", -1.0, 1.0)
    leaking = credit_report(as_csv(table), CreditAsk.model_validate(ASK), library)
    assert [one.code for one in leaking.findings] == ["credit.too_good"]


def test_bad_cells_by_row_and_small_files(library: Library) -> None:
    table = sample().astype({"a": object})
    table.loc[0, "defaulted"], table.loc[1, "a"], table.loc[2, "a"] = "?", "abc", None
    made = credit_report(as_csv(table), CreditAsk.model_validate(ASK), library)
    assert [(one.code, one.row, one.found) for one in made.findings] == [
        ("credit.not_an_outcome", 2, "?"),
        ("credit.not_a_ratio", 3, "abc"),
    ]
    with pytest.raises(TooFewEvents):
        credit_report(as_csv(sample(60)), CreditAsk.model_validate(ASK), library)


@pytest.mark.shared
def test_the_public_file_gives_its_known_auc(library: Library, shared: Callable[[str], Path]) -> None:
    card = load_card(DATA)
    data = gzip.decompress(shared("credit/polish_corporate_default_1y.csv.gz").read_bytes())
    ask = CreditAsk(outcome="bankrupt", ratios=dict(card.directions), seed=20261125)
    made = credit_report(data, ask, library)
    assert 0.84 <= made.unseen.auc.value <= 0.90
    assert made.repeated > 0


def test_over_http_page_and_terminal(client: TestClient, tmp_path: Path) -> None:
    files, form = {"file": ("a.csv", as_csv(sample()))}, {"question": json.dumps(ASK)}
    made = client.post("/api/v1/finance/credit-file", files=files, data=form)
    assert made.status_code == 200, made.text
    assert "NaN" not in made.text
    assert made.json()["limits"][0]["zh"]
    for lang in ("zh", "en"):
        page = client.post("/credit", files=files, data=form, params={"lang": lang}, headers=SITE)
        assert page.status_code == 200
        assert "None" not in page.text
    for bad in (
        {"question": "{"},
        {"question": json.dumps(ASK | {"outcome": "a"})},
        {"question": json.dumps(ASK | {"outcome": "zz"})},
    ):
        assert client.post("/api/v1/finance/credit-file", files=files, data=bad).status_code == 422
        assert client.post("/credit", files=files, data=bad, headers=SITE).status_code == 422
    for data in (b"", b"PAR1x", b"a\n"):
        assert client.post("/api/v1/finance/credit-file", files={"file": ("a.csv", data)}, data=form).status_code == 422
    assert client.post("/credit", headers=SITE).status_code in (415, 422)
    table, ask = tmp_path / "a.csv", tmp_path / "a.json"
    table.write_bytes(as_csv(sample()))
    ask.write_text(json.dumps(ASK), "utf-8")
    found = CliRunner().invoke(app, ["finance", "credit", str(table), "--ask", str(ask), "--json"])
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["bins"]
