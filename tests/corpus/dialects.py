"""Pollutions of a text file: encoding, dialect, ragged rows."""

from __future__ import annotations

from tests.corpus.draft import COLUMNS, ENGLISH, Draft, Good
from tests.corpus.shaping import SHAPES, Change, Shape, entered, shape

entered("encoding", "ok", ("csv",), encoding=["utf-8-sig", "gb18030", "gbk", "utf-16"])
entered("encoding", "reject", ("csv",), encoding=["utf-16-le", "utf-16-be", "utf-32", "utf-7"])


def _in(encoding: str, swap: str = "", by: str = "", heading: list[str] | None = None) -> Change:
    def change(draft: Draft) -> None:
        draft.encoding, draft.whole = encoding, "reject"
        if heading:
            draft.heading = list(heading)
            for at, name in enumerate(("Träger", "Säule", "Rohr Ø", "Blech", "Öse")):
                draft.set(at, "product", name, product=name)
                draft.set(at, "origin", "Türkiye", origin="TR")
        if swap:
            draft.text_changes.append(lambda text: text.translate(str.maketrans(swap, by)))

    return change


SHAPES.extend(
    [
        Shape(
            "big5",
            "encoding",
            _in("big5", "产称编码净币种国单价钢结构铝冷轧无缝进口欧吨", "產稱編碼淨幣種國單價鋼結構鋁冷軋無縫進口歐噸"),
            ("csv",),
        ),
        Shape("latin-1", "encoding", _in("latin-1", heading=ENGLISH), ("csv",)),
        Shape("cp1252", "encoding", _in("cp1252", heading=ENGLISH), ("csv",)),
    ]
)


@shape("encoding", "csv")
def one_byte_of_utf_8_lost(draft: Draft) -> None:
    draft.bytes_changes.append(lambda data: data.replace("铝".encode(), "铝".encode()[:2]))
    draft.whole = "reject"


@shape("encoding", "csv")
def mojibake_written_back(draft: Draft) -> None:
    draft.text_changes.append(lambda text: text.encode("gb18030").decode("latin-1"))
    draft.whole = "reject"


entered("dialect", "ok", ("csv",), mark=[";", "\t", "|"])
entered("dialect", "ok", ("csv",), newline=["\n", "\r", "\r\n"])
entered("dialect", "reject", ("csv",), mark=["^", "  "])


def _decimal_comma(good: Good) -> str:
    return str(good.mass).replace(".", ",")


@shape("dialect", "csv")
def sep_line(draft: Draft) -> None:
    draft.mark, draft.first = ";", "sep=;\r\n"


@shape("dialect", "csv")
def semicolon_and_decimal_comma(draft: Draft) -> None:
    draft.mark = ";"
    for column, of in (("mass", "mass"), ("see", "see"), ("price", "price")):
        draft.column(column, lambda good, of=of: str(getattr(good, of)).replace(".", ","))


@shape("dialect", "csv")
def german_throughout(draft: Draft) -> None:
    draft.mark, draft.heading = ";", list(ENGLISH)
    draft.column("mass", lambda good: f"{good.mass:.2f}".replace(".", ","))
    draft.column("day", lambda good: f"{good.day:%d.%m.%Y}")
    draft.column("see", lambda good: f"{good.see:.2f}".replace(".", ","))
    draft.column("price", lambda good: f"{good.price:,.2f}".translate(str.maketrans(",.", ".,")))


@shape("dialect", "csv")
def three_decimals_after_a_comma(draft: Draft) -> None:
    """Twelve and a half tonnes, or twelve thousand five hundred: nothing in the file says which."""
    draft.mark = ";"
    draft.column("mass", lambda good: f"{good.mass:.3f}".replace(".", ","), "ask")
    draft.column("see", lambda good: f"{good.see:.3f}".replace(".", ","))
    draft.column("price", lambda good: f"{good.price:.0f}")
    for line in draft.lines:
        line.good = line.good._replace(price=float(f"{line.good.price:.0f}"))


@shape("dialect")
def three_decimals_after_a_comma_under_english_names(draft: Draft) -> None:
    draft.heading = list(ENGLISH)
    draft.column("mass", lambda good: f"{good.mass:.3f}".replace(".", ","), "ask")
    for column in ("see", "price"):
        draft.column(column, lambda good, of=column: f"{getattr(good, of):.0f}")
    for line in draft.lines:
        line.good = line.good._replace(see=float(f"{line.good.see:.0f}"), price=float(f"{line.good.price:.0f}"))


