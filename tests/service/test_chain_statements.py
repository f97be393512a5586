"""Signed statements as purchases of a chain: checked, named, counted once; and the chain on paper."""

from __future__ import annotations

import copy
import html
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from models.files import DATA
from models.measures import load_measures
from models.roll_up import by_id, roll_up
from models.roll_up_asked import ChainAsk
from models.statement import statement
from service.cli import app
from service.embedded.routes import EXAMPLE as STEEL
from service.embedded.supplies import _node
from service.statement.document import document_of, parsed
from service.statement.routes import EXAMPLE
from service.statement.use import StatementAsk

API = "/api/v1"
MARKET = {"cny_per_t": 40.0, "statistic": "均价", "first": "2025-04-01", "last": "2025-04-30", "source": "示例"}
MEASURES = load_measures(DATA)
PART: dict[str, Any] = {
    "id": "冲压件", "level": "own", "direct_tco2_per_unit": 0.1, "direct_covered": True, "average_paid_cny_per_tco2": 5.0,
    "free_tco2_per_unit": 0.05, "allocation": "benchmark", "scheme": "GDEA", "compliance_year": 2025,
}  # fmt: skip


def issued(client: TestClient, **more: Any) -> str:
    body = copy.deepcopy(EXAMPLE)
    body["statement"] |= more
    answer = client.post(f"{API}/statements", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])


def file_of(client: TestClient, number: str, kind: str = "json") -> bytes:
    return client.get(f"{API}/statements/{number}.{kind}").content


def asked(number: str, **more: Any) -> dict[str, Any]:
    link = {"product": "冲压件", "input": "卷", "amount": 1100.0, "unit": "kg"}
    return {
        "nodes": [PART], "inputs": [link], "market": MARKET, "statements": [{"id": "卷", "number": number} | more],
    }  # fmt: skip


def book(client: TestClient, rows: dict[str, list[list[Any]]]) -> bytes:
    """Return the empty template with rows written under the headings of its sheets."""
    made = openpyxl.load_workbook(io.BytesIO(client.get(f"{API}/embedded/template.xlsx").content))
    for name, lines in rows.items():
        sheet = next(one for one in made.worksheets if name in one.title)
        for at, line in enumerate(lines, start=2):
            for column, value in enumerate(line, start=1):
                sheet.cell(at, column, value)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


ROWS: dict[str, list[list[Any]]] = {
    "Nodes": [
        [
            "冲压件",
            None,
            "t",
            "自有数据",
            0.1,
            "是",
            None,
            None,
            None,
            None,
            None,
            0.05,
            "基准法",
            5.0,
            None,
            "GDEA",
            2025,
        ]
    ],
    "Inputs": [["冲压件", "卷", 1100.0, "kg"]],
    "price": [[40.0, "均价", "2025-04-01", "2025-04-30", "示例"]],
}


@pytest.mark.parametrize("kind", ["json", "pdf", "xlsx"])
def test_a_signed_statement_is_a_purchase(client: TestClient, kind: str) -> None:
    """1.1 t of coil at what its statement says, by number once brought in, or as the file beside the workbook."""
    number = issued(client)
    data = file_of(client, number, kind)
    said = json.loads(file_of(client, number))["document"]
    by_file = client.post(
        f"{API}/embedded/chain/file",
        files=[
            ("file", ("c.xlsx", book(client, ROWS | {"Statements": [["卷", number]]}))),
            ("statement_files", (f"s.{kind}", data)),
        ],
    ).json()
    assert by_file["chain"], by_file["findings"]
    unknown = client.post(f"{API}/embedded/chain", json=asked(number))
    assert (unknown.status_code, unknown.json()["code"]) == (422, "statement.not_brought_in")
    assert client.post(f"{API}/supplier-statements", files={"file": ("s", data)}).status_code == 201
    made = client.post(f"{API}/embedded/chain", json=asked(number)).json()
    enclosed = client.post(
        f"{API}/embedded/chain", json=asked(number, envelope=file_of(client, number).decode())
    ).json()
    assert made == enclosed == by_file["chain"] | {"findings": made["findings"]}
    part = made["products"][0]
    coil = {view: float(said["total"][view]["value"]) for view in ("full", "paid", "marginal")}
    assert made["nodes"][0]["received"] == {view: pytest.approx(1.1 * cost) for view, cost in coil.items()}
    assert [(one["node"], one["number"], one["issuer"], one["issuer_key"]) for one in made["statements"]] == [
        ("卷", number, "佛山示例轧钢厂", "own")
    ]
    assert part["statements"][0]["amount"] == pytest.approx(1.1)
    assert {one["level"] for one in part["levels"]} == {"own", "statement"}
    payers = {payer["issuer"]: payer["cny_per_t"] for payer in part["paid_by"]}
    assert payers == {"冲压件": pytest.approx(0.5), "佛山示例轧钢厂": pytest.approx(1.1 * 0.29 * 2.694)}
    # 1.03 t of coil at a sector average paid 3 CNY that name nobody.
    assert part["unnamed_cny_per_unit"] == pytest.approx(1.1 * 1.03 * 3.0)


