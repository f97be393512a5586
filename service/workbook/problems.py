"""What a file, a row or a cell is refused or asked about for, in the words of ``models.errors``."""

from __future__ import annotations

from typing import ClassVar

from models.errors import Text, YuetanError
from models.findings import Severity

_CHECK = Text("请核对原始单据后更正该单元格。", "Check the original document and correct the cell.")


class FileProblem(YuetanError):
    """A file that is refused as a whole."""

    code = "workbook.unreadable"
    message = Text("文件无法读取。", "The file cannot be read.")


class EmptyFile(FileProblem):
    code = "workbook.empty"
    message = Text("文件是空的，没有任何内容。", "The file is empty.")
    hint = Text("请下载模板，填写后重新上传。", "Download the template, fill it in and upload it.")


class TooLargeFile(FileProblem):
    code = "workbook.too_large"
    message = Text("文件超过 {limit_mb} MB 的上限。", "The file is larger than the limit of {limit_mb} MB.")
    hint = Text("请按季度或按装置拆分后分别上传。", "Split it by quarter or by installation.")


class Encrypted(FileProblem):
    code = "workbook.encrypted"
    message = Text("文件设有打开密码，无法读取。", "The file is protected by a password and cannot be read.")
    hint = Text("请在 Excel 中取消密码后另存，再上传。", "Remove the password in Excel, save and upload again.")


class Damaged(FileProblem):
    code = "workbook.damaged"
    message = Text("文件已损坏或不完整（{why}）。", "The file is damaged or incomplete ({why}).")
    hint = Text("请在 Excel 中打开并另存为 xlsx，再上传。", "Open it in Excel, save it as xlsx and upload again.")


class WrongKind(FileProblem):
    code = "workbook.wrong_kind"
    message = Text("文件内容不是 Excel 或 CSV，而是{kind_zh}。", "The content is not Excel or CSV but {kind_en}.")
    hint = Text("请另存为 xlsx 或 CSV（UTF-8）后上传。", "Save it as xlsx or CSV (UTF-8) and upload again.")


class Bomb(FileProblem):
    code = "workbook.bomb"
    message = Text(
        "文件解压后过大（上限 {limit_mb} MB，压缩比 {ratio}），已停止读取。",
        "The file unpacks to more than is allowed (limit {limit_mb} MB, ratio {ratio}); it was not read.",
    )
    hint = Text("请删除空白行列和图片后另存，或拆分文件。", "Remove empty rows, columns and images, or split the file.")


class TooManyCells(FileProblem):
    code = "workbook.too_many_cells"
    message = Text(
        "工作表“{sheet}”有 {rows} 行 × {columns} 列，超过上限（{most_rows} 行、{most_columns} 列、{most_cells} 个单元格）。",
        "Sheet '{sheet}' has {rows} rows x {columns} columns, above the limits ({most_rows} rows, {most_columns} columns, "
        "{most_cells} cells).",
    )
    hint = Text("请拆分文件，或删除多余的行列。", "Split the file, or delete rows and columns that are not needed.")


class TooManyRows(FileProblem):
    code = "workbook.too_many_rows"
    message = Text(
        "工作表“{sheet}”有超过 {limit} 行数据，一次最多读取这么多。",
        "Sheet '{sheet}' has more than {limit} rows of data, which is as many as are read at a time.",
    )
    hint = Text("请按季度、客户或装置拆分后分别上传。", "Split it by quarter, customer or installation.")


class FarCell(FileProblem):
    code = "workbook.far_cell"
    message = Text(
        "工作表“{sheet}”在远处有孤立的单元格 {cell}，表格因此大到无法读取。",
        "Sheet '{sheet}' has a stray cell far away, {cell}, which makes the table too large to read.",
    )
    hint = Text(
        "请在 Excel 中按 Ctrl+End 找到它，删除多余的行列后保存。",
        "Find it with Ctrl+End in Excel, delete the rows and columns up to it, and save.",
    )


class Entities(FileProblem):
    code = "workbook.entities"
    message = Text(
        "文件内含有实体声明，出于安全原因不予读取。", "The file declares entities, which is not read for safety."
    )
    hint = Text("请在 Excel 中重新另存为 xlsx。", "Save it again as xlsx in Excel.")


class UnknownEncoding(FileProblem):
    code = "workbook.encoding"
    message = Text(
        "无法确定 CSV 的文字编码（既不是 UTF-8，也不像 GB18030）。",
        "The text encoding of the CSV cannot be told (neither UTF-8 nor clearly GB18030).",
    )
    hint = Text("请另存为“CSV UTF-8”或 xlsx 后上传。", "Save it as 'CSV UTF-8' or xlsx and upload again.")


