"""Pollutions of one cell: what is written in place of what it means, and what has to be done with it."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from tests.corpus.draft import Behaviour


class Cell(NamedTuple):
    """One cell of one row; ``means`` where the row means something else then."""

    axis: str
    column: str
    written: Any
    behaviour: Behaviour = "ok"
    means: dict[str, Any] | None = None
    #: Kinds of file in which it can stand so.
    kinds: tuple[str, ...] = ("xlsx", "csv")


def _all(
    axis: str, column: str, behaviour: Behaviour, *written: Any, kinds: tuple[str, ...] = ("xlsx", "csv")
) -> list[Cell]:
    return [Cell(axis, column, one, behaviour, None, kinds) for one in written]


# fmt: off
#: The row they are written into means 73089059, CN, 10 t, 12 May 2026, 1.9 tCO2e/t, 985.5 EUR/t.
CELLS: tuple[Cell, ...] = (
    # ---- code
    *_all("code", "code", "ok", "7308 90 59", "7308.90.59", "7308-90-59", "73089059.0", "'73089059", "7308\u00a090\u00a059",
          "７３０８９０５９", " 73089059 ", "7308\u200b9059", "7.3089059E7", "7308·90·59"),
    *_all("code", "code", "ok", 73089059, 73089059.0, kinds=("xlsx",)),
    *_all("code", "code", "ask", "7308", "730890", "7308905900", "73O89059", "7308905９00"),
    *_all("code", "code", "ask", 730890, 7308905900, kinds=("xlsx",)),
    *_all("code", "code", "reject", "steel", "7.31E+07", "730890599", "73089059/76042910", "7308905A", "#N/A", "-73089059", None),
    *_all("code", "code", "reject", -73089059, 73089059.5, True, dt.date(2026, 5, 12), kinds=("xlsx",)),
    Cell("code", "code", "99999999", "reject"),
    Cell("code", "code", "01012100", "reject"),
    # ---- origin
    *_all("country", "origin", "ok", "CN", "cn", "CHN", "China", "中华人民共和国", "中国大陆", "PRC", "P.R. China", "中国 CN", "China (CN)",
          "ＣＮ", " 中 国 ", "中國"),
    Cell("country", "origin", "越南", "ok", {"origin": "VN"}),
    Cell("country", "origin", "Türkiye", "ok", {"origin": "TR"}),
    Cell("country", "origin", "韩国", "ok", {"origin": "KR"}),
    Cell("country", "origin", "China (Hong Kong)", "ok", {"origin": "HK"}),
    Cell("country", "origin", "中国台湾", "ok", {"origin": "TW"}),
    *_all("country", "origin", "ask", "欧盟", "CN/VN", "中国、越南"),
    *_all("country", "origin", "reject", "Atlantis", "156", "?", "C", "中国或越南", None, "广东"),
    # ---- day
    *_all("date", "day", "ok", "2026-05-12", "2026/5/12", "2026.5.12", "20260512", "2026年5月12日", "2026 年 5 月 12 日", "12.05.2026",
          "12.5.2026", "2026-05-12T00:00:00", "2026-05-12 08:30", "２０２６－０５－１２", "12 May 2026", "12-May-2026", "May 12, 2026",
          "46154", "2026-5-12"),
    *_all("date", "day", "ok", 46154, 46154.5, dt.datetime.fromisoformat("2026-05-12T09:30"), 20260512, kinds=("xlsx",)),
    Cell("date", "day", "13/05/2026", "ok", {"day": dt.date(2026, 5, 13)}),
    Cell("date", "day", "5/13/2026", "ok", {"day": dt.date(2026, 5, 13)}),
    *_all("date", "day", "ask", "03/04/2026", "12/05/2026", "05-12-2026", "12/5/26", "26-05-12", "12 May 26", "2026-05", "2026年5月", "2026Q2",
          "2026"),
    *_all("date", "day", "reject", "2026-02-30", "31.06.2026", "2026-13-01", "2206-05-12", "五月", "12. Mai 2026", "0000-00-00", "-", None, "1e4",
          "#VALUE!", "tomorrow"),
    *_all("date", "day", "reject", dt.date(2206, 5, 12), 12, 0, -46154, 1e9, True, kinds=("xlsx",)),
    # ---- mass
    *_all("quantity", "mass", "ok", "10", "10.0", "10.00", "10 t", "10t", "10 吨", "10,000 kg", "10000 kg", "10000公斤", "１０", "１０．０", "1e1",
          "+10", " 10 ", "10,0", "10,00", "0,001万吨", "10 000 kg", "10\u202f000 kg", "10'000 kg", "10.", "10 MT"),
    Cell("quantity", "mass", "1,234.5", "ok", {"mass": 1234.5}),
    Cell("quantity", "mass", "1 234.5", "ok", {"mass": 1234.5}),
    Cell("quantity", "mass", "1\u00a0234,5", "ok", {"mass": 1234.5}),
    Cell("quantity", "mass", "1.234,5", "ok", {"mass": 1234.5}),
    Cell("quantity", "mass", "0.125", "ok", {"mass": 0.125}),
    Cell("quantity", "mass", 1e-3, "ok", {"mass": 0.001}, ("xlsx",)),
    *_all("quantity", "mass", "ask", "25000", "250000"),
    *_all("quantity", "mass", "ask", 25000, 10000, kinds=("xlsx",)),
    *_all("quantity", "mass", "reject", "-10", "(10)", "0", "NaN", "inf", "—", "-", None, "#REF!", "10%", "1e309", "9" * 30 + " t", "10 箱", "约10", ">10",
          "10-12", "十", "10,00,0", "1.2.3", "10 kg/t", "10 t 5 kg", "=5+5", "1/2", "0x10", "10 m3", "٣"),
    *_all("quantity", "mass", "reject", -10, 0, True, dt.date(2026, 5, 12), kinds=("xlsx",)),
    # ---- intensity
    *_all("intensity", "see", "ok", "1.9", "1,9", "1900 kg/t", "1,900 kg/t", "1.9 tCO2e/t", "１．９", "1900 kgCO2e/t", "1.9 kg/kg"),
    *_all("intensity", "see", "reject", "1900", "-1.9", "1.9 MJ", "190%", "#DIV/0!", "unknown"),
    Cell("intensity", "see", "-", "ok", {"see": None}),
    Cell("intensity", "see", None, "ok", {"see": None}),
    Cell("intensity", "see", "n/a", "ok", {"see": None}),
    Cell("intensity", "see", 0, "ok", {"see": 0.0}, ("xlsx",)),
    # ---- price
    *_all("price", "price", "ok", "985.5", "985,50", "€985.50", "985.5 EUR", "985.50 €/t", "0.9855 EUR/kg"),
    Cell("price", "price", "1,985.50", "ok", {"price": 1985.5}),
    *_all("price", "price", "ask", "$985.5", "985.5 元"),
    *_all("price", "price", "reject", "-985.5", "free", "985.5 XAU", "985.5 EUR/件"),
    *_all("price", "currency", "reject", "XAU", "欧盟币"),
    *_all("price", "currency", "ask", "USD"),
    Cell("price", "currency", "欧元", "ok"),
    Cell("price", "currency", "€", "ok"),
)
# fmt: on