@settings(max_examples=30, deadline=None)
@given(
    price=st.floats(1.0, 200.0), coil=st.floats(0.001, 3.0), power=st.floats(0.0, 2.0), paid=st.floats(-30.0, 90.0),
    free=st.floats(0.0, 3.0), use=st.floats(0.001, 3.0),
)  # fmt: skip
def test_a_chain_cut_at_a_statement_is_the_same_chain(
    price: float, coil: float, power: float, paid: float, free: float, use: float
) -> None:
    """A supplier described by its own emissions, or by the statement it signs of them: no figure and no payer moves."""
    market = MARKET | {"cny_per_t": price}
    own = PART | {
        "id": "coil", "name": "mill", "direct_tco2_per_unit": coil, "electricity_tco2_per_unit": power,
        "electricity_covered": True, "average_paid_cny_per_tco2": paid, "free_tco2_per_unit": free,
    }  # fmt: skip
    link = {"product": "冲压件", "input": "coil", "amount": use}
    whole = {"nodes": [PART, own], "inputs": [link], "market": market}
    body = copy.deepcopy(EXAMPLE["statement"]) | {
        "issuer": {"name": "mill"}, "installation": "coil", "direct_tco2_per_t": coil, "electricity_tco2_per_t": power,
        "average_paid_cny_per_tco2": paid, "free_tco2_per_t": free, "allocation": "benchmark", "market": market,
        "upstream": [], "error_share": None,
    }  # fmt: skip
    made = statement(StatementAsk.model_validate({"statement": body}).statement)
    issued_on = made.asked.last
    document = parsed(document_of(made, "00000000-0000-4000-8000-000000000001", issued_on, None).model_dump())
    cut = ChainAsk.model_validate(whole | {"nodes": [PART]})
    cut = cut.model_copy(update={"nodes": (*cut.nodes, _node("coil", document, "x"))})
    a, b = roll_up(ChainAsk.model_validate(whole), MEASURES), roll_up(cut, MEASURES)
    assert by_id(b)["冲压件"].embedded == pytest.approx(by_id(a)["冲压件"].embedded, rel=1e-9, abs=1e-9)
    named = [{one.place: one.cny_per_t for one in found.products[0].paid_by} for found in (a, b)]
    assert named[1] == pytest.approx(named[0], rel=1e-9, abs=1e-9)
    assert b.products[0].unnamed_cny_per_unit == pytest.approx(0.0, abs=1e-9)


def test_what_cannot_be_relied_upon_is_refused(client: TestClient) -> None:
    number, other = issued(client), issued(client, product="别的卷")
    text = file_of(client, number).decode()

    def code(body: dict[str, Any]) -> tuple[int, str, str]:
        answer = client.post(f"{API}/embedded/chain", json=body)
        return answer.status_code, answer.json().get("code", ""), answer.json().get("field", "")

    here = "statements.0.number"
    assert code(asked(number, envelope=text.replace("冷轧卷", "热轧卷"))) == (422, "statement.altered", here)
    assert code(asked(other, envelope=text)) == (422, "chain.other_number", here)
    once = asked(number, envelope=text)
    again = once["statements"][0] | {"id": "卷二"}
    assert code(once | {"statements": [*once["statements"], again]}) == (
        422,
        "statement.listed_twice",
        "statements.1.number",
    )
    typed = {"id": "手填", "level": "statement", "source": number, "full_cny_per_unit": 1.0}
    assert code(once | {"nodes": [PART, typed]})[1] == "statement.listed_twice"
    assert code(once | {"statements": [again | {"id": "冲压件"}]})[1:] == ("chain.same_node", "statements.0.id")
    client.post(f"{API}/statements/{number}/withdraw", json={"reason": "核查后更正"})
    assert code(once) == (422, "statement.withdrawn", here)
    bad = client.post(
        f"{API}/embedded/chain/file",
        files=[
            ("file", ("c.xlsx", book(client, ROWS | {"Statements": [["卷", number]]}))),
            ("statement_files", ("s", text.encode())),
        ],
    ).json()
    assert bad["chain"] is None
    assert "statement.withdrawn" in {one["code"] for one in bad["findings"]}


