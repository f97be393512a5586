"""Credit stress and loan books over HTTP, from a workbook, on the page, on paper and in the terminal: the same figures."""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path
from typing import Any

import pypdf
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from service.cli import app
from service.finance.routes import EXAMPLE
from tests.service.cells import exchanged

API = "/api/v1/finance"
SITE = {"origin": "http://127.0.0.1"}


def with_(**other: Any) -> dict[str, Any]:
    return copy.deepcopy(EXAMPLE) | other


def asked(client: TestClient, body: dict[str, Any], of: str = "portfolio") -> dict[str, Any]:
    answer = client.post(f"{API}/{of}", json=body)
    assert answer.status_code == 200, answer.text
    assert "NaN" not in answer.text
    made: dict[str, Any] = answer.json()
    return made


def value(rows: list[dict[str, Any]], key: str) -> Any:
    return next(row["value"] for row in rows if row["key"] == key)


def case(made: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in made["cases"] if one["name"] == name)
    return found


def filled(client: TestClient, **cells: Any) -> bytes:
    return exchanged(client.get(f"{API}/template.xlsx", params={"example": "true"}).content, cells)


def test_the_worked_case(client: TestClient) -> None:
    made = asked(client, EXAMPLE, "stress")
    doubled = case(made, "grid+100%")
    # (100 000 - 93 100 - 5 000) x 40; 50 000 x 0.5 x 40; 0.5 x 2 000 x 600.
    assert value(doubled["accounts"], "loss") == pytest.approx(0.7 * (1_900 * 40 + 1_000_000) + 600_000)
    assert value(doubled["conservative"], "loss") == pytest.approx(1_900 * 40 + 1_000_000 + 1_200_000)
    assert value(made["financed"], "scope12") == pytest.approx(100_000 * 50 / 300)
    assert made["main"] == "prudent.2030"
    assert [one["name"] for one in made["cases"]][:5] == ["grid-50%", "grid+0%", "grid+50%", "grid+100%", "grid+200%"]
    assert value(case(made, "grid+0%")["rows"], "change_bp") == pytest.approx(0.0, abs=1e-9)
    assert made["migration"] is not None
    assert all(text["zh"] and text["en"] for text in made["statements"] + made["prices"])


def test_a_book_is_several_borrowers_and_stress_is_one(client: TestClient) -> None:
    body = with_()
    second = copy.deepcopy(body["borrowers"][0]) | {"borrower": "广州陶瓷", "sector": "陶瓷", "cbam_t": 0}
    body["borrowers"].append(second)
    body["loans"].append(dict(body["loans"][0], loan="L-003", borrower="广州陶瓷"))
    made = asked(client, body)
    assert [part["name"] for part in made["concentration"][0]["parts"]] == ["铝", "陶瓷"]
    assert sum(part["share"] for part in made["concentration"][2]["parts"]) == pytest.approx(1.0)
    refused = client.post(f"{API}/stress", json=body)
    assert refused.status_code == 422
    assert refused.json()["code"] == "finance.one_borrower"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"pd": 0}, "finance.pd:pd"),
        ({"pd": 1}, "finance.pd:pd"),
        ({"pd_years": 5}, "finance.horizon_mixed:pd_years"),
        ({"lgd": 45}, "finance.beyond_bounds:lgd"),
        ({"currency": "EUR"}, "finance.other_currency:currency"),
        ({"loan": "L-002"}, "finance.loan_twice:loan"),
        ({"borrower": "谁"}, "finance.borrower_unknown:borrower"),
        ({"outstanding": 9e9}, "finance.attribution_above_one:outstanding"),
        ({"asset_class": "house"}, "finance.class_unknown:asset_class"),
        ({"outstanding": None}, "finance.outstanding:outstanding"),
    ],
)
def test_a_bad_loan_is_left_out_by_name(client: TestClient, change: dict[str, Any], code: str) -> None:
    body = with_()
    body["loans"][0] |= change
    made = asked(client, body)
    assert code in made["loans"][0]["left_out"]
    told = made["left_out_of_stress"] + made["left_out_of_financed"]
    assert all(one["text"]["zh"] and one["text"]["en"] and one["rows"] >= 1 for one in told)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"today": {}}, 422, "input.missing"),
        ({"today": {"instrument": "SZA"}}, 404, "price.unknown_instrument"),
        ({"loans": []}, 422, "input.invalid"),
        ({"borrowers": EXAMPLE["borrowers"] * 2}, 422, "finance.borrower_twice"),
        ({"rating_bounds": [0.5, 0.1]}, 422, "finance.rating_bands"),
        ({"model": {**EXAMPLE["model"], "growth": 0.2}}, 422, "finance.no_perpetuity"),
        ({"model": {k: v for k, v in EXAMPLE["model"].items() if k != "growth"}}, 422, "finance.figure_missing"),
        (
            {"model": {"kind": "accounting", "coefficients": {"ebitda_to_debt": 2.0}, "years": 1.0, "source": "x"}},
            422,
            "finance.sign_against",
        ),
        ({"model": {"kind": "magic"}}, 422, "input.invalid"),
    ],
)
def test_what_cannot_be_computed_is_refused(client: TestClient, change: dict[str, Any], status: int, code: str) -> None:
    answer = client.post(f"{API}/portfolio", json=with_(**change))
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == code


