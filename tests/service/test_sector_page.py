"""The page of a sector: pasted or from a file, ranked, on paper, and what cannot be read."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from service.decision.sector_pages import EXAMPLE


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_exporters_are_ranked_by_cost(client: TestClient, lang: str) -> None:
    assert "甲钢构" in client.get("/sector", params={"example": "true", "lang": lang}).text
    made = client.post("/sector", params={"lang": lang}, data={"lines": EXAMPLE, "year": "2030", "own": "80"})
    assert made.status_code == 200
    rows = re.findall(
        r"<tr><td>(.乙?[^<]*)</td><td class=\"n\">([^<]*)</td><td class=\"n strong\">([^<]*)</td>", made.text
    )
    costs = [float(cost.replace(",", "")) for _, _, cost in rows]
    assert {name for name, _, _ in rows} == {"甲钢构", "乙钢铁", "丙铝业"}
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > 0


def test_a_file_gives_what_pasting_gives(client: TestClient) -> None:
    pasted = client.post("/sector", data={"lines": EXAMPLE})
    of_file = client.post("/sector", files={"file": ("a.csv", EXAMPLE.encode())})
    table = re.compile(r"<table class=\"data\"><thead>.*?</table>", re.DOTALL)
    assert table.findall(pasted.text) == table.findall(of_file.text)


def test_a_bad_row_is_told_and_the_others_stay(client: TestClient) -> None:
    made = client.post("/sector", data={"lines": EXAMPLE + "丁,7308,中国,10,,,\n戊,73089059,中国,-5,,,\n"})
    assert made.status_code == 200
    assert "甲钢构" in made.text
    assert made.text.count('class="tag') >= 2


@pytest.mark.parametrize("lines", ["", "a,b\n1,2\n", "出口商,CN编码,原产地,每年吨数\n甲,xx,中国,5\n"])
def test_nothing_to_compute_is_said(client: TestClient, lines: str) -> None:
    made = client.post("/sector", data={"lines": lines})
    assert made.status_code == 422
    assert 'role="alert"' in made.text


@pytest.mark.parametrize(("kind", "start"), [("pdf", b"%PDF-"), ("xlsx", b"PK")])
def test_on_paper(client: TestClient, kind: str, start: bytes) -> None:
    assert client.post("/sector", data={"lines": EXAMPLE, "as": kind}).content.startswith(start)
