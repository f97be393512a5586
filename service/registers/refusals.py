"""What the registers refuse, in the words of ``models.errors``."""

from __future__ import annotations

from models.errors import Text, YuetanError


class Taken(YuetanError):
    code = "register.taken"
    message = Text(
        "“{kind_zh}”中已有同一条记录（{name}），内容不同。",
        "'{kind_en}' already holds this record ({name}) with other content.",
    )
    hint = Text("如需更正，请修改原记录。", "To correct it, change the record that is there.")


class TooMany(YuetanError):
    code = "register.too_many"
    message = Text("一个登记簿最多 {limit} 条记录。", "A register takes {limit} records at most.")
    hint = Text("请删除不再需要的记录。", "Remove records that are not needed.")


class NoScheme(YuetanError):
    code = "register.no_scheme"
    message = Text("请给出分级方案，或登记簿中方案的编号。", "Give a grading scheme, or the id of one in the register.")
    hint = Text("只能给出其中一个。", "Give one of the two and not both.")
