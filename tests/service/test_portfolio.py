"""Loan books in partitions: the figures of the whole book, the same bytes whoever works, and rows left out by name."""

from __future__ import annotations

import copy
import csv
import datetime as dt
import hashlib
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import openpyxl
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from pyarrow import fs
from pyarrow import parquet as pq
from typer.testing import CliRunner

from finance.portfolio import concentration, heat_map, migration, top_movers
from finance.scorecard import score
from finance.submission import IndicatorValue
from service.child import Supervisor
from service.cli import app
from service.finance.routes import EXAMPLE
from service.finance.use import BookAsk, Question, financing
from service.library import Library
from service.parts import Parts
from service.portfolio import use
from service.portfolio.run import PartMissing, plan_of, planned, run_all, whole, worked
from service.portfolio.store import Store
from service.settings import Settings

DAY = dt.date(2026, 11, 30)
QUESTION = {key: EXAMPLE[key] for key in ("on", "today", "scenarios", "model", "rating_bounds")}
ASKED = Question.model_validate(QUESTION)
SITE = {"origin": "http://127.0.0.1"}
SECTORS, CITIES = ("铝", "陶瓷", "钢", ""), ("佛山", "广州", "东莞")


def book(firms: int = 40, seed: int = 1) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Borrowers with one to three loans, some of them with something wrong."""
    rng = np.random.default_rng(seed)
    borrowers, loans = [], []
    for i in range(firms):
        base = dict(EXAMPLE["borrowers"][0]) | {
            "borrower": f"企业{i:03d}",
            "sector": SECTORS[i % 4],
            "city": CITIES[i % 3],
        }
        for name in ("emissions_t", "upstream_t", "ebitda", "equity", "debt", "cbam_t", "scope12_t"):
            base[name] = float(np.round(base[name] * rng.uniform(0.5, 1.5), 3))
        if i % 7 == 0:
            base["ebitda"] = -1e6
        borrowers.append(base)
        for k in range(1 + i % 3):
            loan = dict(EXAMPLE["loans"][0]) | {"loan": f"L{i:03d}-{k}", "borrower": base["borrower"]}
            loan["outstanding"] = float(np.round(loan["outstanding"] * rng.uniform(0.1, 1.0), 2))
            if i % 11 == 0:
                loan["pd"] = 1.0
            loans.append(loan)
    loans.append(dict(loans[0], loan="L-unknown", borrower="谁"))
    loans.append(dict(loans[5], borrower="企业007"))
    return loans, borrowers


def as_csv(rows: list[dict[str, Any]], encoding: str = "utf-8") -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def made(store: Store, rows: int, library: Library, seed: int = 1, **other: Any) -> Any:
    loans, borrowers = book(seed=seed)
    files = {"loans": as_csv(loans), "borrowers": as_csv(borrowers)} | other
    plan = planned(
        store, "run", files["loans"], files["borrowers"], ASKED, library, library.market, library.card, DAY, rows
    )
    return run_all(store, "run", plan, library)


def bytes_of(folder: Path) -> dict[str, str]:
    """Return the hash of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_partitions_make_the_figures_of_the_whole_book(tmp_path: Path, library: Library) -> None:
    loans, borrowers = book()
    whole_book = financing(
        BookAsk.model_validate(QUESTION | {"loans": loans, "borrowers": borrowers}), library, library.market, DAY
    )
    for rows in (1_000, 10):
        store = Store(str(tmp_path / str(rows)))
        found = made(store, rows, library)
        sums = found["sums"]
        assert found["parts"] == (1 if rows == 1_000 else 9)
        own = whole_book.case.own
        assert sums["loans"] == len(loans)
        assert sums["financed"]["scope12_t"] == pytest.approx(whole_book.financed.total12_t)
        assert sums["financed"]["quality_money"] / sums["financed"]["outstanding"] == pytest.approx(
            whole_book.financed.quality
        )
        for case in whole_book.cases:
            mine = sums["cases"][case.name]["own"]
            assert mine["loss"] == pytest.approx(case.own.loss)
            assert (mine["expected1"] - mine["expected0"]) / mine["ead"] * 1e4 == pytest.approx(case.own.change_bp)
            assert mine["uncovered1"] / mine["covered1"] == pytest.approx(case.own.uncovered(True))
        assert np.array(sums["migration"]) == pytest.approx(migration(own, ASKED.rating_bounds))
        assert [m[0] for m in sums["movers"]][:10] == [m.loan for m in top_movers(own)]
        for by in ("sector", "city"):
            for part in concentration(whole_book.book, by, whole_book.financed, own).parts:
                assert sums[by][part.name]["outstanding"] == pytest.approx(part.outstanding)
                assert sums[by][part.name]["loans"] == part.loans
        by_borrower = concentration(whole_book.book, "borrower")
        assert sums["squares"] / sums["money"] ** 2 == pytest.approx(by_borrower.hhi)
        assert sums["largest"][0][0] == by_borrower.parts[0].name
        heat = heat_map(own)
        assert sum(c["ead"] for line in sums["cells"].values() for c in line.values()) == pytest.approx(heat.ead.sum())
        left = {f"{one.kind.code}:{one.field}": one.rows for one in own.refused.told(whole_book.book.loans.outstanding)}
        assert {code: one["rows"] for code, one in sums["left_out"]["stress"].items()} == left
        assert left["finance.loan_twice:loan"] == 2
        assert left["finance.borrower_unknown:borrower"] == 1
        rows_out = [row for row, *_ in sums["left_out_rows"]]
        assert rows_out == sorted(rows_out)
        assert len(loans) + 1 in rows_out