def test_a_figure_that_is_missing_gives_no_figure(client: TestClient) -> None:
    body = with_()
    del body["borrowers"][0]["ebitda"]
    made = asked(client, body, "stress")
    assert {one["code"] for one in made["left_out_of_stress"]} == {"finance.figure_missing"}
    assert value(case(made, "grid+100%")["rows"], "change_bp") is None
    assert value(made["financed"], "scope12") == pytest.approx(100_000 * 50 / 300)


def test_a_wrong_total_and_a_year_without_price_are_told(client: TestClient) -> None:
    body = with_(total=1.0)
    body["scenarios"][0]["home_cny_per_t"]["2028"] = 150.0
    codes = [one["code"] for one in asked(client, body)["findings"]]
    assert codes == ["finance.wrong_total", "finance.no_price_point"]


def test_the_market_gives_its_reference_price(client: TestClient) -> None:
    made = asked(client, with_(on="2025-03-03", today={"instrument": "GDEA", "eu_eur_per_t": 75.0, "cny_per_eur": 8.0}))
    assert "GDEA" in made["prices"][0]["en"]
    assert 10 < case(made, "grid+0%")["home_cny_per_t"] < 100


def test_the_workbook_gives_the_same(client: TestClient) -> None:
    answer = client.post(f"{API}/portfolio/file", files={"file": ("b.xlsx", filled(client))}).json()
    assert not answer["findings"], answer["findings"]
    by_api = asked(client, EXAMPLE)
    for own, other in zip(answer["result"]["cases"], by_api["cases"], strict=True):
        assert value(own["rows"], "change_bp") == pytest.approx(value(other["rows"], "change_bp"))


@pytest.mark.parametrize(
    ("cells", "cell"), [({"Loans_C2": "很多"}, "C2"), ({"model_N2": 5.0}, "N2"), ({"Borrowers_L2": "猜的"}, "L2")]
)
def test_a_bad_cell_is_named(client: TestClient, cells: dict[str, Any], cell: str) -> None:
    made = client.post(f"{API}/portfolio/file", files={"file": ("b.xlsx", filled(client, **cells))}).json()
    assert cell in [one["cell"] for one in made["findings"]], made["findings"]


def test_the_page_and_its_papers(client: TestClient) -> None:
    for lang in ("zh", "en"):
        assert "grid" not in client.get("/finance", params={"lang": lang}).text
        assert "16,666.67" in client.get("/finance", params={"example": "true", "lang": lang}).text
    page = client.post("/finance", files={"file": ("b.xlsx", filled(client))}, headers=SITE)
    assert page.status_code == 200
    assert "16,666.67" in page.text
    assert client.post("/finance", files={"file": ("b.xlsx", b"PK")}, headers=SITE).status_code == 422
    assert client.post("/finance", data={"again": "{}"}, headers=SITE).status_code == 422
    again = json.dumps(EXAMPLE, ensure_ascii=False)
    for lang in ("zh", "en"):
        paper = client.post("/finance", data={"again": again, "as": "pdf"}, headers=SITE, params={"lang": lang})
        found = pypdf.PdfReader(io.BytesIO(paper.content))
        assert len(found.pages) == 1
        text = "".join(one.extract_text() for one in found.pages)
        assert "16,667" in text
    assert client.post("/finance", data={"again": again, "as": "xlsx"}, headers=SITE).content.startswith(b"PK")


def test_the_page_of_a_book(client: TestClient) -> None:
    body = with_()
    body["borrowers"].append(copy.deepcopy(body["borrowers"][0]) | {"borrower": "<b>乙</b>", "sector": None})
    body["loans"].append(dict(body["loans"][0], loan="L-003", borrower="<b>乙</b>", pd=None))
    again = json.dumps(body, ensure_ascii=False)
    page = client.post("/finance", data={"again": again}, headers=SITE)
    assert page.status_code == 200, page.text
    assert "<b>乙</b>" not in page.text
    assert "未注明" in page.text


def test_in_the_terminal(client: TestClient, tmp_path: Path) -> None:
    file, paper = tmp_path / "b.xlsx", tmp_path / "b.pdf"
    file.write_bytes(filled(client))
    done = CliRunner().invoke(app, ["finance", "stress", str(file), "-o", str(paper)])
    assert done.exit_code == 0, done.output
    assert "16,666.67" in done.stdout
    assert paper.read_bytes().startswith(b"%PDF")
    assert CliRunner().invoke(app, ["stress", str(file)]).stdout == done.stdout
    told = CliRunner().invoke(app, ["finance", "portfolio", str(file), "--json"])
    assert json.loads(told.stdout)["main"]
    file.write_bytes(b"PK")
    assert CliRunner().invoke(app, ["finance", "portfolio", str(file)]).exit_code == 3