@shape("dialect")
def three_decimals_after_a_point(draft: Draft) -> None:
    draft.column("mass", lambda good: f"{good.mass:.3f}", "ask")
    for column in ("see", "price"):
        draft.column(column, lambda good, of=column: f"{getattr(good, of):.0f}")
    for line in draft.lines:
        line.good = line.good._replace(see=float(f"{line.good.see:.0f}"), price=float(f"{line.good.price:.0f}"))
    # 250.250 and 12.500 are asked; a number of four digits before the point is none of these.


@shape("dialect")
def thousands_and_two_decimals(draft: Draft) -> None:
    draft.column("price", lambda good: f"{good.price:,.2f}")


@shape("dialect")
def full_width_digits(draft: Draft) -> None:
    wide = str.maketrans("0123456789.-", "０１２３４５６７８９．－")
    for column, of in (("code", "code"), ("mass", "mass"), ("day", "day"), ("price", "price")):
        draft.column(column, lambda good, of=of: str(getattr(good, of)).translate(wide))


@shape("dialect", "csv")
def everything_quoted(draft: Draft) -> None:
    draft.text_changes.append(
        lambda text: "\r\n".join(",".join(f'"{c}"' for c in row.split(",")) for row in text.split("\r\n")[:-1]) + "\r\n"
    )


@shape("dialect", "csv")
def marks_and_lines_in_quotes(draft: Draft) -> None:
    draft.set(1, "product", '钢, "结构"\n件 M8', product='钢, "结构" 件 M8')
    draft.lines = draft.lines[:2] + draft.lines[2:]


@shape("dialect", "csv")
def a_quotation_that_never_ends(draft: Draft) -> None:
    draft.text_changes.append(lambda text: text.replace("钢结构件", '"钢结构件'))
    draft.whole = "reject"


@shape("dialect", "csv")
def no_newline_at_the_end(draft: Draft) -> None:
    draft.text_changes.append(lambda text: text.rstrip("\r\n"))


@shape("dialect", "csv")
def marks_at_the_ends(draft: Draft) -> None:
    draft.text_changes.append(lambda text: text.replace("\r\n", ",,,\r\n"))


@shape("dialect", "csv")
def blank_lines_between(draft: Draft) -> None:
    for at in range(4):
        draft.after[at] = [[""]]


@shape("ragged", "csv")
def decimal_comma_without_quotes(draft: Draft) -> None:
    draft.set(1, "mass", "10,5", "reject")
    draft.text_changes.append(lambda text: text.replace('"10,5"', "10,5"))


@shape("ragged", "csv")
def a_mark_in_a_name_without_quotes(draft: Draft) -> None:
    draft.set(1, "product", "钢, 结构件", "reject")
    draft.text_changes.append(lambda text: text.replace('"钢, 结构件"', "钢, 结构件"))


@shape("ragged", "csv")
def thousands_without_quotes_in_the_last_column(draft: Draft) -> None:
    """One column more than the heading has: EUR 1,450 becomes EUR 1 unless the row is refused."""
    at = COLUMNS["price"]
    for row in (draft.heading, *(line.cells for line in draft.lines)):
        row.append(row.pop(at))
    draft.lines[1].cells[-1] = "1,985.50"
    draft.lines[1].behaviour = "reject"
    draft.text_changes.append(lambda text: text.replace('"1,985.50"', "1,985.50"))


@shape("ragged", "csv")
def a_short_row(draft: Draft) -> None:
    draft.lines[1].cells = draft.lines[1].cells[:4]
    draft.lines[1].behaviour = "reject"


@shape("ragged")
def a_row_that_stops_after_what_is_needed(draft: Draft) -> None:
    draft.lines[1].cells = draft.lines[1].cells[:5]
    draft.lines[1].good = draft.lines[1].good._replace(see=None, price=None, currency=None)


@shape("ragged", "csv")
def marks_without_end(draft: Draft) -> None:
    draft.text_changes.append(lambda text: text.replace("\r\n", "," * 150 + "\r\n"))