def test_every_loan_is_in_the_parquet_files_once(tmp_path: Path, library: Library) -> None:
    found = made(Store(str(tmp_path)), 10, library)
    tables = [pq.read_table(path) for path in sorted((tmp_path / "run" / "out").glob("*.parquet"))]
    every = pa.concat_tables(tables)
    loans, _ = book()
    assert sorted(every.column("row").to_pylist()) == list(range(2, len(loans) + 2))
    assert sum(v or 0 for v in every.column("financed12_t").to_pylist()) == pytest.approx(
        found["sums"]["financed"]["scope12_t"]
    )
    assert sum(v or 0 for v in every.column("outstanding").to_pylist()) == pytest.approx(found["sums"]["outstanding"])


def test_scores_of_a_book_are_the_scores_of_its_borrowers(tmp_path: Path, library: Library) -> None:
    loans, borrowers = book(6)
    for i, one in enumerate(borrowers):
        one |= {"F1": 0.7 + 0.1 * i, "F1_quality": 2, "F2": "third_party_verified", "E3_not_applicable": "true"}
    store = Store(str(tmp_path))
    made(store, 3, library, loans=as_csv(loans), borrowers=as_csv(borrowers))
    every = pa.concat_tables([pq.read_table(path) for path in sorted((tmp_path / "run" / "out").glob("*.parquet"))])
    found = dict(zip(every.column("borrower").to_pylist(), every.column("score").to_pylist(), strict=True))
    for one in borrowers:
        values = {
            "F1": IndicatorValue(value=one["F1"], data_quality=2),
            "F2": IndicatorValue(value="third_party_verified"),
            "E3": IndicatorValue(state="not_applicable", declared_on=DAY),
        }
        assert found[one["borrower"]] == pytest.approx(score(library.card, values, {}).before_gates, abs=1e-9)


