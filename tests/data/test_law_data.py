"""The law files themselves, tested as code is: sources exist, units are known, figures equal the reference tables."""

from __future__ import annotations

import csv
import datetime as dt
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from models.files import DATA, read_yaml
from models.law import LawBook, Read, load_law

SOURCES = {key for path in (DATA / "sources").glob("*.yaml") for key in read_yaml(path)}
DAY = dt.date(2026, 5, 12)


def every_read(book: LawBook) -> list[Read]:
    entries = [*book.entries.values(), *(e for t in book.tables.values() for e in t.rows.values())]
    return [read for entry in entries for read in entry.reads]


def overlays() -> list[Path]:
    return [p for folder in ("drafts", "editions") for p in sorted((DATA / folder).iterdir())]


def test_every_source_is_named_once_with_title_and_issuer() -> None:
    seen: set[str] = set()
    for path in (DATA / "sources").glob("*.yaml"):
        for key, source in read_yaml(path).items():
            assert key not in seen, f"{key} is in two files"
            seen.add(key)
            assert source["title"]
            assert source["issuer"]
            assert set(source) <= {"title", "issuer", "url", "date", "licence", "note"}, key


def test_every_value_has_a_source_that_exists(book: LawBook) -> None:
    missing = {read.source for read in every_read(book)} - SOURCES
    assert not missing
    for overlay in overlays():
        assert {r.source for r in every_read(load_law(DATA / "law", [overlay])) if r.scenario} <= SOURCES
        assert {"id", "kind", "zh", "en", "source"} == set(read_yaml(overlay / "about.yaml"))


def test_units_are_from_one_list(book: LawBook) -> None:
    units = set(read_yaml(DATA / "units.yaml"))
    unknown = {(read.unit, read.key) for read in every_read(book)}
    assert {u for u, _ in unknown} <= units, sorted({k for u, k in unknown if u not in units})[:5]


def test_nothing_of_a_draft_is_in_the_law(book: LawBook) -> None:
    assert all(read.scenario is None for read in every_read(book))
    assert not [r.key for r in every_read(book) if r.source.startswith("com-")]


def test_no_parameter_is_unused(book: LawBook) -> None:
    """Every key is named in the code, or belongs to a group that is carried to be shown (``yuetan law show``)."""
    shown = ("eu.cbam.thresholds.", "cn.ets.")
    root = DATA.parent
    code = "\n".join(
        p.read_text(encoding="utf-8")
        for f in ("models", "cbam", "finance", "service")
        for p in (root / f).rglob("*.py")
    )
    for key in [*book.entries, *book.tables]:
        if not key.startswith(shown) and key != "eu.cbam.unknown_origin_precursor":
            assert key in code or key.rpartition(".")[0] in code, key


def test_the_code_holds_no_law_number() -> None:
    """The figures most likely to be typed into code by mistake are nowhere in it."""
    root = DATA.parent
    for folder in ("models", "cbam", "finance", "service", "workers"):
        for path in (root / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            doctest_free = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith((">>>", "...")))
            for figure in ("0.975", "75.28", "75.36", "82.32", "0.515", "26_000", "26000", "0.4403"):
                assert figure not in doctest_free, f"{figure} in {path.name}"


def test_no_registry_host_and_no_machine_path_is_tracked() -> None:
    root = DATA.parent
    hosts = ["pypi." + "org", "python" + "hosted.org", "npm" + "js.org", "deb." + "debian.org"]
    git = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False)
    if git.returncode:
        pytest.skip("not a git checkout")
    for name in git.stdout.splitlines():
        path = root / name
        if path.suffix in (".xlsx", ".png", ".ttf", ".otf", ".woff2") or not path.exists():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for host in hosts:
            assert host not in text, f"{host} in {name}"
        for place in ("/wo" + "rk/", "/ro" + "ot/"):
            assert place not in text or path.suffix == ".js", f"{place} in {name}"


def reference(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.shared
def test_figures_equal_the_reference_tables(book: LawBook, shared: Callable[[str], Path]) -> None:
    at = book.at(DAY)
    for row in reference(shared("cbam/cn_scope.csv")):
        read = at.peek("eu.cbam.scope", row["cn_code"])
        assert read is not None
        assert (str(int(float(read.value or 0))), read.attr("direct_only")) == (row["in_scope"], row["direct_only"])
    for row in reference(shared("cbam/benchmarks.csv")):
        day = dt.date(int(row["year_from"]), 6, 1)
        read = book.at(day).peek("eu.cbam.benchmarks", row["cn_code"], row["column"], row["route"])
        assert read is not None
        assert read.value == float(row["value"])
        assert read.until == dt.date(int(row["year_to"]), 12, 31)
    china = [row for row in reference(shared("cbam/default_values_china.csv")) if row["row_kind"] == "value"]
    for row in china:
        for edition, column in (("eu-2026-1740", "2026_1740"), ("eu-2025-2621", "2025_2621")):
            read = at.peek("eu.cbam.default_values", edition, "CN", row["cn_code"])
            assert read is not None
            assert (read.value, read.attr("route")) == (float(row[f"total_{column}"]), row[f"route_{column}"])
        read = at.peek("eu.cbam.default_values", "eu-2026-1740", "CN", row["cn_code"])
        assert read is not None
        for year, column in ((2026, "with_markup_2026"), (2027, "with_markup_2027"), (2028, "with_markup_2028_on")):
            sector = "aluminium" if row["cn_code"].startswith("76") else "iron_steel"
            markup = book.at(dt.date(year, 1, 1)).number(f"eu.cbam.default_markup.{sector}")
            assert float(read.value or 0) * (1 + markup) == pytest.approx(float(row[column]), abs=6e-5)
    for row in reference(shared("cbam/default_values_other.csv")):
        new = at.peek("eu.cbam.default_values", "eu-2026-1740", row["iso2"], row["cn_code"])
        old = at.peek("eu.cbam.default_values", "eu-2025-2621", row["iso2"], row["cn_code"])
        assert new is not None
        assert old is not None
        assert (new.value, old.value, old.attr("route")) == (
            float(row["total_3dp"]),
            float(row["total_2025_2621"]),
            row["route_2025_2621"],
        )
        if row["iso2"] == "ZZ":
            assert new.attr("route") == row["route_2026_1740"]
    for row in reference(shared("cbam/default_values_unknown_origin_precursor.csv")):
        read = at.peek("eu.cbam.unknown_origin_precursor", row["cn_code"])
        assert read is not None
        assert read.value == float(row["highest_value"])
    draft = load_law(DATA / "law", [DATA / "drafts" / "com-2026-616"])
    for row in reference(shared("cbam/phase_in.csv")):
        if int(row["year"]) >= 2026:
            of = book if row["scenario"] == "current_law" else draft
            assert of.at(dt.date(int(row["year"]), 7, 1)).number("eu.cbam.cbam_factor") == float(row["cbam_factor"])
    for row in reference(shared("cbam/thresholds.csv")):
        entry = book.entries.get(f"eu.cbam.thresholds.{row['key']}")
        if entry is None:
            assert row["key"] in ("international_credit_limit_draft", "registry_precursor_sharing"), row["key"]
        else:
            assert entry.reads[-1].value in (
                row["value"],
                float(row["value"]) if row["value"].replace(".", "").isdigit() else None,
            )
