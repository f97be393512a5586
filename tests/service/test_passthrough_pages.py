"""The page of pass-through: a file becomes a run and a run a page; refusals keep to words; tabs work without script."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from service.decision.pages import EXAMPLE
from service.parts import Parts
from service.passthrough import runs
from service.passthrough.workbook import template_bytes
from tests.service.test_passthrough import series

WRONG = (
    "first=2025-01-01&last=2020-01-01", "first=x", "window_days=0", "free_share=7", "cap=a", "beside=zzz/1&free_share=5",
)  # fmt: skip
EXACT = "&".join(f"{name}_low={at}&{name}_high={at}" for name, at in (("firms", 4), ("covered", 2), ("curvature", 0)))
EUA = (
    "index=EUA&base_price=0&window_days=1000&lag_days=0&emissions=2.1&free_share=0.8&tonnes=1"
    "&first=2022-01-01&last=2022-01-31"
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table(n: int = 120, carbon: bool = True) -> bytes:
    one = series(n)
    head = "日期,螺纹钢,碳成本" if carbon else "日期,螺纹钢"
    rows = [
        f"{day},{price},{cost}" if carbon else f"{day},{price}"
        for day, price, cost in zip(one["price"]["days"], one["price"]["values"], one["carbon"]["values"], strict=True)
    ]
    return "\n".join([head, *rows]).encode()


def send(client: TestClient, data: bytes, name: str = "prices.csv", **form: str):
    return client.post("/passthrough", files={"file": (name, data, "text/csv")}, data=form, follow_redirects=False)


def through(client: TestClient, parts: Parts, where: str) -> str:
    """Do the job that an answer leads to and return the page of its result."""
    assert client.get(where).status_code == 200
    assert runs.work(parts.database, UUID(where.rpartition("/")[2]), 30.0) == "done"
    answer = client.get(where, follow_redirects=False)
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_a_table_becomes_a_page_in_both_languages(client: TestClient, parts: Parts) -> None:
    answer = send(client, table(), inputs_complete="true")
    assert answer.status_code == 303
    where = answer.headers["Location"]
    assert "排队" in client.get(f"{where}/progress").text
    result = through(client, parts, where)
    page = client.get(result)
    assert page.url.path.endswith("/products/0")
    assert "碳成本每变动 1 元" in page.text
    assert 'data-kind="multipliers"' in page.text
    assert "level_relation" not in page.text
    assert "For 1 CNY of carbon cost" in client.get(f"{page.url.path}?lang=en").text
    assert client.get(f"{where}/progress").headers["HX-Redirect"] == result
    assert result in client.get("/passthrough").text


def test_the_carbon_cost_of_a_market_and_its_intensity(client: TestClient, parts: Parts) -> None:
    assert send(client, table(carbon=False)).status_code == 422
    refused = send(client, table(carbon=False), carbon="GDEA")
    assert refused.status_code == 422
    assert "排放强度" in refused.text
    answer = send(client, table(carbon=False), carbon="GDEA", emissions="1.85", with_vat="true")
    page = client.get(through(client, parts, answer.headers["Location"]))
    assert "GDEA × 1.85 tCO2/t" in page.text


def test_the_filled_template_is_the_example(client: TestClient, parts: Parts) -> None:
    answer = client.post(
        "/passthrough", files={"file": ("链.xlsx", template_bytes(filled=True), XLSX)}, follow_redirects=False
    )
    assert answer.status_code == 303, answer.text
    result = through(client, parts, answer.headers["Location"])
    listed = client.get(result).text
    assert "无界" in listed
    by_workbook = client.get(f"{result}/products/0").text
    again = client.post("/passthrough/example", follow_redirects=False)
    again_at = through(client, parts, again.headers["Location"])
    by_button = client.get(f"{again_at}/products/0").text
    for run in (result, again_at):
        for number in (0, 1):
            page = client.get(f"{run}/products/{number}?lang=en").text
            assert ("rebar", "hot-rolled coil")[number] in page
            # The verdict stands in the other language beside; nothing else of an English page is Chinese.
            main = page.partition("<main")[2].partition("</main>")[0]
            assert "iron ore" in main
            assert not {name for name in ("螺纹钢", "热轧卷板", "铁矿石") if main.count(name) > 1}
    told = "数据不能确定螺纹钢的碳成本传导率：区间无界"
    assert told in by_workbook
    assert told in by_button


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"", "a.csv", "空"),
        (b"x,y,z\n1,2\n", "a.csv", "每行列数相同"),
        ("日期,价格,碳\n2020-01-05,一百,3\n".encode(), "a.csv", "一百"),
        (b"PK\x03\x04 no workbook", "a.xlsx", ""),
        (b"d,p,c\n" + b"2020-01-05,1,2\n" * 3, "a.exe", ""),
        ("日期,a,b,c,d,e,f,g\n2020-01-05,1,2,3,4,5,6,7\n".encode(), "a.csv", "不能用作价格序列"),
    ],
)
def test_what_cannot_be_read_is_a_page_that_says_why(client: TestClient, data: bytes, name: str, says: str) -> None:
    answer = send(client, data, name)
    assert answer.status_code in (413, 415, 422), answer.text
    assert says in answer.text
    assert "<h1>" in answer.text


def test_a_row_without_its_product_is_told_at_its_cell(client: TestClient) -> None:
    from service.passthrough.workbook import NAME, NOTES, TITLE
    from service.workbook.layout import default_layout
    from service.workbook.lists import write_lists

    filled = {
        "products": [{"product": "螺纹钢", "carbon": "CEA"}],
        "data": [
            {"product": "螺纹钢", "on": "2024-01-07", "price": 3500.0},
            {"product": "盘螺", "on": "2024-01-07", "price": 3.0},
        ],
    }
    book = write_lists(default_layout(NAME), TITLE, NOTES, filled)
    answer = client.post("/passthrough", files={"file": ("a.xlsx", book, XLSX)}, follow_redirects=False)
    assert answer.status_code == 422
    assert "没有排放强度" in answer.text
    assert "盘螺" in answer.text


def test_ex_ante_shows_assumptions_as_such_and_refuses_nonsense(client: TestClient) -> None:
    page = client.get("/passthrough/exante").text
    assert "本项目的假设" in page
    for kind in ("cournot", "cournot_constant_elasticity", "imports", "armington", "price_taker"):
        assert client.get(f"/passthrough/exante?kind={kind}&lang=en").status_code == 200
    typed = client.get(f"/passthrough/exante?kind=cournot&{EXACT}")
    assert typed.text.count("0.4000") == 3
    assert "本项目的假设，请换成" not in typed.text
    for wrong in (
        "kind=cournot&firms_low=4&firms_high=2",
        "kind=conduct&conduct_low=abc",
        "kind=imports&covered_share_low=3",
    ):
        assert client.get(f"/passthrough/exante?{wrong}").status_code == 422


def test_a_clause_on_real_quotes_and_beside_an_estimate(client: TestClient, parts: Parts) -> None:
    page = client.get("/passthrough/clause").text
    assert "附加费不是成本传导率" in page
    assert client.get(f"/passthrough/clause?{EUA}").status_code == 200
    for wrong in WRONG:
        assert client.get(f"/passthrough/clause?index=GDEA&{wrong}").status_code == 422
    made = through(client, parts, send(client, table()).headers["Location"])
    run = made.rpartition("/")[2]
    terms = "index=GDEA&base_price=40&window_days=28&lag_days=7&emissions=1.85&tonnes=100"
    beside = client.get(f"/passthrough/clause?{terms}&beside={run}/0").text
    assert "估计的市场传导率" in beside
    assert f'value="{run}/0" selected' in beside


def test_an_estimate_beside_the_share_that_a_contract_leaves(client: TestClient, parts: Parts) -> None:
    good = urlencode(EXAMPLE | {"year": 2027})
    assert 'name="estimate"' not in client.get("/decisions").text
    run = through(client, parts, send(client, table(), inputs_complete="true").headers["Location"]).rpartition("/")[2]
    kept = client.get(f"/api/v1/passthrough/jobs/{run}/products/0").json()["rates"]["full"]
    page = client.get(f"/decisions?{good}&estimate={run}/0").text
    assert f'value="{run}/0" selected' in page
    assert "由谁承担：合同与估计" in page
    assert f"{1 - kept['rate']:.4f}" in page
    assert "Who bears it" in client.get(f"/decisions?{good}&estimate={run}/0&lang=en").text
    assert "由谁承担" not in client.get(f"/decisions?{good}&lang=zh").text
    for wrong in (f"{run}/7", "zzz", "/"):
        refused = client.get(f"/decisions?{good}&estimate={wrong}&lang=zh")
        assert refused.status_code == 422
        assert "所选的传导率估计不存在" in refused.text


def test_an_estimate_of_grade_d_leaves_an_interval_and_no_point(client: TestClient, parts: Parts) -> None:
    # Two costs of which one is left out: few observations and no statement on the inputs lower the grade to D.
    run = through(client, parts, send(client, table(44)).headers["Location"]).rpartition("/")[2]
    kept = client.get(f"/api/v1/passthrough/jobs/{run}/products/0").json()
    assert kept["grade"] == "D"
    assert kept["rates"]["full"]["rate"] is None
    page = client.get(f"/decisions?{urlencode(EXAMPLE | {'year': 2027})}&estimate={run}/0").text
    assert "等级 D：只给区间" in page