@pytest.mark.parametrize("kind", ["gbk", "xlsx", "parquet", "headings"])
def test_the_same_book_in_every_format(tmp_path: Path, library: Library, kind: str) -> None:
    loans, borrowers = book()
    files: dict[str, bytes] = {}
    for name, rows in (("loans", loans), ("borrowers", borrowers)):
        names = list(dict.fromkeys(key for row in rows for key in row))
        out = io.BytesIO()
        if kind == "gbk":
            files[name] = as_csv(rows, "gb18030")
        elif kind == "headings":
            heads = {"loan": "贷款编号", "borrower": "借款人"}
            files[name] = as_csv([{heads.get(k, k): v for k, v in row.items()} for row in rows])
        elif kind == "xlsx":
            sheet = openpyxl.Workbook()
            sheet.active.append(names)
            for row in rows:
                sheet.active.append([row.get(key) for key in names])
            sheet.save(out)
            files[name] = out.getvalue()
        else:
            pq.write_table(pa.table({key: [row.get(key) for row in rows] for key in names}), out)
            files[name] = out.getvalue()
    found = made(Store(str(tmp_path / "a")), 10, library, **files)
    plain = made(Store(str(tmp_path / "b")), 10, library)
    assert found["sums"] == plain["sums"]


def test_bad_cells_are_told_by_row_and_never_a_silent_zero(tmp_path: Path, library: Library) -> None:
    loans, borrowers = book(5)
    loans[1]["outstanding"] = "USD 100"
    loans[2]["pd"] = "2%"
    loans[3]["ead"] = "1,000,000"
    loans[0]["colour"] = "blue"
    found = made(Store(str(tmp_path)), 100, library, loans=as_csv(loans), borrowers=as_csv(borrowers))
    told = {(one["code"], one["row"], one["found"]) for one in found["findings"]}
    assert ("portfolio.not_a_number", 3, "USD 100") in told
    assert ("portfolio.not_a_number", 4, "2%") in told
    assert any(one["code"] == "portfolio.column_ignored" for one in found["findings"])
    assert not any(one["row"] == 5 for one in found["findings"])
    assert "finance.outstanding:outstanding" in found["sums"]["left_out"]["financed"]


