"""What is told of a cell of the communication workbook: one text for each code, in both languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from models.errors import NOTHING, Text
from models.findings import Finding, Severity

_REF = re.compile(r"[A-Z]{1,3}([0-9]{1,7})")


class Said(NamedTuple):
    """Severity, text and way out of one code; the texts take the parameters of ``Notes.add``."""

    severity: Severity
    text: Text
    hint: Text = NOTHING


_CHECK = Text("请核对。", "Check it.")
CODES: Mapping[str, Said] = {
    "macros": Said("info", Text("文件带有宏；宏不会运行。", "The file holds macros; they are never run.")),
    "not_verified": Said(
        "warning",
        Text("没有填写核查机构：未经核查的数值不能按实际值申报。",
             "No verifier is named: values that are not verified cannot be declared as actual."),
        Text("请取得获认可核查员的核查报告。", "Obtain the report of an accredited verifier."),
    ),
    "coordinate": Said(
        "warning",
        Text("“{zh}”无法识别。", "'{en}' cannot be read."),
        Text("请写成十进制度，如 23.021。", "Write degrees as a decimal such as 23.021."),
    ),
    "period": Said(
        "warning",
        Text("报告期 {start} 至 {end} 不是一个完整日历年；正式期按日历年报告。",
             "The reporting period from {start} to {end} is no whole calendar year, which the definitive period asks for."),
        Text("请确认数据属于哪一年。", "Make sure which year the data belong to."),
    ),
    "shifted": Said(
        "warning",
        Text("表头不在原位（应为 {expected}，实为 {where}），已按表头文字读取。",
             "The headings have moved ({expected} was expected, {where} is found); columns are read by their text."),
        Text("请核对是否插入或删除过行列。", "Check whether rows or columns were inserted or deleted."),
    ),
    "only_total": Said(
        "question",
        Text("只有合计 SEE，没有直接 SEE：钢铁和铝只计直接排放，合计不能代替。",
             "Only the total SEE is given: for steel and aluminium direct emissions alone count, the total does not stand in."),
        Text("请填写 SEE (direct) 一列。", "Fill in the column SEE (direct)."),
    ),
    "see_range": Said(
        "error", Text("直接 SEE 超出合理范围。", "The direct SEE is out of any range."),
        Text("请核对单位（tCO2e/t）。", "Check the unit (tCO2e per t)."),
    ),
    "total_below_direct": Said(
        "warning", Text("合计 SEE 小于直接 SEE。", "The total SEE is below the direct SEE."), _CHECK
    ),
    "unit": Said(
        "error", Text("单位“{found}”不是 tCO2e/t。", "The unit '{found}' is not tCO2e per t."),
        Text("钢铁和铝以每吨计。", "Steel and aluminium are counted by the tonne."),
    ),
    "currency": Said(
        "error", Text("碳价没有币种。", "The carbon price has no currency."),
        Text("请填写币种；不填不采用。", "Enter the currency; without it the price is not taken."),
    ),
    "effective": Said(
        "warning",
        Text("实付碳价不等于应付减返还。", "The effective carbon price is not the price due less the rebate."), _CHECK,
    ),
    "no_value": Said(
        "error",
        Text("“{zh}”是公式，但没有保存计算结果。", "'{en}' is a formula without a stored result."),
        Text("请在 Excel 中打开并保存后重新上传。", "Open and save it in Excel, then hand it in again."),
    ),
    "error_value": Said(
        "error", Text("“{zh}”是错误值。", "'{en}' is an error value."), Text("请更正公式。", "Correct the formula.")
    ),
    "not_a_number": Said(
        "error", Text("“{zh}”应为数字。", "'{en}' should be a number."),
        Text("请改为数字，小数用点。", "Write a number with a decimal point."),
    ),
    "text_number": Said(
        "warning",
        Text("“{zh}”是以文本保存的数字，已按数字读取。", "'{en}' is a number kept as text; it is read as a number."),
        Text("请改为数字格式。", "Turn it into a number."),
    ),
    "cn_code": Said("error", Text("{zh}", "{en}"), Text("请核对八位 CN 编码。", "Check the CN code of eight digits.")),
    "balance": Said(
        "warning", Text("{used} t 超过 {had} t。", "{used} t are more than {had} t."), Text("请核对数量。", "Check the tonnes.")
    ),
}  # fmt: skip


@dataclass(slots=True)
class Notes:
    """Findings in the making."""

    findings: list[Finding] = field(default_factory=list)

    def add(self, code: str, sheet: str, cell: str, found: str = "", **params: object) -> None:
        """Add what ``CODES`` says of ``code`` at a cell."""
        said = CODES[code]
        row = int(match.group(1)) if (match := _REF.fullmatch(cell)) else None
        text, hint = (Text(t.zh.format(found=found, **params), t.en.format(found=found, **params)) for t in said[1:])
        self.findings.append(
            Finding(
                f"communication.{code}", said.severity, text, hint, sheet, row, cell or None, found=found[:80] or None
            )
        )