class UnknownDelimiter(FileProblem):
    code = "workbook.delimiter"
    message = Text(
        "无法确定 CSV 的分隔符（逗号、分号、制表符）。",
        "The separator of the CSV cannot be told (comma, semicolon or tab).",
    )
    hint = Text(
        "请另存为 xlsx，或在第一行写明 sep=; 或 sep=, 。", "Save it as xlsx, or write sep=; or sep=, in the first line."
    )


class TooHeavy(FileProblem):
    code = "workbook.too_heavy"
    message = Text(
        "读取该文件需要的内存或时间超过上限，已停止；没有影响其他任务。",
        "Reading the file needs more memory or time than is allowed; it was stopped and nothing else was affected.",
    )
    hint = Text(
        "请拆分文件，或在 Excel 中复制数据到新工作簿后另存。",
        "Split it, or copy the data into a new workbook and save it.",
    )


FILE_PROBLEMS: dict[str, type[FileProblem]] = {
    kind.code: kind
    for kind in (
        FileProblem, EmptyFile, TooLargeFile, Encrypted, Damaged, WrongKind, Bomb, TooManyCells, TooManyRows, FarCell, Entities,
        UnknownEncoding, UnknownDelimiter, TooHeavy,
    )
}  # fmt: skip


class CellProblem(YuetanError):
    """A cell that cannot be taken as it stands; ``question`` where the user must choose."""

    severity: ClassVar[Severity] = "error"
    code = "workbook.cell"
    hint = _CHECK


class Missing(CellProblem):
    code = "workbook.missing"
    message = Text("缺少“{name_zh}”。", "'{name_en}' is missing.")
    hint = Text("请填写该单元格。", "Fill in the cell.")


class ErrorCell(CellProblem):
    code = "workbook.error_cell"
    message = Text("“{name_zh}”是公式错误值。", "'{name_en}' holds a formula error.")
    hint = Text("请修正公式，或改填数值。", "Mend the formula, or enter the value.")


class NoCachedValue(CellProblem):
    code = "workbook.formula_without_value"
    message = Text(
        "“{name_zh}”是公式，但文件里没有保存计算结果。",
        "'{name_en}' is a formula whose result is not stored in the file.",
    )
    hint = Text(
        "请用 Excel 打开并保存一次，或粘贴为数值。", "Open and save the file in Excel once, or paste the value."
    )


class NotANumber(CellProblem):
    code = "workbook.not_a_number"
    message = Text("“{name_zh}”不是数字。", "'{name_en}' is not a number.")


class AmbiguousNumber(CellProblem):
    severity = "question"
    code = "workbook.ambiguous_number"
    message = Text(
        "“{name_zh}”有两种读法：{one} 或 {other}。", "'{name_en}' can be read in two ways: {one} or {other}."
    )
    hint = Text("请以数字格式填写，或去掉千位分隔符。", "Enter it as a number, or without a separator of thousands.")


class NotPositive(CellProblem):
    code = "workbook.not_positive"
    message = Text("“{name_zh}”必须大于零。", "'{name_en}' must be above zero.")


class OutOfBounds(CellProblem):
    code = "workbook.out_of_bounds"
    message = Text("“{name_zh}”超出合理范围（{bound}）。", "'{name_en}' is out of bounds ({bound}).")
    hint = Text(
        "请检查数值和单位（千克还是吨、千克/吨还是吨/吨）。", "Check the value and its unit (kg or t, kg/t or t/t)."
    )


class UnknownUnit(CellProblem):
    code = "workbook.unknown_unit"
    message = Text("“{name_zh}”的单位“{unit}”无法识别。", "The unit '{unit}' of '{name_en}' is not known.")
    hint = Text("可用单位：{known}。", "Known units: {known}.")


class LooksLikeKg(CellProblem):
    severity = "question"
    code = "workbook.looks_like_kg"
    message = Text("一行净重 {value} 吨，看起来像是千克。", "{value} tonnes in one row looks like kilograms.")
    hint = Text(
        "如果是千克请写“{value} kg”；如果确实是吨，请写“{value} t”。",
        "If it is kilograms write '{value} kg'; if it is tonnes write '{value} t'.",
    )


class UnitNotStated(CellProblem):
    severity = "question"
    code = "workbook.unit_not_stated"
    message = Text(
        "“{name_zh}”没有写明单位，无法确定是吨还是千克。",
        "'{name_en}' states no unit: tonnes or kilograms cannot be told.",
    )
    hint = Text(
        "请在表头写明单位，例如“净重（吨）”或“净重（千克）”。",
        "Write the unit into the heading: 'Net mass (t)' or '(kg)'.",
    )


