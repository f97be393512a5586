"""What a file is refused for as a whole."""

from __future__ import annotations

from models.errors import Text, YuetanError


class BadFile(YuetanError):
    """Base of refusals of a whole file."""

    code = "file.unreadable"
    message = Text("文件无法读取（{what_zh}）。", "The file cannot be read ({what_en}).")
    hint = Text(
        "请用 Excel 或 WPS 打开后另存为 .xlsx 再上传。", "Open it in Excel or WPS, save it as .xlsx and try again."
    )


class EmptyFile(BadFile):
    code = "file.empty"
    message = Text("文件是空的。", "The file is empty.")
    hint = Text("请检查是否选错了文件。", "Check that this is the right file.")


class Encrypted(BadFile):
    code = "file.encrypted"
    message = Text("文件有打开密码。", "The file is protected by a password.")
    hint = Text("请在 Excel 中取消密码后再上传。", "Remove the password in Excel and try again.")


class TooBig(BadFile):
    code = "file.too_big"
    message = Text(
        "文件超出可处理的大小：{what_zh}（上限 {limit}）。",
        "The file is larger than can be handled: {what_en} (limit {limit}).",
    )
    hint = Text(
        "请拆分文件，或删除货物以外的内容和空白单元格后再上传。",
        "Split the file, or remove what is not goods and the empty cells, and try again.",
    )


class Suspicious(BadFile):
    code = "file.suspicious"
    message = Text(
        "压缩比异常，疑似压缩炸弹，未解压。", "The file unpacks to far more than it holds; it was not unpacked."
    )
    hint = Text("请用 Excel 另存后再上传。", "Save it again in Excel and try again.")


class OutOfTime(BadFile):
    code = "file.out_of_time"
    message = Text(
        "读取文件超出时间或内存上限，已中止。", "Reading the file took too long or too much memory and was stopped."
    )
    hint = Text("请拆分文件，或另存为 .xlsx 后再上传。", "Split the file, or save it as .xlsx, and try again.")


KINDS: dict[str, type[BadFile]] = {
    kind.code: kind for kind in (BadFile, EmptyFile, Encrypted, TooBig, Suspicious, OutOfTime)
}