def test_a_file_that_no_node_names_is_told(client: TestClient) -> None:
    data = file_of(client, issued(client))
    rows = ROWS | {"Inputs": [], "Statements": []}
    made = client.post(
        f"{API}/embedded/chain/file", files=[("file", ("c.xlsx", book(client, rows))), ("statement_files", ("s", data))]
    ).json()
    assert made["chain"]["nodes"]
    assert [one["code"] for one in made["findings"]] == ["chain.statement_not_used"]


def test_notes_on_a_statement(client: TestClient) -> None:
    number = issued(client, provisional=True)
    body = asked(number, envelope=file_of(client, number).decode())
    body["market"] = MARKET | {"first": "2026-01-01", "last": "2026-06-30"}
    found = {one["code"] for one in client.post(f"{API}/embedded/chain", json=body).json()["findings"]}
    assert {"chain.statement_provisional", "chain.statement_other_period"} <= found


PAYER = ["石灰", "石灰厂", "一号窑", "CEA", 2026, 3.0, "合同 7"]


@pytest.mark.parametrize(
    ("payers", "code", "cell"),
    [
        ([PAYER], None, None),
        ([PAYER, PAYER], "chain.paid_twice", "B3"),
        ([["薄板", *PAYER[1:]]], "chain.no_payer_here", "A2"),
        ([["没有的", *PAYER[1:]]], "chain.no_payer_here", "A2"),
        ([[*PAYER[:5], "很多"]], "workbook.not_a_number", "F2"),
        ([[*PAYER[:5], 4.0]], "chain.payers_exceed", None),
    ],
)
def test_the_list_of_payers(client: TestClient, payers: list[list[Any]], code: str | None, cell: str | None) -> None:
    """The lime of the example names its payer: nothing of the paid cost is left without one."""
    data = client.get(f"{API}/embedded/template.xlsx", params={"example": "true"}).content
    made = openpyxl.load_workbook(io.BytesIO(data))
    sheet = next(one for one in made.worksheets if "Payers" in one.title)
    for at, line in enumerate(payers, start=2):
        for column, value in enumerate(line, start=1):
            sheet.cell(at, column, value)
    out = io.BytesIO()
    made.save(out)
    told = client.post(f"{API}/embedded/chain/file", files={"file": ("c.xlsx", out.getvalue())}).json()
    if code:
        found = next(one for one in told["findings"] if one["code"] == code)
        assert cell is None or found["cell"] == cell
    else:
        slab = told["chain"]["products"][0]
        assert slab["unnamed_cny_per_unit"] == pytest.approx(0.0, abs=1e-9)
        assert slab["payments"][-1]["payer"]["evidence"] == "合同 7"


def test_page_and_paper_show_what_names_nobody(client: TestClient, tmp_path: Path) -> None:
    """Of 5.2344 CNY paid 0.2136 name nobody: on the page, in the PDF and in the workbook."""
    shown = client.get("/chain", params={"example": "true"}).text
    assert "5.2344" in shown
    assert "0.2136" in shown
    site = {"origin": "http://127.0.0.1"}
    number = issued(client)
    signed = file_of(client, number)
    files = [
        ("file", ("c.xlsx", book(client, ROWS | {"Statements": [["卷", number]]}))),
        ("statement_files", ("s", signed)),
    ]
    page = client.post("/chain", files=files, headers=site)
    assert page.status_code == 200, page.text
    assert number in page.text
    again = page.text.split('name="again" value="')[1].split('"')[0]
    for kind, lang in (("pdf", "zh"), ("pdf", "en"), ("xlsx", "zh")):
        form = {"again": html.unescape(again), "as": kind}
        got = client.post(f"/chain?lang={lang}", data=form, headers=site)
        assert got.status_code == 200
        if kind == "pdf":
            text = "".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(got.content), strict=True).pages)
        else:
            cells = openpyxl.load_workbook(io.BytesIO(got.content)).active.iter_rows(values_only=True)
            text = " ".join(str(value) for row in cells for value in row if value is not None)
        assert "佛山示例轧钢厂" in text
        assert "3.399" in text


def test_the_terminal_writes_papers(tmp_path: Path) -> None:
    plain, run = tmp_path / "chain.json", CliRunner()
    plain.write_text(json.dumps(STEEL), "utf-8")
    for kind, head in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        out = tmp_path / f"chain.{kind}"
        made = run.invoke(app, ["cost", "chain", str(plain), "-o", str(out)])
        assert made.exit_code == 0, made.output
        assert out.read_bytes().startswith(head)
    assert run.invoke(app, ["cost", "chain", str(plain), "-o", str(tmp_path / "x.txt")]).exit_code == 2
