"""Raw cells to values by our own rules: what is not certain is a question or an error, never a choice."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.errors import NOTHING, Text
from models.findings import Severity
from service.workbook.layout import Column, Layout, fold
from service.workbook.places import places
from service.workbook.raw import Cell

#: Tonnes in one line from which a bare number under a tonne header is asked about: it may be kilograms.
LIKELY_KG = 20_000.0
_BLANK = re.compile(r"[\s\u00a0\u200b\u3000\ufeff]+")
_MASS_UNITS = {"t": 1.0, "吨": 1.0, "公吨": 1.0, "mt": 1.0, "ton": 1.0, "tons": 1.0, "tonne": 1.0, "tonnes": 1.0,
               "kg": 1e-3, "kgs": 1e-3, "公斤": 1e-3, "千克": 1e-3, "g": 1e-6, "克": 1e-6}  # fmt: skip
_OTHER_UNITS = re.compile(
    r"(tco2e?|tco₂e?|吨二氧化碳(当量)?|t|吨|cny|rmb|元|eur|usd|欧元)?(/|每)(t|吨|tonne)$|(tco2e?|cny|元|tce|欧元|eur)$",
    re.I,
)
_MONTHS = {m: i + 1 for i, m in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split())}  # noqa: SIM905
_SERIAL_DAY0 = dt.date(1899, 12, 30)
_SERIALS = range(36_526, 73_051)  # 2000 to 2099


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a cell gives no value, or gives one with a remark."""

    code: str
    severity: Severity
    text: Text
    hint: Text = NOTHING


@dataclass(frozen=True, slots=True)
class Typed:
    """The value of a cell, and what there is to say about it."""

    value: Any = None
    doubt: Doubt | None = None


EMPTY = Typed()


@dataclass(slots=True)
class Typer:
    """Turns cells of one column into values; equal cells are looked at once."""

    column: Column
    layout: Layout
    header: str = ""
    semicolons: bool = False
    date1904: bool = False
    candidates: Callable[[str], list[str]] | None = None
    _kept: dict[Any, Typed] = field(default_factory=dict)

    def __call__(self, cell: Cell) -> Typed:
        """Return the value of a cell."""
        if cell is None:
            return EMPTY
        key = (type(cell), tuple(cell)) if isinstance(cell, list) else (type(cell), cell)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._typed(cell)
        return found

    def _typed(self, cell: Cell) -> Typed:
        if isinstance(cell, list) and cell[0] == "f":
            return _bad("cell.formula_without_value", "公式没有保存计算结果", "the formula was saved without its value",
                        "请在 Excel 中打开并保存一次，或粘贴为数值", "Open and save it once in Excel, or paste as values")  # fmt: skip
        if isinstance(cell, list) and cell[0] == "e":
            return _bad("cell.error_value", f"单元格是错误值 {cell[1]}", f"the cell holds the error {cell[1]}",
                        "请更正公式后再上传", "Correct the formula")  # fmt: skip
        if isinstance(cell, str):
            cell = _BLANK.sub(" ", unicodedata.normalize("NFKC", cell)).strip().lstrip("'’‘")
            if not cell or (
                cell in ("-", "—", "–", "/", "无", "n/a", "N/A") and self.column.kind not in ("choice", "yesno")
            ):
                return EMPTY
        return _RULES[self.column.kind](self, cell)


def _bad(code: str, zh: str, en: str, mend_zh: str, mend_en: str, severity: Severity = "error") -> Typed:
    return Typed(
        None, Doubt(code, severity, Text(f"{zh}。", f"{en[0].upper()}{en[1:]}."), Text(f"{mend_zh}。", f"{mend_en}."))
    )


def _as_text(_: Typer, cell: Cell) -> Typed:
    if isinstance(cell, list):
        return Typed(cell[1])
    if isinstance(cell, float):
        return Typed(f"{cell:.15g}")
    return Typed(str(cell)[:300])


