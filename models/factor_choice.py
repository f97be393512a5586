"""The choice of a factor: which level comes first, which year, whose, and what another would have changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from models.errors import NOTHING, Text, YuetanError
from models.factor_records import LEVEL_WORDS, LEVELS, NATION, FactorRecord, FactorStore, Family, Level


class NoFactorToChoose(YuetanError):
    code = "factors.none_to_choose"
    message = Text(
        "截至 {on}，没有可用的“{key}”因子（地区 {region}）。{why_zh}",
        "No factor of '{key}' may be used on {on} (region {region}). {why_en}",
    )
    hint = Text(
        "请填写自有因子并注明来源，或提交因子并经他人审核。",
        "Enter a factor of your own with its source, or hand one in and have somebody else review it.",
    )


@dataclass(frozen=True, slots=True)
class ChosenRecord:
    """The record that was chosen, why, and the best of each other level, for the question what that changes."""

    record: FactorRecord
    reason: Text
    others: tuple[FactorRecord, ...]
    #: By whom it was handed in and reviewed; nothing of what an authority published.
    said: Text = NOTHING

    def line(self) -> str:
        """Return the factor as one line of a proof."""
        of = self.record
        by = f"; {self.said.en}" if self.said.en else ""
        return f"factors[{of.id}] = {of.value:g} {of.unit}, {of.level} {of.region}, {of.data_year} [{of.source}, {of.confidence}{by}]"


def choose(
    store: FactorStore,
    key: str,
    *,
    region: str,
    supplier: str,
    year: int,
    on: dt.date,
    order: Sequence[Level] = LEVELS,
    family: Family = "footprint",
) -> ChosenRecord:
    """
    Choose the factor of an activity.

    Parameters
    ----------
    store : FactorStore
        What may be chosen.
    key : str
        What the activity is.
    region, supplier : str
        Where it took place, and who supplied it (empty: nobody in particular).
    year : int
        Year of the activity data.
    on : date
        Day of the report.
    order : sequence of Level
        Which level comes first; of a level what an authority published before
        what was handed in, then the same year, else the latest year.
    family : str
        ``footprint`` or ``inventory``; the other is never taken.

    Raises
    ------
    NoFactorToChoose
        No record of the key, the region or the supplier may be used.
    """
    best: list[FactorRecord] = []
    passed: dict[str, str] = {}
    for level in order:
        of_level = [
            record
            for record in store.records
            if record.key == key
            and record.family == family
            and record.level == level
            and (
                record.supplier == supplier
                if level == "supplier"
                else record.region == (NATION if level == "national" else region)
            )
        ]
        if of_level:
            first = max(of_level, key=lambda record: _rank(record, store, year))
            best.append(first)
            if first.id not in store.said and (rest := sorted(r.id for r in of_level if r.id in store.said)):
                passed[first.id] = rest[0]
    if not best:
        elsewhere = sorted({f"{r.level} {r.region}" for r in store.records if r.key == key and r.family == family})
        other = any(r.key == key and r.family != family for r in store.records)
        why = (
            Text(f"只有：{'、'.join(elsewhere)}。", f"There is only: {', '.join(elsewhere)}.")
            if elsewhere
            else Text(
                "只有另一类（直接排放与碳足迹不可互换）。",
                "There is only the other family, which is never taken for it.",
            )
            if other
            else Text("", "")
        )
        raise NoFactorToChoose(field="key", key=key, region=region, on=on, why_zh=why.zh, why_en=why.en)
    first = best[0]
    word = LEVEL_WORDS[first.level]
    timed = (
        Text(f"同年（{year} 年）", f"of the same year, {year}")
        if first.data_year == year
        else Text(f"没有 {year} 年的，采用 {first.data_year} 年", f"none of {year}, so that of {first.data_year}")
    )
    said = store.said.get(first.id, NOTHING)
    left = (
        Text(
            f"；提交的“{passed[first.id]}”不代替已公布因子",
            f"; '{passed[first.id]}', which was handed in, does not replace what was published",
        )
        if first.id in passed
        else NOTHING
    )
    reason = Text(
        f"{word.zh}因子，按次序（{'、'.join(LEVEL_WORDS[x].zh for x in order)}）最先；{timed.zh}"
        + (f"；{said.zh}" if said.zh else "") + left.zh,
        f"{word.en} factor, first of the order ({', '.join(LEVEL_WORDS[x].en for x in order)}); {timed.en}"
        + (f"; {said.en}" if said.en else "") + left.en,
    )  # fmt: skip
    return ChosenRecord(first, reason, (*best[1:], *_mapped(first, best, store)), said)


def _rank(record: FactorRecord, store: FactorStore, year: int) -> tuple[bool, bool, int, dt.date, str]:
    return record.id not in store.said, record.data_year == year, record.data_year, record.published, record.id


def _mapped(first: FactorRecord, best: Sequence[FactorRecord], store: FactorStore) -> tuple[FactorRecord, ...]:
    """Return what is mapped to a record at levels of which there was none by its key: what that would have changed."""
    names, levels = store.counterparts.get(first.id, ()), {one.level for one in best}
    found = {one.level: one for one in store.records if one.id in names and one.family == first.family}
    return tuple(one for level, one in found.items() if level not in levels)
