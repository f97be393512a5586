"""Which market an installation belongs to: per compliance year, one at most, or a question."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import MissingInput, YuetanError
from models.files import DATA, read_yaml
from models.installation import EtsYear
from models.law import LawBook
from models.regime import INSTRUMENTS, REGIMES, RegimeUnknown, law_of_year, regime_of


def year(compliance_year: int, process: str, **more: object) -> EtsYear:
    return EtsYear.model_validate({"installation": "A", "compliance_year": compliance_year, "process": process} | more)


@pytest.mark.parametrize(
    ("compliance_year", "process", "more", "want"),
    [
        (2023, "steel_integrated", {"verified_emissions_t": 2e6}, "guangdong_pilot"),
        (2024, "steel_integrated", {}, "national"),
        (2025, "steel_integrated", {}, "national"),
        (2023, "steel_other", {"verified_emissions_t": 5e4}, "guangdong_pilot"),
        (2024, "steel_other", {}, "none"),
        (2025, "steel_other", {"on_national_list": False, "verified_emissions_t": 5e4}, "guangdong_pilot"),
        (2025, "steel_other", {"on_national_list": True}, "national"),
        (2025, "cement_clinker", {"on_national_list": False, "verified_emissions_t": 5e4}, "guangdong_pilot"),
        (2022, "ceramics", {}, "none"),
        (2023, "ceramics", {"verified_emissions_t": 1e4}, "guangdong_pilot"),
        (2023, "ceramics", {"verified_emissions_t": 9999}, "none"),
        (2024, "ceramics", {"verified_emissions_t": 9000, "energy_tce": 4000}, "none"),
        (2025, "ceramics", {"verified_emissions_t": 9000, "energy_tce": 4000}, "guangdong_pilot"),
        (2015, "paper", {}, "none"),
        (2016, "paper", {"verified_emissions_t": 3e4}, "guangdong_pilot"),
        (2022, "power", {}, "national"),
        (2023, "aluminium_electrolysis", {}, "none"),
        (2024, "aluminium_electrolysis", {}, "national"),
        (2025, "ceramics", {"city": "深圳", "verified_emissions_t": 5e4}, "shenzhen"),
        (2025, "steel_integrated", {"province": "湖北"}, "national"),
        *[(y, "aluminium_fabrication", {}, "none") for y in range(2013, 2027)],
    ],
)
def test_regime(book: LawBook, compliance_year: int, process: str, more: dict[str, object], want: str) -> None:
    made = regime_of(year(compliance_year, process, **more), book)
    assert made.word == want
    assert made.instrument == INSTRUMENTS[made.word]
    assert not made.stated
    assert made.reads
    assert made.reason.zh
    assert made.reason.en


def test_the_same_rolling_mill_has_three_answers_in_three_years(book: LawBook) -> None:
    mill = {"on_national_list": False, "verified_emissions_t": 5e4}
    words = [regime_of(year(y, "steel_other", **mill), book).word for y in (2023, 2024, 2025)]
    assert words == ["guangdong_pilot", "none", "guangdong_pilot"]
    reasons = [regime_of(year(y, "steel_other", **mill), book).reason.zh for y in (2023, 2024, 2025)]
    assert len(set(reasons)) == 3


def test_what_decides_and_is_missing_is_asked_for_by_name(book: LawBook) -> None:
    with pytest.raises(MissingInput) as asked:
        regime_of(year(2025, "steel_other"), book)
    assert asked.value.field == "on_national_list"
    with pytest.raises(MissingInput) as asked:
        regime_of(year(2025, "petrochemical"), book)
    assert asked.value.field == "verified_emissions_t"


@pytest.mark.parametrize(
    ("compliance_year", "process"), [(2026, "ceramics"), (2027, "steel_integrated"), (2025, "other"), (2030, "paper")]
)
def test_a_year_or_process_outside_our_sources_is_refused_unless_stated(
    book: LawBook, compliance_year: int, process: str
) -> None:
    with pytest.raises(RegimeUnknown):
        regime_of(year(compliance_year, process), book)
    with pytest.raises(YuetanError):
        regime_of(year(compliance_year, process, stated_regime="guangdong_pilot"), book)
    made = regime_of(
        year(compliance_year, process, stated_regime="guangdong_pilot", regime_document="2026 年名录"), book
    )
    assert made.stated
    assert made.word == "guangdong_pilot"
    assert "2026 年名录" in made.reason.en


def test_another_province_is_not_taken_for_guangdong(book: LawBook) -> None:
    with pytest.raises(RegimeUnknown):
        regime_of(year(2025, "ceramics", province="湖北", verified_emissions_t=5e4), book)


def test_a_stated_regime_that_contradicts_is_a_warning_and_the_rule_wins(book: LawBook) -> None:
    made = regime_of(year(2024, "steel_integrated", stated_regime="guangdong_pilot", regime_document="x"), book)
    assert made.word == "national"
    assert [f.code for f in made.findings] == ["ets.regime_contradicts"]


def test_every_row_names_a_regime_and_whether_a_threshold_counts(book: LawBook) -> None:
    reads = [read for entry in book.tables["cn.ets.regime"].rows.values() for read in entry.reads]
    assert {read.value for read in reads} <= set(REGIMES)
    assert {read.attr("threshold") for read in reads} == {"yes", "no"}


def test_words_exist_for_every_process_and_regime(book: LawBook) -> None:
    processes = read_yaml(DATA / "words" / "processes.yaml")
    assert {key[0] for key in book.tables["cn.ets.regime"].rows} <= set(processes)
    words = read_yaml(DATA / "words" / "regimes.yaml")
    assert {k: (v["zh"], v["en"], v["instrument"]) for k, v in words.items()} == {
        k: (*REGIMES[k], INSTRUMENTS[k]) for k in REGIMES
    }


def test_not_on_the_list_against_a_national_process_is_told(book: LawBook) -> None:
    made = regime_of(year(2024, "cement_clinker", on_national_list=False), book)
    assert made.word == "national"
    assert [f.code for f in made.findings] == ["ets.list_contradicts"]


#: How the reference table words its confidence.
CONFIDENCE = {
    "official text seen (reproduced)": "official",
    "two independent secondary sources": "two_secondary",
    "one secondary source": "one_secondary",
    "inferred": "inferred",
}


def reference(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.shared
def test_year_table_equals_the_reference(book: LawBook, shared: Callable[[str], Path]) -> None:
    """Every figure of a year with its confidence; what is blank there is absent here."""
    names = {
        "cap_total_mt": "cap_total",
        "cap_entities_mt": "cap_entities",
        "cap_reserve_mt": "cap_reserve",
        "n_entities": "entities",
        "annual_reduction_factor": "reduction_factor",
        "surrender_deadline": "surrender_deadline",
    }
    for row in reference(shared("rules/gd_ets_years.csv")):
        law = law_of_year(book, int(row["compliance_year"]))
        for column, name in names.items():
            found = law.find(f"cn.ets.guangdong.{name}")
            place = (row["compliance_year"], name)
            text = row[column].split(" ")[0]
            if not text or text == "not":
                assert found is None, place
                continue
            assert found is not None, place
            assert found.value == (text if name == "surrender_deadline" else float(text)), place
            assert found.confidence == CONFIDENCE[row["confidence"]], place


@pytest.mark.shared
def test_thresholds_and_free_shares_equal_the_reference(book: LawBook, shared: Callable[[str], Path]) -> None:
    rows = {int(row["compliance_year"]): row for row in reference(shared("rules/gd_ets_years.csv"))}
    for compliance_year, row in rows.items():
        read = law_of_year(book, compliance_year).read("cn.ets.guangdong.threshold_emissions")
        if row["threshold"]:
            assert row["threshold"].startswith(f"{read.value} tCO2"), compliance_year
            assert read.confidence == CONFIDENCE[row["confidence"]], compliance_year
        else:
            assert read.confidence == "inferred", compliance_year
        energy = law_of_year(book, compliance_year).find("cn.ets.guangdong.threshold_energy")
        assert (f"{energy.value} tce" in row["threshold"]) if energy else ("tce" not in row["threshold"])
    for compliance_year in (2024, 2025):
        law = law_of_year(book, compliance_year)
        for sector in ("petrochemical", "other"):
            assert f"{law.number(f'cn.ets.guangdong.free_share.{sector}'):.2f}" in rows[compliance_year]["free_share"]
    of_method = {
        kind: names.split(", ") for kind, _, names in (m.partition(": ") for m in rows[2024]["methods"].split("; "))
    }
    group = [key for key in book.entries if key.startswith("cn.ets.guangdong.allocation_method.")]
    assert len(group) == sum(map(len, of_method.values()))
    for key in group:
        word = law_of_year(book, 2024).word(key)
        assert book.entries[key].label.removeprefix("Method of allocation, ") in of_method[word.replace("_", " ")]


@pytest.mark.shared
def test_national_years_equal_the_reference(book: LawBook, shared: Callable[[str], Path]) -> None:
    rows = {int(row["compliance_year"]): row for row in reference(shared("rules/national_ets_years.csv"))}
    for compliance_year in (2024, 2025):
        law = law_of_year(book, compliance_year)
        assert law.word("cn.ets.national.surrender_deadline") == rows[compliance_year]["surrender_deadline"]
    assert law_of_year(book, 2024).word("cn.ets.national.allocation_rule") == "equal_to_emissions"
    assert "= verified emissions" in rows[2024]["allocation"]
    band = law_of_year(book, 2025).read("cn.ets.national.band")
    assert f"+/-{float(band.value or 0):.0%} of emissions" in rows[2025]["net_band"]
    assert (band.confidence, law_of_year(book, 2026).read("cn.ets.national.band").confidence) == (
        "inferred",
        "two_secondary",
    )
    assert law_of_year(book, 2027).find("cn.ets.national.band") is None