def _code(typer: Typer, cell: Cell) -> Typed:
    if isinstance(cell, float):
        if not cell.is_integer() or cell < 0:
            return _not_a_code()
        text = f"{cell:.0f}"
    elif isinstance(cell, str):
        text = re.sub(r"\.0+$", "", cell) if re.fullmatch(r"[0-9]{6,10}\.0+", cell) else cell
        if re.fullmatch(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]+", text):
            text = f"{float(text):.0f}"
        text = re.sub(r"[\s.\-_·]", "", text)
    else:
        return _not_a_code()
    if re.search(r"[OoIl]", text) and re.fullmatch(r"[0-9OoIl]{6,10}", text):
        return _bad("code.letters", "编码中有字母（O、I、l），应为数字", "the code has letters (O, I, l) where digits belong",
                    "请改为数字", "Type digits", "question")  # fmt: skip
    if not re.fullmatch(r"[0-9]+", text):
        return _not_a_code()
    if len(text) == 8:
        return Typed(text)
    if len(text) in (7, 9, 5) and isinstance(cell, float):
        return _bad("code.lost_zero", f"编码只有 {len(text)} 位，可能丢失了开头的 0", f"the code has {len(text)} digits; a leading zero may be lost",
                    "请把该列设为文本格式后重新填写八位编码；钢铁和铝的编码以 26、72、73、76 开头", "Format the column as text and type all eight digits; steel and aluminium start with 26, 72, 73 or 76", "question")  # fmt: skip
    if len(text) in (4, 6):
        return _short_code(typer, text)
    if len(text) == 10:
        return _bad("code.ten_digits", "这是十位编码（如中国税则号），前六位之后与欧盟编码不同", "this is a ten-digit code (as in the Chinese tariff); after six digits it differs from the EU's",
                    f"请改填欧盟八位 CN 编码。前六位 {text[:6]} 下有：{_some(typer, text[:6], 'zh')}", f"Enter the EU's eight digits. Under {text[:6]}: {_some(typer, text[:6], 'en')}", "question")  # fmt: skip
    return _not_a_code()


def _short_code(typer: Typer, text: str) -> Typed:
    return _bad("code.short", f"编码只有 {len(text)} 位，不足以确定税率", f"the code has {len(text)} digits, too few to settle the good",
                f"请填写八位 CN 编码。{text} 下有：{_some(typer, text, 'zh')}", f"Enter all eight digits. Under {text}: {_some(typer, text, 'en')}", "question")  # fmt: skip


def _some(typer: Typer, prefix: str, lang: str) -> str:
    found = typer.candidates(prefix) if typer.candidates else []
    if not found:
        return "没有适用 CBAM 的编码" if lang == "zh" else "no code that CBAM covers"
    more = (f" 等 {len(found)} 个" if lang == "zh" else f" and others, {len(found)} in all") if len(found) > 6 else ""
    return ("、" if lang == "zh" else ", ").join(found[:6]) + more


def _not_a_code() -> Typed:
    return _bad("code.not_a_code", "不是海关编码", "this is no customs code", "请填写八位数字的 CN 编码，如 7308 90 59", "Enter eight digits, such as 7308 90 59")  # fmt: skip


def _number(typer: Typer, cell: Cell, units: Mapping[str, float] | None = None) -> Typed:
    """Return a number written by a person, with its unit factor where ``units`` are allowed."""
    if isinstance(cell, bool | list):
        return _not_a_number()
    if isinstance(cell, float):
        return Typed(cell) if math.isfinite(cell) else _not_a_number()
    text, factor = str(cell), 1.0
    match = re.fullmatch(r"(.*?)\s*([^\d\s.,%()+\-eE][^\d]*|[a-zA-Z一-鿿/²₂]+\d?[a-zA-Z一-鿿/]*)", text)
    if match and match[1]:
        unit = match[2].strip().lower()
        if units and unit in units:
            text, factor = match[1], units[unit]
        elif _OTHER_UNITS.fullmatch(unit.replace(" ", "")) and not units:
            text = match[1]
        else:
            return _bad("number.unit", f"不认识的单位“{match[2].strip()[:20]}”", "the unit is not known",
                        "请只填数字，单位见表头", "Enter a number only; the unit is in the header")  # fmt: skip
    negative = bool(re.fullmatch(r"\(.*\)", text))
    text = text.strip("()").replace(" ", "").replace("\u2212", "-")
    if re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?", text) and typer.semicolons:
        if "," not in text and text.count(".") == 1:
            return _bad("number.ambiguous", "无法判断“.”是小数点还是千位分隔符", "it is not clear whether '.' is a decimal point or a thousands mark",
                        "请写成 1234 或 1.2340", "Write 1234 or 1.2340", "question")  # fmt: skip
        text = text.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"[+-]?\d+,\d+", text) and (typer.semicolons or not re.fullmatch(r"[+-]?\d{1,3},\d{3}", text)):
        if typer.semicolons and re.fullmatch(r"[+-]?\d{1,3},\d{3}", text):
            return _bad("number.ambiguous", "无法判断“,”是小数点还是千位分隔符", "it is not clear whether ',' is a decimal comma or a thousands mark",
                        "请写成 1234 或 1.234", "Write 1234 or 1.234", "question")  # fmt: skip
        if not typer.semicolons:
            return _bad("number.ambiguous", "数字中的逗号位置不对", "the comma is not where a thousands mark stands",
                        "请用小数点“.”", "Use '.' as the decimal point", "question")  # fmt: skip
        text = text.replace(",", ".")
    elif re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    if len(text) > 40 or not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text):
        return _not_a_number()
    value = float(text)
    if not math.isfinite(value):
        return _not_a_number()
    return Typed((-value if negative else value) * factor)