class BadCode(CellProblem):
    code = "workbook.cn_not_a_code"
    message = Text("CN 编码应为八位数字，无法识别。", "A CN code has eight digits; this is not one.")
    hint = Text("请按欧盟进口报关单填写八位编码。", "Enter the eight digits of the EU import declaration.")


class ShortCode(CellProblem):
    severity = "question"
    code = "workbook.cn_too_short"
    message = Text(
        "CN 编码只有 {digits} 位（{prefix}），其下有 {count} 个八位编码：{list}。",
        "The CN code has {digits} digits ({prefix}); {count} codes of eight digits lie under it: {list}.",
    )
    hint = Text("请选择并填写完整的八位编码。", "Choose one and enter all eight digits.")


class PrefixOutOfScope(CellProblem):
    code = "workbook.cn_prefix_out_of_scope"
    message = Text(
        "以 {prefix} 开头的编码不在 CBAM 钢铁和铝的范围内。",
        "No code that starts with {prefix} is among the steel and aluminium goods of CBAM.",
    )
    hint = Text(
        "如编码有误请更正；否则该货物不产生 CBAM 费用。", "Correct the code if it is wrong; else nothing is due."
    )


class ChineseCode(CellProblem):
    severity = "question"
    code = "workbook.cn_chinese_code"
    message = Text(
        "这是中国 {digits} 位商品编码；只有前六位 {prefix} 与欧盟一致，其下有 {count} 个八位 CN 编码：{list}。",
        "This is a Chinese code of {digits} digits; only the first six, {prefix}, are shared with the EU, and {count} codes "
        "of eight digits lie under them: {list}.",
    )
    hint = Text(
        "请向进口商确认并填写欧盟八位 CN 编码。", "Ask the importer for the EU code and enter its eight digits."
    )


class LostZero(CellProblem):
    code = "workbook.cn_lost_zero"
    message = Text(
        "编码只有 {digits} 位，像是丢了开头的 0（0{found}）；第 01 至 09 章不是钢铁或铝。",
        "The code has {digits} digits and seems to have lost a leading zero (0{found}); chapters 01 to 09 are neither steel "
        "nor aluminium.",
    )
    hint = Text("请把该列设为文本格式，并核对八位编码。", "Format the column as text and check the eight digits.")


class LetterInCode(CellProblem):
    severity = "question"
    code = "workbook.cn_letter"
    message = Text("编码中混有字母，可能应为 {likely}。", "The code holds a letter; {likely} may be meant.")
    hint = Text("请确认后填写八位数字。", "Confirm and enter eight digits.")


class OriginUnknown(CellProblem):
    code = "workbook.origin_unknown"
    message = Text("原产地无法识别。", "The origin is not known.")
    hint = Text("请填写国家或地区名称，或两位代码（如 CN）。", "Enter a name, or a two-letter code such as CN.")


class OriginSeveral(CellProblem):
    severity = "question"
    code = "workbook.origin_several"
    message = Text("原产地不是一个确定的国家或地区。", "The origin is not one country or territory.")
    hint = Text(
        "请填写具体国家；不同原产地请分行填写。",
        "Name the country; write goods of several origins in rows of their own.",
    )


class BadDate(CellProblem):
    code = "workbook.bad_date"
    message = Text("“{name_zh}”不是有效日期。", "'{name_en}' is not a date.")
    hint = Text("请按 2026-05-12 或 2026年5月12日 填写。", "Write it as 2026-05-12.")


class AmbiguousDate(CellProblem):
    severity = "question"
    code = "workbook.ambiguous_date"
    message = Text("日期有两种读法：{one} 或 {other}。", "The date can be read as {one} or as {other}.")
    hint = Text("请按 2026-05-12 的写法填写。", "Write it as 2026-05-12.")


class TwoDigitYear(CellProblem):
    severity = "question"
    code = "workbook.two_digit_year"
    message = Text("日期的年份只有两位。", "The year of the date has two digits.")
    hint = Text("请写四位年份，例如 2026-05-12。", "Write four digits, such as 2026-05-12.")


class DayMissing(CellProblem):
    severity = "question"
    code = "workbook.day_missing"
    message = Text("日期只到月份或季度，缺少具体日期。", "The date names a month or a quarter but no day.")
    hint = Text("请填写具体日期。", "Enter the day.")


class FarDate(CellProblem):
    code = "workbook.far_date"
    message = Text("年份 {year} 不合理。", "The year {year} is not plausible.")
    hint = Text("请核对年份。", "Check the year.")


