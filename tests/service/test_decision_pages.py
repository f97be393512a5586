"""The page of one good: the answer first in both languages, refusals that keep what was typed, no figure unknown."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.decision.pages import EXAMPLE

CHINESE = re.compile(r"[\u4e00-\u9fff]")
ASKED = EXAMPLE | {"year": "2027", "origin": "China"}


def shown(client: TestClient, status: int = 200, lang: str = "zh", **changes: str) -> str:
    answer = client.get("/decisions", params=ASKED | changes | {"lang": lang})
    assert answer.status_code == status
    return answer.text


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"see": "", "sefa": ""},
        {"see": "2.225", "sefa": ""},
        {"origin": "Iceland", "code": "76011010"},
        {"share": "", "price": "", "verification": ""},
        {"year": "2034", "stated": "40", "own_price": "90", "fx": "8", "fx_source": "bank"},
    ],
)
def test_both_languages_are_whole_and_nothing_is_unknown_by_accident(
    lasting: TestClient, lang: str, changes: dict[str, str]
) -> None:
    html = shown(lasting, lang=lang, **changes)
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=", html)
    words = plain(html)
    assert "None" not in words
    assert "nan" not in words.lower().split()
    assert "{" not in words
    if lang == "en":
        body = re.sub(r'<a class="lang".*?</a>|class="mark".*?</span>|<option.*?</option>', "", html, flags=re.DOTALL)
        assert not CHINESE.search(body), CHINESE.findall(body)[:10]


def test_the_answer_is_the_first_thing_and_equals_the_api(lasting: TestClient) -> None:
    words = plain(shown(lasting))
    body: dict[str, Any] = {
        "goods": [
            {
                "cn_code": "73089059", "origin": "CN", "tonnes_per_year": 1000.0, "see_tco2e_per_t": 2.225,
                "sefa_tco2e_per_t": 1.5597591555, "data_year": 2026, "verification": {"amount": 150000.0},
            }
        ]
    }  # fmt: skip
    cells = lasting.post("/api/v1/decisions/value-of-data", json=body).json()["goods"][0]["cells"]
    cell = next(c for c in cells if (c["law"], c["price"], c["year"]) == ("in_force", "flat", 2027))
    net = f"{float(cell['net_eur']):,.0f}"
    assert f"值得核查：2027 年净省 {net} 欧元" in words
    assert words.index("值得核查") < words.index("修改条件") < words.index("每年每吨要付多少")
    assert "ecb-reference-rates" in words


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"verification": "9,000,000"}, "目前不划算"),
        ({"see": "9"}, "用默认值更便宜"),
        ({"verification": ""}, "核查成本低于此数就划算"),
        ({"see": "", "sefa": ""}, "核查数据最多能省这么多"),
        ({"sefa": ""}, "缺少：SEFA"),
        ({"origin": "冰岛", "code": "76011010"}, "不产生 CBAM 费用"),
        ({"price": ""}, "和客户怎么分摊"),
        ({"see": "7.242", "sefa": "1.453725"}, "两种依据费用相同"),
    ],
)
def test_what_is_said(lasting: TestClient, changes: dict[str, str], said: str) -> None:
    assert said in plain(shown(lasting, **changes))


def test_the_contract_is_on_the_basis_that_pays(lasting: TestClient) -> None:
    assert "按更划算的一种（计入核查成本）：自有数据" in plain(shown(lasting))
    assert "按更划算的一种（计入核查成本）：默认值" in plain(shown(lasting, verification="9,000,000"))
    assert "按更划算的一种（计入核查成本）：自有数据" in plain(shown(lasting, verification=""))
    assert "按更划算的一种（计入核查成本）：默认值" in plain(shown(lasting, see="9"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"share": "150"}, "“出口商承担 CBAM 费用（%）”超出可用范围"),
        ({"share": "-1"}, "应为不小于零的数"),
        ({"tonnes": "1,00"}, "“每年出口到欧盟（吨）”应为不小于零的数"),
        ({"tonnes": "0"}, "应为不小于零的数"),
        ({"tonnes": ""}, "请填写“每年出口到欧盟（吨）”"),
        ({"tonnes": "900000000000"}, "超出可用范围"),
        ({"see": "51"}, "“自有 SEE（tCO2e/t）”超出可用范围"),
        ({"code": "730890"}, "73089059"),
        ({"code": "7317 00 80"}, "不在 CBAM 适用范围内"),
        ({"origin": "Atlantis"}, "Atlantis"),
        ({"path": "moon"}, "没有名为"),
        ({"data_year": "2034", "year": "2027"}, "没有免费分配"),
        ({"year": "1999"}, "“交货年份”超出可用范围"),
        ({"verification_currency": "XAU"}, "没有币种"),
    ],
)
def test_a_refusal_says_why_and_keeps_what_was_typed(lasting: TestClient, changes: dict[str, str], said: str) -> None:
    status = 200 if "data_year" in changes else 422
    html = shown(lasting, status, **changes)
    assert said in plain(html).replace("&lt;", "<") or said in html
    for name, value in (ASKED | changes).items():
        if name in ("code", "tonnes", "see", "share") and value:
            assert f'name="{name}" value="{value}"' in html


def test_the_empty_page_offers_an_example_that_works(lasting: TestClient) -> None:
    html = lasting.get("/decisions", params={"lang": "zh"}).text
    link = re.search(r'<a href="(/decisions\?[^"]+)"', html)
    assert link
    assert lasting.get(link[1].replace("&amp;", "&")).status_code == 200


def test_what_is_typed_is_never_markup(lasting: TestClient) -> None:
    html = shown(lasting, 422, code='"><b>x</b>')
    assert "<b>x</b>" not in html