@pytest.mark.parametrize(
    "change",
    [
        {"outstanding": 1e-300, "equity": 0, "debt": 1e-300},
        {"interest": 1e-300, "debt": 1e-300},
        {"scope12_t": 1e15, "ebitda": -1e15, "cbam_t": 1e15, "upstream_t": 1e15},
        {"equity": 1e15, "debt": 1e15, "revenue": 1e-300},
    ],
)
def test_the_smallest_and_the_largest_figures_break_nothing(client: TestClient, change: dict[str, float]) -> None:
    body = with_()
    for row in (*body["loans"], *body["borrowers"]):
        row |= {k: v for k, v in change.items() if k in row}
    made = asked(client, body)
    assert "Infinity" not in json.dumps(made)
    assert client.post("/finance", data={"again": json.dumps(body)}, headers=SITE).status_code == 200
    body["loans"][0]["outstanding"] = 1e300
    assert client.post(f"{API}/portfolio", json=body).status_code == 422


def test_a_scenario_of_the_past_is_told(client: TestClient) -> None:
    body = with_(on="2031-01-01")
    made = asked(client, body)
    assert [one["code"] for one in made["findings"]] == ["finance.no_price_point"]
    assert made["main"] == "grid+200%"


def test_a_crowded_book_still_fits_one_page_and_says_what_is_not_listed(client: TestClient) -> None:
    body = with_(
        scenarios=[EXAMPLE["scenarios"][0] | {"id": f"s{i}", "zh": "一个名称相当长的审慎情景" * 3} for i in range(10)]
    )
    bad = (
        {"pd": 0},
        {"pd": None},
        {"lgd": 45},
        {"pd_years": 5},
        {"outstanding": None},
        {"asset_class": None},
        {"ead": None},
    )
    for i, change in enumerate(bad):
        body["borrowers"].append(
            copy.deepcopy(body["borrowers"][0]) | {"borrower": f"B{i}", "ebitda": None if i == 6 else 4e7}
        )
        body["loans"].append(dict(body["loans"][0], loan=f"X{i}", borrower=f"B{i}") | change)
    for lang in ("zh", "en"):
        again = {"again": json.dumps(body, ensure_ascii=False), "as": "pdf"}
        paper = client.post("/finance", data=again, headers=SITE, params={"lang": lang})
        found = pypdf.PdfReader(io.BytesIO(paper.content))
        assert len(found.pages) == 1
        text = found.pages[0].extract_text()
        assert "9 more" in text
        # A name is cut, what kind of price it is never.
        assert "不是预测" in text.replace("\n", "")
        assert "no forecast" in text
        assert "more reasons" in text
        loans = [loan | {"borrower": body["borrowers"][0]["borrower"]} for loan in body["loans"]]
        one = json.dumps(body | {"loans": loans, "borrowers": body["borrowers"][:1]}, ensure_ascii=False)
        paper = client.post("/finance", data={"again": one, "as": "pdf"}, headers=SITE, params={"lang": lang})
        assert len(pypdf.PdfReader(io.BytesIO(paper.content)).pages) == 1


ESTIMATE = {
    "against": "paid",
    "rate": 0.5,
    "se": 0.05,
    "low": 0.4,
    "high": 0.6,
    "grade": "B",
    "key": "0123456789abcdef",
}


def test_an_estimated_pass_through_stands_beside_the_assumed(client: TestClient) -> None:
    name = EXAMPLE["borrowers"][0]["borrower"]
    plain = asked(client, EXAMPLE, "stress")
    made = asked(client, with_(estimates=[{"borrower": name, "estimate": ESTIMATE}]), "stress")
    assert made["cases"] == plain["cases"]
    assert plain["estimated"] == []
    rows = made["estimated"][0]["rows"]
    assert value(rows, "loss_low") < value(rows, "loss_estimated") < value(rows, "loss_high")
    assert value(rows, "pi_assumed") == EXAMPLE["borrowers"][0]["pi"]
    told = asked(client, with_(estimates=[{"borrower": "nobody", "estimate": ESTIMATE}]), "stress")
    assert told["findings"][-1]["code"] == "finance.estimate_of_nobody"
    wrong = with_(estimates=[{"borrower": name, "estimate": ESTIMATE | {"grade": "D"}}])
    assert client.post(f"{API}/stress", json=wrong).status_code == 422


def test_the_estimate_of_the_workbook(client: TestClient) -> None:
    name = "佛山铝业"
    cells = dict(zip("ABCDEFG", (name, 0.5, 0.05, -0.1, 0.6, "B", "0123456789abcdef"), strict=True))
    data = filled(client, **{f"Estimates_{column}2": cell for column, cell in cells.items()})
    answer = client.post("/finance", files={"file": ("a.xlsx", data)}, headers=SITE)
    assert answer.status_code == 200, answer.text
    assert "估计的传导率与假设并列" in answer.text
    data = filled(client, **{f"Estimates_{column}2": cell for column, cell in (cells | {"F": "D"}).items()})
    assert "自相矛盾" in client.post("/finance", files={"file": ("a.xlsx", data)}, headers=SITE).text