@pytest.mark.parametrize(
    ("loans", "code"),
    [
        (b"", "portfolio.unreadable"),
        (b"a,b\n1,2\n", "portfolio.column_missing"),
        (b"loan,borrower\n", "finance.no_rows"),
        (b"PAR1garbage", "portfolio.unreadable"),
        (b'loan,borrower\n"x,y\n1,2,3\n', "portfolio.unreadable"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, library: Library, loans: bytes, code: str) -> None:
    from models.errors import YuetanError

    with pytest.raises(YuetanError) as refusal:
        made(Store(str(tmp_path)), 10, library, loans=loans)
    assert refusal.value.code == code or code == "finance.no_rows"


def test_the_last_step_checks_that_every_partition_is_there(tmp_path: Path, library: Library) -> None:
    store = Store(str(tmp_path))
    loans, borrowers = book()
    plan = planned(
        store, "run", as_csv(loans), as_csv(borrowers), ASKED, library, library.market, library.card, DAY, 10
    )
    for part in range(plan.parts - 1):
        assert worked(store, "run", plan, part, library)
        assert not worked(store, "run", plan, part, library)
    with pytest.raises(PartMissing):
        whole(store, "run", plan)
    worked(store, "run", plan, plan.parts - 1, library)
    assert whole(store, "run", plan)["sums"]["loans"] == len(loans)


def test_two_workers_and_a_kill_in_the_middle_give_the_same_bytes(tmp_path: Path, library: Library) -> None:
    made(Store(str(tmp_path / "one")), 4, library)
    two = Store(str(tmp_path / "two"))
    loans, borrowers = book()
    plan = planned(two, "run", as_csv(loans), as_csv(borrowers), ASKED, library, library.market, library.card, DAY, 4)
    threads = [
        threading.Thread(
            target=lambda start=start: [worked(two, "run", plan, p, library) for p in range(start, plan.parts, 2)]
        )
        for start in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole(two, "run", plan)
    killed = tmp_path / "killed"
    paths = [tmp_path / "loans.csv", tmp_path / "borrowers.csv", tmp_path / "ask.json"]
    for path, data in zip(paths, (as_csv(loans), as_csv(borrowers), ASKED.model_dump_json().encode()), strict=True):
        path.write_bytes(data)
    line = [sys.executable, "-m", "service", "portfolio", "run", *map(str, paths[:2]), "--ask", str(paths[2])]
    process = subprocess.Popen(
        [*line, "--store", str(killed), "--rows", "4"], env=os.environ | {"YUETAN_DATA_DIR": str(tmp_path)}
    )
    until = time.monotonic() + 60
    while not list(killed.glob("run/sums/*.json")) and time.monotonic() < until and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    store = Store(str(killed))
    again = plan_of(store, "run")
    run_all(store, "run", again, library)
    wanted = bytes_of(tmp_path / "one")
    assert bytes_of(tmp_path / "two") == wanted
    found = {name: value for name, value in bytes_of(killed).items() if name in wanted}
    assert found == wanted


def test_over_http_and_on_the_page(client: TestClient, parts: Parts) -> None:
    import json

    loans, borrowers = book()
    files = {"loans": ("l.csv", as_csv(loans)), "borrowers": ("b.csv", as_csv(borrowers))}
    asked = client.post("/api/v1/portfolios", files=files, data={"question": json.dumps(QUESTION)})
    assert asked.status_code == 202, asked.text
    run = asked.json()["id"]
    assert client.post("/api/v1/portfolios", files=files, data={"question": json.dumps(QUESTION)}).json()["id"] == run
    assert client.get(f"/api/v1/portfolios/{run}/summary").json()["code"] == "portfolio.not_done"
    assert client.get(f"/portfolio/{run}").status_code == 200
    sent: list[tuple[str, UUID]] = parts.sender.sent  # type: ignore[attr-defined]
    work: dict[str, Callable[[Parts, UUID], str]] = {
        use.PLAN: use.work_plan, use.PART: use.work_part, use.MERGE: use.work_merge,
    }  # fmt: skip
    done = 0
    while done < len(sent):
        kind, job = sent[done]
        assert work[kind](parts, job) == "done"
        assert work[kind](parts, job) == "nothing to do"
        done += 1
    assert [kind for kind, _ in sent] == [use.PLAN, use.PART, use.MERGE]
    read = client.get(f"/api/v1/portfolios/{run}").json()
    assert (read["state"], read["done"], read["parts"]) == ("done", 1, 1)
    assert client.get(f"/api/v1/portfolios/{run}/summary").json()["sums"]["loans"] == len(loans)
    for name in ("report.xlsx", "report.pdf", "loans.parquet"):
        assert client.get(f"/api/v1/portfolios/{run}/{name}").status_code == 200, name
    assert client.get(f"/api/v1/portfolios/{run}/loans.parquet", params={"part": 7}).status_code == 404
    for lang in ("zh", "en"):
        page = client.get(f"/portfolio/{run}", params={"lang": lang})
        assert page.status_code == 200
        assert "None" not in page.text
        assert "nan" not in page.text.lower().split()
    for bad in ({"question": "{"}, {"question": '{"total": -1}'}):
        assert client.post("/api/v1/portfolios", files=files, data=bad).status_code == 422
    assert client.post("/portfolio", files=files, data={"question": "["}, headers=SITE).status_code == 422
    assert client.post("/portfolio", headers=SITE).status_code in (415, 422)
    wrong = files | {"loans": ("l.csv", b"a,b\n1,2\n")}
    failed = client.post("/api/v1/portfolios", files=wrong, data={"question": json.dumps(QUESTION)}).json()["id"]
    assert use.work_plan(parts, UUID(failed)) == "failed"
    told = client.get(f"/api/v1/portfolios/{failed}").json()
    assert (told["state"], told["reason"]["code"]) == ("failed", "portfolio.column_missing")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Give the address of an empty bucket of an S3 server on the loopback."""
    if find_spec("moto") is None or find_spec("flask_cors") is None:
        pytest.skip("moto and its server are not installed; the test lock has them")
    for name, word in (("ACCESS_KEY_ID", "any"), ("SECRET_ACCESS_KEY", "any"), ("EC2_METADATA_DISABLED", "true")):
        monkeypatch.setenv(f"AWS_{name}", word)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", host.rpartition(":")[2]],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not _answers(host):
            assert server.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        system = fs.S3FileSystem(endpoint_override=host, scheme="http", region="us-east-1", allow_bucket_creation=True)
        system.create_dir("books")
        yield f"s3://books/bank?scheme=http&endpoint_override={host}&region=us-east-1"
    finally:
        server.kill()
        server.wait()


def _answers(host: str) -> bool:
    with socket.socket() as there:
        return there.connect_ex(("127.0.0.1", int(host.rpartition(":")[2]))) == 0


def test_a_store_that_speaks_s3_gives_the_bytes_of_a_folder(tmp_path: Path, library: Library, bucket: str) -> None:
    away, here = Store(bucket), Store(str(tmp_path))
    found = made(away, 10, library)
    assert made(here, 10, library) == found
    for part in range(found["parts"]):
        for path in (f"run/out/loans-{part:05d}.parquet", f"run/sums/{part:05d}.json"):
            assert away.read(path) == here.read(path)
    assert not away.has("run/in/loans-00000.writing")
    # A run that is there is not done again, in the bucket as in a folder.
    assert not worked(away, "run", plan_of(away, "run"), 0, library)


def test_in_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path / "var"))
    loans, borrowers = book()
    paths = [tmp_path / "loans.csv", tmp_path / "borrowers.csv", tmp_path / "ask.json", tmp_path / "out.xlsx"]
    for path, data in zip(paths, (as_csv(loans), as_csv(borrowers), ASKED.model_dump_json().encode()), strict=False):
        path.write_bytes(data)
    line = ["portfolio", "run", str(paths[0]), str(paths[1]), "--ask", str(paths[2]), "--store", str(tmp_path / "s")]
    found = CliRunner().invoke(app, [*line, "-o", str(paths[3])])
    assert found.exit_code == 0, found.output
    assert str(len(loans)) in found.stdout
    assert openpyxl.load_workbook(paths[3]).active.max_row > 20


def test_real_workers_share_a_book(tmp_path: Path, library: Library) -> None:
    from service import migrate
    from service.assessment.use import keep_upload
    from service.auth import EMBEDDED
    from service.jobs import taken_to_send

    made(Store(str(tmp_path / "one")), 1_000_000, library)
    settings = Settings(data_dir=tmp_path / "var", lease_s=5.0, resend_s=1.0, worker_processes=2)
    parts, supervisor = Parts.of(settings), Supervisor(settings)
    try:
        migrate.upgrade(parts.database)
        supervisor.start()
        loans, borrowers = book()
        with parts.database.writing() as db:
            kept = [
                keep_upload(db, EMBEDDED, as_csv(rows), f"{name}.csv")
                for name, rows in (("l", loans), ("b", borrowers))
            ]
            run = use.ask(db, EMBEDDED, parts.library, kept[0], kept[1], copy.deepcopy(ASKED), DAY).id
        parts.sender.send(taken_to_send(db))
        until = time.monotonic() + 90
        state = ""
        while state not in ("done", "failed") and time.monotonic() < until:
            time.sleep(0.2)
            with parts.database.reading() as db:
                state = use.run_of(db, EMBEDDED, run, settings).state
        assert state == "done"
        folder = settings.data_dir / "portfolio" / str(EMBEDDED.organisation_id) / str(run)
        assert bytes_of(folder) == bytes_of(tmp_path / "one" / "run")
    finally:
        supervisor.stop(grace_s=0)
        parts.close()