class UnknownWord(CellProblem):
    code = "workbook.unknown_word"
    message = Text("“{name_zh}”的取值无法识别。", "The value of '{name_en}' is not known.")
    hint = Text("可填：{known_zh}。", "Choose from: {known_en}.")


class TooLong(CellProblem):
    code = "workbook.too_long"
    message = Text("“{name_zh}”太长（最多 {most} 个字符）。", "'{name_en}' is too long (at most {most} characters).")


class Invalid(CellProblem):
    code = "workbook.invalid"
    message = Text("“{name_zh}”的取值不被接受。", "The value of '{name_en}' is not accepted.")


class RuleBroken(CellProblem):
    code = "workbook.rule_broken"
    message = Text("{rule_zh}。", "{rule_en}.")
    hint = Text("请修改该行后再提交。", "Mend the row and hand the file in again.")


class HiddenRow(CellProblem):
    severity = "question"
    code = "workbook.hidden_row"
    message = Text(
        "该行是隐藏行，无法确定是否应计算。", "The row is hidden; whether it is meant to count cannot be told."
    )
    hint = Text("请取消隐藏（或清除筛选），或删除该行。", "Unhide it (or clear the filter), or delete it.")


class MergedCell(CellProblem):
    severity = "question"
    code = "workbook.merged_cell"
    message = Text(
        "“{name_zh}”所在的 {area} 是合并单元格，无法确定各行的取值。",
        "{area} of '{name_en}' is a merged cell; the value of each row cannot be told.",
    )
    hint = Text("请取消合并，并逐行填写。", "Unmerge it and fill in every row.")


class SecondTable(CellProblem):
    severity = "question"
    code = "workbook.second_table"
    message = Text(
        "第 {heading} 行起是另一张列次不同的表，该行没有读取。",
        "A second table with other columns starts in row {heading}; this row was not read.",
    )
    hint = Text("请把两张表合并为一张，或分成两个文件。", "Join the two tables into one, or hand in two files.")


class ExtraCells(CellProblem):
    severity = "question"
    code = "workbook.extra_cells"
    message = Text(
        "该行比表头多出内容（共 {found} 格，表头 {expected} 格），各列可能已错位。",
        "The row is longer than the heading ({found} cells against {expected}); its cells may be in the wrong columns.",
    )
    hint = Text(
        "数字或文字中的逗号请加引号，或另存为 xlsx。", "Put quotation marks around what holds commas, or save as xlsx."
    )


class RepeatedBlock(CellProblem):
    severity = "question"
    code = "workbook.repeated_block"
    message = Text(
        "第 {first} 至 {last} 行与第 {of} 行起的内容逐行相同，像是重复粘贴；重复的部分没有读取。",
        "Rows {first} to {last} repeat those from row {of} one by one, as if pasted twice; the repetition was not read.",
    )
    hint = Text(
        "如为重复请删除；如确为另一批货物，请在产品名称中加以区分。",
        "Delete them if they are a repetition; if they are other goods, tell them apart by their product names.",
    )


class SameSite(CellProblem):
    code = "workbook.same_site"
    message = Text(
        "装置“{site}”的 {year} 年在第 {other} 行已经填写。", "Installation '{site}' already has {year} in row {other}."
    )
    hint = Text("每个装置每个年度只保留一行。", "Keep one row per installation and year.")


class SameId(CellProblem):
    code = "workbook.same_id"
    message = Text("“{id}”在第 {other} 行已经填写。", "'{id}' is already given in row {other}.")
    hint = Text("只保留一行。", "Keep one of them.")


class NeedsDeclaration(CellProblem):
    severity = "warning"
    code = "workbook.needs_declaration"
    message = Text(
        "“不适用”需要带日期的声明；没有日期按缺失处理。",
        "'Not applicable' needs a dated declaration; without one it counts as missing.",
    )
    hint = Text("请填写声明日期。", "Enter the day of the declaration.")


class CurrencyConflict(CellProblem):
    severity = "question"
    code = "workbook.currency_conflict"
    message = Text(
        "价格中的币种 {one} 与币种栏 {other} 不一致。", "The price names {one}, the currency column {other}."
    )
    hint = Text("请只保留正确的币种。", "Keep the right currency.")


class ForeignCurrency(CellProblem):
    code = "workbook.foreign_currency"
    message = Text(
        "“{name_zh}”应为人民币，单元格里写的是 {currency}。", "'{name_en}' is in CNY; the cell names {currency}."
    )
    hint = Text("请折算为人民币后填写。", "Convert it to CNY.")