def _not_a_number() -> Typed:
    return _bad("number.not_a_number", "不是有效的数字", "this is no valid number", "请填写普通数字，如 12.5", "Enter a plain number such as 12.5")  # fmt: skip


def _signed(typer: Typer, cell: Cell) -> Typed:
    return _number(typer, cell)


def _positive(typer: Typer, cell: Cell) -> Typed:
    made = _number(typer, cell)
    if made.value is not None and made.value < 0:
        return _bad("number.negative", "不能为负数", "it must not be negative", "请检查符号", "Check the sign")
    return made


def _mass(typer: Typer, cell: Cell) -> Typed:
    made = _number(typer, cell, _MASS_UNITS)
    if made.value is None:
        return made
    value = made.value
    bare = isinstance(cell, float) or not re.search(r"[a-zA-Z一-鿿]", str(cell))
    in_kg = bare and re.search(r"kg|千克|公斤", typer.header, re.I) is not None
    if in_kg:
        value *= 1e-3
    if value < 0:
        return _bad(
            "mass.negative",
            "净重不能为负数",
            "net mass must not be negative",
            "退货请删除该行或单独处理",
            "Take returns out of the sheet",
        )
    if value == 0:
        return _bad(
            "mass.zero",
            "净重为零",
            "net mass is zero",
            "请填写净重，或删除该行",
            "Enter the net mass or delete the row",
        )
    if value > 1e8:
        return _bad(
            "mass.absurd",
            "净重超过一亿吨，不合理",
            "net mass is above a hundred million tonnes",
            "请检查单位",
            "Check the unit",
        )
    if bare and not in_kg and value >= LIKELY_KG:
        return _bad("mass.maybe_kg", f"一行 {value:,.0f} 吨，是否填成了千克？", f"{value:,.0f} tonnes in one line: are these kilograms?",
                    f"若是千克请写“{value:g} kg”，若确为吨请写“{value:g} t”", f"Write '{value:g} kg' for kilograms, '{value:g} t' if tonnes are meant", "question")  # fmt: skip
    return Typed(value)


def _share(typer: Typer, cell: Cell) -> Typed:
    if isinstance(cell, str) and cell.endswith("%"):
        made = _number(typer, cell[:-1])
        return made if made.value is None else Typed(made.value / 100.0)
    made = _number(typer, cell)
    if made.value is not None and not 0 <= made.value <= 1.5:
        return _bad(
            "share.out_of_range",
            "比例应在 0 到 1 之间",
            "a share lies between 0 and 1",
            "请写 0.4 或 40%",
            "Write 0.4 or 40%",
            "question",
        )
    return made


def _integer(typer: Typer, cell: Cell) -> Typed:
    if isinstance(cell, str):
        cell = re.sub(r"年度?$", "", cell)
    made = _number(typer, cell)
    if made.value is None:
        return made
    return Typed(int(made.value)) if float(made.value).is_integer() else _not_a_number()


