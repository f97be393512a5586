"""From the site to its processes: source streams by their shares, transfers by their ends, and the balance of both."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cbam.emitted import Emitted, Monitoring, Moved, pfc_emitted, stream_emitted, transfer_moved
from cbam.installation_errors import EmissionsTwice, NoEmissionsStated
from cbam.made import Step
from cbam.plant import Attributed, Installation, PlantProcess, Transfer
from cbam.purchased import EQUAL
from cbam.said import Said
from cbam.stream_errors import (
    CarbonOutExceedsIn,
    EnergyOutExceedsIn,
    NamesNoProcess,
    SameId,
    SetToZero,
    SharesNotWhole,
    SiteTotalDiffers,
)
from models.errors import NOTHING, Text, YuetanError
from models.law import Read
from models.table import Result, Row


@dataclass(slots=True, eq=False)
class Account:
    """What is attributed to one process, tCO2e of the period, collected stream by stream."""

    direct: list[float] = field(default_factory=list)
    gross: float = 0.0
    heat_in: float = 0.0
    heat_out: float = 0.0
    waste_gas_in: float = 0.0
    waste_gas_out: float = 0.0
    electricity_out: float = 0.0
    indirect: float = 0.0
    energy_in_gj: float = 0.0
    energy_out_gj: float = 0.0
    #: Whether all energy that enters is known: only then can too much be seen to leave.
    energy_known: bool = True
    steps: list[Step] = field(default_factory=list)
    reads: dict[str, Read] = field(default_factory=dict)
    direct_t: float = 0.0
    #: With what transfers add and take off, before the floor.
    net_t: float = 0.0

    def close(self) -> tuple[float, float]:
        """Sum up, and return direct emissions and the net of transfers, before the floor."""
        moved = (self.heat_in, -self.heat_out, self.waste_gas_in, -self.waste_gas_out, -self.electricity_out)
        self.direct_t = math.fsum(self.direct)
        self.net_t = math.fsum((*self.direct, *moved)) if any(moved) else self.direct_t
        return self.direct_t, self.net_t

    def post(self, name: str, emitted: Emitted, share: float) -> None:
        """Add a share of a stream."""
        tco2e = emitted.tco2e * share
        self.direct.append(tco2e)
        self.gross += abs(tco2e)
        if emitted.energy_gj is not None:
            self.energy_in_gj += emitted.energy_gj * share
        elif tco2e >= 0:
            self.energy_known = False
        self.steps.append(Step(name, emitted, share))
        for read in emitted.reads:
            self.reads[read.key] = read

    def state(self, process: PlantProcess) -> None:
        """Add what the process states itself."""
        if process.direct_t is not None:
            self.direct.append(process.direct_t)
            self.gross += process.direct_t
            self.energy_known = False
        if process.indirect_t or process.heat_in_t or process.waste_gas_in_t:
            self.energy_known = False
        self.indirect += process.indirect_t
        self.heat_in += process.heat_in_t
        self.heat_out += process.heat_out_t
        self.waste_gas_in += process.waste_gas_in_t
        self.waste_gas_out += process.waste_gas_out_t
        self.electricity_out += process.electricity_out_t

    def give(self, t: Transfer, moved: Moved) -> None:
        """Take off what is given away."""
        name = f"{t.kind}_out"
        setattr(self, name, getattr(self, name) + moved.off_t)
        self.energy_out_gj += moved.energy_gj
        self.reads |= {read.key: read for read in moved.reads}

    def take(self, t: Transfer, moved: Moved) -> None:
        """Add what is taken in; electricity adds indirect emissions."""
        if t.kind == "electricity":
            self.indirect += moved.indirect_t
        elif t.kind == "heat":
            self.heat_in += moved.on_t
        else:
            self.waste_gas_in += moved.on_t
        self.energy_in_gj += moved.energy_gj
        self.reads |= {read.key: read for read in moved.reads}


@dataclass(frozen=True, slots=True)
class SiteBalance(Result):
    """
    The site's direct emissions against what its processes are attributed, tCO2e.

    They agree by the equation of the rows. ``complete`` is false where a stream
    or a transfer could not be settled: its emissions are in no row.
    """

    site_t: float
    outside_t: float
    heat_t: float
    waste_gas_t: float
    electricity_t: float
    floor_t: float
    attributed_t: float
    complete: bool

    def rows(self) -> list[Row]:
        def line(key: str, zh: str, en: str, value: float, note: Text = NOTHING) -> Row:
            return Row(key, Text(zh, en), value, "tCO2e", note)

        left = Text("有源流未能计算，不在内", "streams that were refused are not in it")
        return [
            line("site", "全厂直接排放", "Direct emissions of the site", self.site_t, NOTHING if self.complete else left),
            line("outside", "− 不属于 CBAM 工序", "- of no CBAM process", self.outside_t),
            line("heat", "+ 与站外的热力净额", "+ heat from outside, net", self.heat_t),
            line("waste_gas", "+ 废气净额", "+ waste gas, net", self.waste_gas_t,
                 Text("送出按天然气并修正，接收不修正", "corrected where it leaves, not where it enters")),
            line("electricity", "− 输出电力", "- electricity given off", self.electricity_t),
            line("floor", "+ 负值按零计", "+ set to zero where negative", self.floor_t),
            line("attributed", "= 各工序归属排放合计", "= attributed to the processes", self.attributed_t),
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attribution:
    """The account of each process, those that cannot be computed and why, and the balance of the site."""

    accounts: Mapping[str, Account]
    barred: Mapping[str, YuetanError]
    balance: SiteBalance


def attribute(plant: Installation, into: Mapping[str, str], monitoring: Monitoring, said: Said) -> Attribution:
    """
    Attribute what the site emits to its processes.

    Parameters
    ----------
    plant : Installation
        The input.
    into : mapping of id to id
        The process in which each is computed; itself unless it is joint.
    monitoring : Monitoring
        Constants of the act and national default factors.
    said : Said
        Takes the findings.

    Notes
    -----
    ``eu-2025-2547`` Annex III, A and Equation 55: every tonne once, none left out.
    """
    ledger = _Ledger(into, monitoring, said)
    ledger.post_streams(plant)
    ledger.post_stated(plant)
    ledger.post_transfers(plant)
    ledger.check()
    balance = ledger.balance()
    stated = plant.total_direct_t
    rounding = 0.5 * 10.0 ** -float(monitoring.read("period_emissions_decimals").value or 0.0)
    if balance.complete and stated is not None and (gap := abs(balance.site_t - stated)) > rounding:
        wrong = SiteTotalDiffers(field="total_direct_t", stated=stated, summed=balance.site_t, gap=gap)
        said.add(wrong, "", "warning")
    return Attribution(ledger.accounts, ledger.barred, balance)


class _Ledger:
    """Posts every row to the accounts of its processes; a row that cannot be settled bars the processes it names."""

    def __init__(self, into: Mapping[str, str], monitoring: Monitoring, said: Said) -> None:
        self.into, self.monitoring, self.said = into, monitoring, said
        self.accounts = {key: Account() for key in dict.fromkeys(into.values())}
        self.barred: dict[str, YuetanError] = {}
        self.site: list[float] = []
        self.outside: list[float] = []
        self.complete = True
        #: By process as it was named, not as it is joined: a stream that it has a share of.
        self.streamed: dict[str, str] = {}

    def refuse(self, error: YuetanError, where: str, keys: Iterable[str | None]) -> None:
        self.said.add(error, where)
        for key in keys:
            if key in self.into:
                self.barred.setdefault(self.into[str(key)], error)

    def post_streams(self, plant: Installation) -> None:
        tables: tuple[tuple[str, Sequence[Attributed], Callable[[Any, Monitoring], Emitted]], ...] = (
            ("streams", plant.streams, stream_emitted),
            ("pfc", plant.pfc, pfc_emitted),
        )
        times = Counter([row.id for _, rows, _ in tables for row in rows])
        for table, rows, settle in tables:
            for i, row in enumerate(rows):
                for key in row.shares:
                    self.streamed[key] = row.id
                try:
                    if times[row.id] > 1:
                        raise SameId(field="id", id=row.id)
                    _check_shares(row, self.into)
                    emitted = settle(row, self.monitoring)
                except YuetanError as error:
                    self.complete = False
                    self.refuse(error, f"{table}.{i}", row.shares)
                    continue
                for remark in emitted.remarks:
                    self.said.add(remark, f"{table}.{i}", "info" if remark.field == "fuel" else "warning")
                self.site.append(emitted.tco2e)
                self.outside.append(emitted.tco2e * row.outside_share)
                for key, share in row.shares.items():
                    if share:
                        self.accounts[self.into[key]].post(row.id, emitted, share)

    def post_stated(self, plant: Installation) -> None:
        for i, process in enumerate(plant.processes):
            stream, stated = self.streamed.get(process.id), process.direct_t
            wrong: YuetanError | None = None
            if stated is None and stream is None:
                wrong = NoEmissionsStated(field="direct_t", process=process.id)
            elif stated is not None and stream is not None:
                wrong = EmissionsTwice(field="direct_t", process=process.id, id=stream)
            if wrong is not None:
                self.complete = False
                self.refuse(wrong, f"processes.{i}", [process.id])
            else:
                if stated is not None:
                    self.site.append(stated)
                self.accounts[self.into[process.id]].state(process)

    def post_transfers(self, plant: Installation) -> None:
        times = Counter(transfer.id for transfer in plant.transfers)
        for i, transfer in enumerate(plant.transfers):
            ends = transfer.from_process, transfer.to_process
            try:
                if times[transfer.id] > 1:
                    raise SameId(field="id", id=transfer.id)
                self._move(transfer)
            except YuetanError as error:
                self.complete = False
                self.refuse(error, f"transfers.{i}", ends)

    def _move(self, t: Transfer) -> None:
        for name, end in (("from_process", t.from_process), ("to_process", t.to_process)):
            if end is not None and end not in self.into:
                raise NamesNoProcess(field=name, id=t.id, process=end)
        moved = transfer_moved(t, self.monitoring)
        giver = self.accounts[self.into[t.from_process]] if t.from_process is not None else None
        taker = self.accounts[self.into[t.to_process]] if t.to_process is not None else None
        if giver is taker and t.kind != "electricity":
            return  # within one joint process
        if giver is not None:
            giver.give(t, moved)
        if taker is not None:
            taker.take(t, moved)

    def check(self) -> None:
        """Refuse accounts in which more carbon or energy leaves than enters; remark on a sum below zero."""
        for key, account in self.accounts.items():
            direct, net = account.close()
            if key in self.barred:
                continue
            energy = account.energy_in_gj
            if direct < -EQUAL * account.gross:
                self.refuse(CarbonOutExceedsIn(field="streams", process=key, net=direct), "", [key])
            elif account.energy_known and account.energy_out_gj > energy * (1.0 + EQUAL):
                out = account.energy_out_gj
                wrong = EnergyOutExceedsIn(field="transfers", process=key, out_gj=out, in_gj=energy)
                self.refuse(wrong, "", [key])
            elif net < -EQUAL * account.gross:
                self.said.add(SetToZero(field="transfers", process=key, net=net), "", "warning")

    def balance(self) -> SiteBalance:
        every = self.accounts.values()
        return SiteBalance(
            site_t=math.fsum(self.site),
            outside_t=math.fsum(self.outside),
            heat_t=math.fsum([x for a in every for x in (a.heat_in, -a.heat_out)]),
            waste_gas_t=math.fsum([x for a in every for x in (a.waste_gas_in, -a.waste_gas_out)]),
            electricity_t=math.fsum([a.electricity_out for a in every]),
            floor_t=math.fsum([max(0.0, -a.net_t) for a in every]),
            attributed_t=math.fsum([max(0.0, a.net_t) for a in every]),
            complete=self.complete,
        )


def _check_shares(row: Attributed, into: Mapping[str, str]) -> None:
    for key in row.shares:
        if key not in into:
            raise NamesNoProcess(field="shares", id=row.id, process=key)
    whole = math.fsum([*row.shares.values(), row.outside_share])
    if abs(whole - 1.0) > EQUAL:
        raise SharesNotWhole(field="shares", id=row.id, sum=whole)
