"""The command line: the same answers, words in the chosen language, exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from service.cli import app
from service.library import Library

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: Library) -> Run:
    # Each command reads the data anew; here they share what was read.
    for where in ("service.library.Library", "service.parts.Library"):
        monkeypatch.setattr(where, lambda: library)
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("YUETAN_LANG", raising=False)
    return lambda *args: CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("example") / "example.xlsx"
    assert CliRunner().invoke(app, ["example", "-o", str(path)]).exit_code == 0
    return path


def test_the_example_is_assessed_and_reported(run: Run, workbook: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.xlsx"
    done = run("assess", workbook, "-o", report)
    assert done.exit_code == 0, done.output
    assert "逐行结果" in done.stdout
    assert "2034" in done.stdout
    assert report.read_bytes()[:2] == b"PK"
    english = run("assess", workbook, "--lang", "en")
    assert "Line by line" in english.stdout


def test_a_price_of_the_user_takes_the_place_of_the_path(run: Run, workbook: Path) -> None:
    done = run("assess", workbook, "--own-price", "91.5", "--fx", "7.9", "--fx-source", "bank offer", "--json")
    found = json.loads(done.stdout)
    ends = [line for line in found["lines"] if line["status"] == "ok" and line["price_status"] == "user"]
    assert ends
    assert {line["price_eur_per_t"] for line in ends} == {91.5}
    official = [line for line in found["lines"] if line["status"] == "ok" and line["price_status"] == "official"]
    assert {line["price_eur_per_t"] for line in official} <= {75.36, 75.28}
    assert found["totals"]["fx_cny_per_eur"] == 7.9
    assert "用户自定价格" in run("assess", workbook, "--own-price", "91.5").stdout


def test_json_is_json_and_nothing_else(run: Run, workbook: Path) -> None:
    done = run("assess", workbook, "--json")
    found = json.loads(done.stdout)
    assert found["method"].startswith("finance.assessment/")
    assert {line["status"] for line in found["lines"]} == {"ok", "refused"}


def test_strict_says_that_rows_were_refused(run: Run, workbook: Path) -> None:
    assert run("assess", workbook, "--strict").exit_code == 4
    assert run("assess", workbook).exit_code == 0


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["assess", "nowhere.xlsx"], 3),
        (["assess"], 2),
        (["assess", "x.xlsx", "--nonsense"], 2),
        (["price", "XXX"], 1),
        (["price", "GDEA", "--on", "yesterday"], 2),
        (["law", "show", "nope"], 1),
        (["law", "list", "zz"], 1),
        (["score", "nowhere.json"], 3),
    ],
)
def test_exit_codes(run: Run, args: list[str], code: int) -> None:
    assert run(*args).exit_code == code


def test_files_that_cannot_be_read(run: Run, tmp_path: Path, workbook: Path) -> None:
    for name, data in (
        ("empty.xlsx", b""),
        ("broken.xlsx", b"PK\x03\x04 broken"),
        ("nan.json", b'{"indicators": NaN}'),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        done = run("score" if name.endswith("json") else "assess", path)
        assert done.exit_code in (1, 3), name
        assert done.stderr.strip()
        assert "Traceback" not in done.output
    unwritable = run("assess", workbook, "-o", tmp_path / "no" / "folder.xlsx")
    assert unwritable.exit_code == 1
    unknown = run("assess", workbook, "--price-path", "nope")
    assert unknown.exit_code == 1
    assert "cbam.unknown_price_path" in unknown.stderr


def test_price(run: Run) -> None:
    assert "39.0400" in run("price", "gdea", "--on", "2026-02-20").stdout
    found = json.loads(run("price", "GDEA", "--on", "2026-02-20", "--json").stdout)
    assert next(row["value"] for row in found["rows"] if row["key"] == "price") == 39.04
    old = run("price", "GDEA", "--on", "2026-11-25")
    assert (old.exit_code, "price.too_old" in old.stderr) == (1, True)


def test_law(run: Run) -> None:
    shown = run("law", "show", "eu.cbam.cbam_factor", "--on", "2026-05-01")
    assert "0.975" in shown.stdout
    assert "eu-2003-87-10a" in shown.stdout
    row = run("law", "show", "eu.cbam.certificate_prices", "--on", "2026-05-01", "--row", "2026Q2", "--json")
    assert json.loads(row.stdout)["value"] == 75.28
    listed = json.loads(run("law", "list", "eu.cbam.default_markup", "--on", "2028-01-01", "--json").stdout)
    assert {item["key"]: item["value"] for item in listed}["eu.cbam.default_markup.iron_steel"] == "0.3"


def test_score(run: Run, workbook: Path, tmp_path: Path) -> None:
    path = tmp_path / "score.json"
    path.write_text(json.dumps({"indicators": {"C2": {"value": 0.12, "data_quality": 2}}, "gates": {"G1": True}}))
    assert run("score", path).exit_code == 0
    assert run("score", workbook).exit_code == 0
    assert isinstance(json.loads(run("score", path, "--json").stdout), dict)


def test_the_language_of_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUETAN_LANG", "en")
    assert "no parameter" in run("law", "show", "nope").stderr


def test_template(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    assert run("template", "-o", path).exit_code == 0
    assert path.read_bytes()[:2] == b"PK"


def test_the_doctor_finds_a_sound_installation_and_a_sick_one(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sound = run("doctor", "--lang", "en")
    assert sound.exit_code == 0, sound.output
    assert "quick_check ok" in sound.stdout
    assert "PostgreSQL" in sound.stdout
    (tmp_path / "var" / "yuetan.sqlite").write_bytes(b"not a database at all" * 100)
    assert run("doctor").exit_code == 1
    monkeypatch.setenv("YUETAN_HOST", "0.0.0.0")  # noqa: S104 - that is the point
    assert run("doctor").exit_code == 2


def test_demo_and_serve(tmp_path: Path) -> None:
    """The two commands, as a user starts them; the second uses what the first has kept."""
    environment = os.environ | {"YUETAN_DATA_DIR": str(tmp_path), "YUETAN_LANG": "zh", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "service"]
    demo = subprocess.run([*command, "demo"], env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "逐行结果" in demo.stdout
    serving = subprocess.Popen(
        [*command, "serve"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert serving.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:\d+", serving.stdout.readline())
        assert address
        with urllib.request.urlopen(f"{address[0]}/api/v1/assessments", timeout=20) as answer:
            assert len(json.load(answer)["items"]) == 1
        serving.send_signal(signal.SIGINT)
        begun = time.monotonic()
        serving.wait(20)
        assert time.monotonic() - begun < 15
        serving.stdout.close()
    finally:
        serving.kill()
        serving.wait()


def test_quotes_are_imported_and_used(run: Run, tmp_path: Path) -> None:
    """A month of the exchange's own layout, as a file from its page; one row is of another product, one is spoilt."""
    rows = ["日期,品种代码,开盘价,收盘价,最高价,最低价,涨跌,涨跌幅,成交量,成交额"]
    rows += [f'202610{day:02d},GDEA,41.00,41.50,42.00,40.80,0.50,1.22%,"2,500","103,750.00"' for day in range(8, 31)]
    rows += ["20261030,PHCER,20.00,20.00,20.00,20.00,0,0%,100,2000", "20261302,GDEA,41,41,41,41,0,0%,100,4100"]
    file = tmp_path / "gdea.csv"
    file.write_text("\n".join(rows), encoding="gb18030")
    assert run("price", "GDEA", "--on", "2026-11-02").exit_code == 1
    done = run(
        "price", "GDEA", "--on", "2026-11-02", "--import", file, "--source", "广州碳排放权交易中心网页", "--json"
    )
    assert done.exit_code == 0, done.output
    found = {row["key"]: row["value"] for row in json.loads(done.stdout)["rows"]}
    assert found["price"] == pytest.approx(41.5)
    assert found["quality"] == "A"
    assert "广州碳排放权交易中心网页" in str(found["source"])
    assert "23" in done.stderr
    again = run("price", "GDEA", "--on", "2026-11-02")
    assert again.exit_code == 0, again.output
    assert run("price", "GDEA", "--import", tmp_path / "nowhere.csv").exit_code == 3


