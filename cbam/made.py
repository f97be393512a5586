"""What a process made: SEE and SEFA of its good, with every step that leads to them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

from cbam.emitted import Emitted
from cbam.goods import Good
from cbam.process import Figures, Known, Link, Precursor
from models.errors import NOTHING, Text
from models.law import Read
from models.table import Result, Row

_KNOWN: Mapping[Known, Text] = {
    "own": Text("本装置工序", "process of this installation"),
    "verified": Text("供应商核查值", "supplier's verified value"),
    "default": Text("默认值", "default value"),
    "unknown_origin": Text("原产地不明的默认值", "default value, origin unknown"),
    "exempt": Text("欧盟或豁免原产地", "origin in the EU or exempt"),
}
_TRANSFERS = (
    ("heat_in_t", 1.0, Text("+ 输入热力", "+ heat in")),
    ("heat_out_t", -1.0, Text("− 输出热力", "- heat out")),
    ("waste_gas_in_t", 1.0, Text("+ 输入废气", "+ waste gas in")),
    ("waste_gas_out_t", -1.0, Text("− 输出废气", "- waste gas out")),
    ("electricity_out_t", -1.0, Text("− 输出电力", "- electricity out")),
)


#: Room for every digit of the largest double.
_ANY_FLOAT = Context(prec=340)


def as_declared(value: float, decimals: int) -> float:
    """
    Round a figure as it is declared, half up.

    Fifteen significant digits are read, so that a double just beside the half
    is rounded as the number that was meant.

    Examples
    --------
    >>> as_declared(1.5597591555, 5), as_declared(0.5, 0)
    (1.55976, 1.0)
    """
    return float(Decimal(format(value, ".15g")).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _ANY_FLOAT))


class Step(NamedTuple):
    """One source stream in a process: its share of what the stream emits."""

    name: str
    emitted: Emitted
    share: float

    def row(self, i: int) -> Row:
        """Return the step with its formula."""
        shown = self.emitted.shown if self.share == 1.0 else f"({self.emitted.shown}) × {self.share:g}"
        tco2e = self.emitted.tco2e * self.share
        return Row(f"stream.{i}", Text(self.name, self.name), tco2e, "tCO2e", Text(shown, shown), 3)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the law says of a code in one year, whatever is made of it."""

    good: Good
    benchmark: Read
    free_share: float
    period_decimals: int
    specific_decimals: int
    reads: tuple[Read, ...]

    @property
    def held(self) -> tuple[str, ...]:
        """Keys of values held beyond their last day; none once no free allocation is left, since they change nothing."""
        return tuple(read.key for read in self.reads if read.assumed) if self.free_share > 0 else ()


@dataclass(frozen=True, slots=True)
class Brought:
    """
    What one tonne of a precursor brings.

    ``indirect_tco2e_per_t`` is what of its SEE are indirect emissions that count,
    ``undivided_tco2e_per_t`` what no source divides into direct and indirect.
    ``of`` is the process that made it on site.
    """

    name: str
    known: Known
    see_tco2e_per_t: float
    sefa_tco2e_per_t: float
    share_default: float
    indirect_tco2e_per_t: float = 0.0
    undivided_tco2e_per_t: float = 0.0
    own_reads: tuple[Read, ...] = ()
    of: ProcessResult | None = field(default=None, repr=False, compare=False)
    free_note: Text = NOTHING


@dataclass(frozen=True, slots=True)
class Part:
    """What one precursor brings to one tonne of the good: its consumption times what a tonne of it brings."""

    consumption_t_per_t: float
    brought: Brought

    @property
    def name(self) -> str:
        """The precursor, with its supplier where it has one."""
        return self.brought.name

    @property
    def known(self) -> Known:
        """How its emissions are known."""
        return self.brought.known

    @property
    def see_tco2e_per_t(self) -> float:
        """Its own specific embedded emissions, tCO2e per t of it."""
        return self.brought.see_tco2e_per_t

    @property
    def sefa_tco2e_per_t(self) -> float:
        """Its own specific embedded free allocation, tCO2e per t of it."""
        return self.brought.sefa_tco2e_per_t

    @property
    def process(self) -> str:
        """Id of the process that made it on site, empty where it is bought."""
        return self.brought.of.process.id if self.brought.of is not None else ""

    @property
    def emissions(self) -> float:
        """Specific embedded emissions that it adds, tCO2e per t of the good."""
        return self.consumption_t_per_t * self.brought.see_tco2e_per_t

    @property
    def free_allocation(self) -> float:
        """Specific embedded free allocation that it adds, tCO2e per t of the good."""
        return self.consumption_t_per_t * self.brought.sefa_tco2e_per_t

    def note(self) -> Text:
        """How it enters: consumption, its own SEE and how that is known."""
        how = _KNOWN[self.known]
        figures = f"{self.consumption_t_per_t:.6g} t/t × {self.see_tco2e_per_t:.6g}"
        return Text(f"{figures}（{how.zh}）", f"{figures} ({how.en})")

    def note_of_free(self) -> Text:
        """How its free allocation enters."""
        figures = f"{self.consumption_t_per_t:.6g} t/t × {self.sefa_tco2e_per_t:.6g}"
        said = self.brought.free_note
        return Text(f"{figures}（{said.zh}）", f"{figures} ({said.en})") if said.zh else Text(figures, figures)