def _date(typer: Typer, cell: Cell) -> Typed:
    if isinstance(cell, list):
        return _checked(dt.date.fromisoformat(cell[1]))
    if isinstance(cell, float):
        return _serial(typer, cell)
    if not isinstance(cell, str):
        return _not_a_date()
    text = re.sub(r"[T ]\d{1,2}:\d{2}(:\d{2})?.*$", "", cell)
    if re.fullmatch(r"\d{5}(\.0+)?", text):
        return _serial(typer, float(text))
    if match := re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text) or re.fullmatch(
        r"(\d{4})[-/.年]\s?(\d{1,2})[-/.月]\s?(\d{1,2})日?", text
    ):
        return _ymd(*match.groups())
    if match := re.fullmatch(r"(\d{1,2})[ -]([A-Za-z]{3})[a-z]*[ -](\d{4})", text):
        month = _MONTHS.get(match[2].lower())
        return _ymd(match[3], str(month), match[1]) if month else _not_a_date()
    if match := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text):
        return _ymd(match[3], match[2], match[1])
    if match := re.fullmatch(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})", text):
        a, b = int(match[1]), int(match[2])
        if a <= 12 and b <= 12 and a != b:
            return _bad("date.ambiguous", "无法判断哪个是月、哪个是日", "it is not clear which is the month and which the day",
                        "请写成 2026-05-12", "Write it like 2026-05-12", "question")  # fmt: skip
        return _ymd(match[3], match[2], match[1]) if a > 12 else _ymd(match[3], match[1], match[2])
    if re.fullmatch(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2}", text):
        return _bad(
            "date.two_digit_year",
            "年份只有两位",
            "the year has two digits",
            "请写成 2026-05-12",
            "Write it like 2026-05-12",
            "question",
        )
    return _not_a_date()


def _serial(typer: Typer, number: float) -> Typed:
    if not number.is_integer() and number > 1e6:
        return _not_a_date()
    whole = int(number) + (1462 if typer.date1904 else 0)
    if number == 2026 or whole not in _SERIALS:
        return (
            _ymd(*[f"{number:.0f}"[a:b] for a, b in ((0, 4), (4, 6), (6, 8))])
            if 2e7 < number < 2.1e7
            else _not_a_date()
        )
    return _checked(_SERIAL_DAY0 + dt.timedelta(days=whole))


def _ymd(year: str, month: str, day: str) -> Typed:
    try:
        return _checked(dt.date(int(year), int(month), int(day)))
    except ValueError:
        return _bad("date.impossible", "没有这一天", "there is no such day", "请检查日期", "Check the date")


def _checked(day: dt.date) -> Typed:
    if not 2000 <= day.year <= 2060:
        return _bad(
            "date.far",
            f"日期 {day} 超出 2000–2060 年",
            f"{day} lies outside 2000 to 2060",
            "请检查年份",
            "Check the year",
        )
    return Typed(day)


def _not_a_date() -> Typed:
    return _bad("date.not_a_date", "不是有效的日期", "this is no valid date", "请写成 2026-05-12 或 2026年5月12日", "Write it like 2026-05-12")  # fmt: skip


def _origin(_: Typer, cell: Cell) -> Typed:
    found = places().get(fold(cell)) if isinstance(cell, str) else None
    if found is None:
        return _bad("origin.unknown", "不认识的国家或地区", "the country or territory is not known", "请填写中文名、英文名或 ISO 代码，如 中国 / China / CN", "Enter a Chinese or English name or an ISO code, such as China or CN")  # fmt: skip
    return Typed(found)


def _choice(typer: Typer, cell: Cell) -> Typed:
    name = typer.column.choices or "yesno"
    text = f"{cell:g}" if isinstance(cell, float) else str(cell)
    found = typer.layout.words(name).get(fold(text)) or typer.layout.words(name).get(text.strip())
    if found is None:
        zh = "、".join(c.zh for c in typer.layout.choices[name])
        en = ", ".join(c.en for c in typer.layout.choices[name])
        return _bad("choice.unknown", "不在可选项中", "this is not one of the choices", f"可填：{zh}", f"Allowed: {en}")
    return Typed(found)


def _yesno(typer: Typer, cell: Cell) -> Typed:
    if isinstance(cell, bool):
        return Typed(cell)
    made = _choice(typer, cell)
    return made if made.value is None else Typed(made.value == "yes")


def _any(typer: Typer, cell: Cell) -> Typed:
    made = _number(typer, cell)
    return made if made.value is not None else _as_text(typer, cell)


_RULES: dict[str, Callable[[Typer, Cell], Typed]] = {
    "text": _as_text,
    "code": _code,
    "origin": _origin,
    "date": _date,
    "mass": _mass,
    "number": _positive,
    "signed": _signed,
    "share": _share,
    "integer": _integer,
    "choice": _choice,
    "yesno": _yesno,
    "any": _any,
}