def test_the_years_ahead_and_the_value_of_data_of_one_good(run: Run) -> None:
    made = run("cbam", "project", "7308 90 59", "--tonnes", "10", "--json")
    assert made.exit_code == 0, made.output
    totals = json.loads(made.stdout)["totals"]
    assert {"law": "in_force", "price": "flat", "year": 2026, "cost_eur": "3903.10"} in totals
    own = ("--see", "2.225", "--sefa", "1.5597591555", "--data-year", "2026")
    shown = run("cbam", "value", "73089059", "--tonnes", "10", "--origin", "中国", *own, "--lang", "en")
    assert shown.exit_code == 0, shown.output
    assert "own values save per tonne" in shown.output
    assert "cost of verification a year" in shown.output
    refused = run("cbam", "project", "73170080", "--tonnes", "10")
    assert refused.exit_code == 1
    assert "cbam.out_of_scope" in refused.output
    assert run("cbam", "project", "730890", "--tonnes", "10").exit_code == 1
    assert (
        run("cbam", "value", "73089059", "--tonnes", "10", "--verification", "1", "--currency", "yuan").exit_code == 2
    )


def test_a_statement_is_issued_checked_brought_in_and_taken_back(run: Run, tmp_path: Path) -> None:
    from service.statement.routes import EXAMPLE

    asked, paper = tmp_path / "asked.json", tmp_path / "s.pdf"
    asked.write_text(json.dumps(EXAMPLE, ensure_ascii=False), "utf-8")
    assert "不等于传导率" in run("statement", "make", asked).stdout
    done = run("statement", "make", asked, "-o", paper)
    assert done.exit_code == 0, done.output
    number = re.search(r"[0-9a-f-]{36}", done.stdout)
    assert number is not None
    assert json.loads(run("statement", "verify", paper, "--json").stdout)["state"] == "valid"
    assert number[0] in run("statement", "import", paper).stdout
    assert run("statement", "withdraw", number[0], "--reason", "更正").exit_code == 0
    assert run("statement", "verify", paper).exit_code == 1
    assert "statement" not in run("statement", "import", paper).stdout
    paper.write_bytes(paper.read_bytes().replace(b"%PDF-1.7", b"%PDF-1.6"))
    assert run("statement", "verify", paper).exit_code == 1