@dataclass(frozen=True, slots=True)
class Node:
    """
    One process as a chain takes it: what enters it from the site, what is bought, what was settled elsewhere.

    A link names the process in which its giver is computed. ``steps`` are the
    source streams of the process, ``stream_reads`` what they rest on.
    """

    process: Figures
    links: tuple[Link, ...] = ()
    precursors: tuple[Precursor, ...] = ()
    supplied: tuple[Part, ...] = ()
    steps: tuple[Step, ...] = ()
    route_note: Text = NOTHING
    stream_reads: tuple[Read, ...] = ()


@dataclass(frozen=True, slots=True)
class ProcessResult(Result):
    """
    SEE and SEFA of the good of one process, step by step.

    ``see_tco2e_per_t`` is what the law counts; ``indirect_tco2e_per_t`` is the
    own indirect part, counted or not; ``see_indirect_tco2e_per_t`` is what of SEE
    are indirect emissions that count, own and embedded; ``share_default`` is the
    part of SEE that rests on default values.
    """

    node: Node
    ground: Ground
    attributed_t: float
    own_tco2e_per_t: float
    indirect_tco2e_per_t: float
    parts: tuple[Part, ...]
    see_tco2e_per_t: float
    see_indirect_tco2e_per_t: float
    undivided_tco2e_per_t: float
    sefa_tco2e_per_t: float
    share_default: float

    @property
    def process(self) -> Figures:
        """What it emits and makes."""
        return self.node.process

    @property
    def good(self) -> Good:
        """The good that it makes."""
        return self.ground.good

    @property
    def benchmark_a_tco2e_per_t(self) -> float:
        """Column A benchmark of the own process."""
        return float(self.ground.benchmark.value or 0.0)

    @property
    def free_share(self) -> float:
        """CBAM factor times CSCF of the year."""
        return self.ground.free_share

    @property
    def route(self) -> str:
        """Route letter of the benchmark, empty where the code has one value."""
        return self.ground.benchmark.key_part(2)

    @property
    def see_direct_tco2e_per_t(self) -> float:
        """What of SEE are direct emissions."""
        embedded = (
            p.consumption_t_per_t * (b.see_tco2e_per_t - b.indirect_tco2e_per_t - b.undivided_tco2e_per_t)
            for p in self.parts
            for b in (p.brought,)
        )
        return math.fsum((self.own_tco2e_per_t, *embedded))

    @property
    def declared_attributed_t(self) -> float:
        """Attributed emissions of the period as declared: whole tonnes (``eu-2025-2547``)."""
        return as_declared(self.attributed_t, self.ground.period_decimals)

    @property
    def declared_see_tco2e_per_t(self) -> float:
        """SEE as declared: at most five decimals (``eu-2025-2547``)."""
        return as_declared(self.see_tco2e_per_t, self.ground.specific_decimals)

    @property
    def declared_sefa_tco2e_per_t(self) -> float:
        """SEFA as declared, by the same rule."""
        return as_declared(self.sefa_tco2e_per_t, self.ground.specific_decimals)

    def upstream(self) -> Iterator[ProcessResult]:
        """Yield this process and everything made on site that it rests on, each once."""
        seen, waiting = {id(self)}, [self]
        while waiting:
            made = waiting.pop()
            yield made
            for part in made.parts:
                of = part.brought.of
                if of is not None and id(of) not in seen:
                    seen.add(id(of))
                    waiting.append(of)

    @property
    def own_reads(self) -> tuple[Read, ...]:
        """Every value of the law that this process and what it bought rest on, without what was made before it."""
        bought = (read for part in self.parts for read in part.brought.own_reads)
        return tuple({read.key: read for read in (*self.ground.reads, *self.node.stream_reads, *bought)}.values())

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every value of the law that the chain rests on, the own ones first."""
        found: dict[str, Read] = {}
        for made in self.upstream():
            for read in made.own_reads:
                found.setdefault(read.key, read)
        return tuple(found.values())

    def rows(self) -> list[Row]:
        return [
            *(step.row(i) for i, step in enumerate(self.node.steps, 1)),
            *self._attribution(),
            *self._emissions(),
            *self._free_allocation(),
            Row("share_default", Text("其中按默认值", "of SEE on default values"), self.share_default * 100.0, "%", digits=1),
        ]  # fmt: skip

    def _attribution(self) -> Iterator[Row]:
        yield Row("direct", Text("直接归属排放", "Directly attributable emissions"), self.process.direct_t, "tCO2e")
        below = self.process.direct_t
        for name, sign, label in _TRANSFERS:
            if value := getattr(self.process, name):
                below += sign * value
                yield Row(name.removesuffix("_t"), label, value, "tCO2e")
        floor = Text("；合计为负，按零计", "; the sum is negative and set to zero") if below < 0 else NOTHING
        declared = f"{self.declared_attributed_t:.0f}"
        note = Text(f"申报值 {declared} t{floor.zh}", f"declared {declared} t{floor.en}")
        yield Row("attributed", Text("= 归属排放", "= attributed emissions"), self.attributed_t, "tCO2e", note)
        yield Row("activity", Text("活动水平", "Activity level"), self.process.activity_t, "t", digits=3)

    def _emissions(self) -> Iterator[Row]:
        counted = Text("不计入", "not counted") if self.good.direct_only else Text("计入", "counted")
        yield _line("own", "本工序直接排放", "Own direct emissions", self.own_tco2e_per_t)
        yield _line("indirect", "本工序间接排放", "Own indirect emissions", self.indirect_tco2e_per_t, counted)
        for i, p in enumerate(self.parts, 1):
            yield _line(f"precursor.{i}", f"+ 前体 {p.name}", f"+ precursor {p.name}", p.emissions, p.note())
        yield _line("see", "= 单位隐含排放 SEE", "= specific embedded emissions SEE", self.see_tco2e_per_t,
                    _declared(self.declared_see_tco2e_per_t, self.ground))  # fmt: skip
        yield _line("see_direct", "其中直接", "of which direct", self.see_direct_tco2e_per_t)
        yield _line("see_indirect", "其中间接", "of which indirect", self.see_indirect_tco2e_per_t)
        if self.undivided_tco2e_per_t:
            said = Text("烧结矿默认值只有合计", "the default value of sintered ore is a total")
            yield _line("see_undivided", "其中未分直接间接", "of which not divided", self.undivided_tco2e_per_t, said)

    def _free_allocation(self) -> Iterator[Row]:
        zh = en = f"{self.free_share:g} × A {self.benchmark_a_tco2e_per_t:g}"
        if self.route:
            zh, en = (
                f"{zh}，路线 {self.route}{self.node.route_note.zh}",
                f"{en}, route {self.route}{self.node.route_note.en}",
            )
        if self.ground.held:
            zh, en = f"{zh}；2030 年后沿用（假设）", f"{en}; held after 2030 (assumption)"
        own = self.free_share * self.benchmark_a_tco2e_per_t
        yield _line("sfa", "本工序免费分配 f·CSCF·A", "Own free allocation f CSCF A", own, Text(zh, en))
        for i, p in enumerate(self.parts, 1):
            label_zh, label_en = f"+ 前体 {p.name}", f"+ precursor {p.name}"
            yield _line(f"free.{i}", label_zh, label_en, p.free_allocation, p.note_of_free())
        yield _line("sefa", "= 单位免费分配 SEFA", "= specific embedded free allocation SEFA", self.sefa_tco2e_per_t,
                    _declared(self.declared_sefa_tco2e_per_t, self.ground))  # fmt: skip

    def proof(self) -> list[str]:
        return [read.line() for read in self.reads]


def _line(key: str, zh: str, en: str, value: float, note: Text = NOTHING) -> Row:
    return Row(key, Text(zh, en), value, "tCO2e/t", note, 6)


def _declared(value: float, ground: Ground) -> Text:
    shown = f"{value:.{ground.specific_decimals}f}"
    return Text(f"申报值 {shown}", f"declared {shown}")
