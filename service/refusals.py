"""What the service itself refuses, in the words of ``models.errors``; ``service.errors`` gives each its HTTP status."""

from __future__ import annotations

from models.errors import Text, YuetanError


class NotFound(YuetanError):
    code = "service.not_found"
    message = Text("没有这条记录，或您无权查看。", "There is no such record, or you may not see it.")
    hint = Text("请从列表中打开。", "Open it from the list.")


class TooLarge(YuetanError):
    code = "service.too_large"
    message = Text("内容超过 {limit_mb} MB 的上限。", "The content is larger than the limit of {limit_mb} MB.")
    hint = Text("请拆分后再提交。", "Split it and hand it in again.")


class TooMany(YuetanError):
    code = "service.too_many"
    message = Text("请求太多，已超过{what_zh}的上限。", "Too many requests: the limit of {what_en} is reached.")
    hint = Text("请在 {seconds} 秒后再试。", "Try again in {seconds} seconds.")


class WrongMedia(YuetanError):
    code = "service.wrong_media"
    message = Text("不支持该内容类型，应为 {expected}。", "This content type is not supported; {expected} is expected.")
    hint = Text(
        "请按接口说明设置 Content-Type，或换用支持的文件。", "Set Content-Type as documented, or use such a file."
    )


class BadJson(YuetanError):
    code = "service.bad_json"
    message = Text("JSON 无法接受：{why_zh}。", "The JSON cannot be accepted: {why_en}.")
    hint = Text("请按接口文档中的示例改写。", "Write it as the examples of the API description do.")


class BadNumber(YuetanError):
    code = "input.bad_number"
    message = Text("“{what_zh}”应为大于零的数。", "'{what_en}' must be a number above zero.")
    hint = Text("请只填数字，如 7.85；不需要时留空。", "Enter digits only, such as 7.85, or leave it empty.")


class BadField(YuetanError):
    code = "service.form_field"
    message = Text("“{what_zh}”没有填写或填写有误。", "'{what_en}' is missing or not valid.")
    hint = Text("请更正后重新提交。", "Correct it and send the form again.")


class BadCursor(YuetanError):
    code = "service.bad_cursor"
    message = Text("翻页标记无效。", "The cursor is not valid.")
    hint = Text("请从第一页重新开始，使用上一次应答给出的 next。", "Start again; use 'next' of the previous answer.")


class NotReady(YuetanError):
    code = "service.not_ready"
    message = Text("{what_zh}。", "{what_en}.")
    hint = Text("请稍后再试。", "Try again in a moment.")


class NoRoom(YuetanError):
    code = "service.no_room"
    message = Text("存储空间已满，本次内容没有保存。", "The storage is full; nothing of this was kept.")
    hint = Text("请联系管理员释放空间，然后原样重试。", "Ask the operator to make room, then send the same again.")


class Finished(YuetanError):
    code = "job.finished"
    message = Text("任务已经结束，不能取消。", "The job has ended and cannot be cancelled.")
    hint = Text(
        "请查看任务的结果；需要重算请重新上传。", "Look at what came of it; to compute again, hand the file in again."
    )


class NotRetried(YuetanError):
    code = "job.not_retried"
    message = Text(
        "任务没有结束或已经完成，不能重试。", "The job has not ended, or ended well, and cannot be tried again."
    )
    hint = Text(
        "未结束的任务会自动重试；需要停止请取消。",
        "One that has not ended is tried again by itself; cancel it to stop it.",
    )


class RightLost(YuetanError):
    code = "job.right_lost"
    message = Text(
        "提交任务的人已没有“{right_zh}”的权限，任务没有完成。",
        "Whoever asked for the job lost the right to: {right_en}. The job left nothing.",
    )
    hint = Text("请由有权限的人重新提交。", "Let somebody who has the right ask again.")


class StoppedTrying(YuetanError):
    code = "job.parked"
    message = Text(
        "任务执行 {attempts} 次都没有完成（进程中断、超时或内存不足），已停止重试。",
        "The job was tried {attempts} times and never ended (process lost, out of time or memory); it is not tried again.",
    )
    hint = Text(
        "请拆分文件后重新上传；如仍失败，请联系管理员。", "Split the file and upload it again, or ask the operator."
    )


class OutOfMemory(YuetanError):
    code = "job.out_of_memory"
    message = Text("任务所需内存超过上限。", "The job needs more memory than it may take.")
    hint = Text(
        "请把文件拆成几份后重新上传，或联系管理员。", "Split the file and upload the parts, or ask the operator."
    )


class OutOfTime(YuetanError):
    code = "job.out_of_time"
    message = Text("任务没有在规定时间内完成。", "The job did not end in the time it may take.")
    hint = Text(
        "请把文件拆成几份后重新上传，或联系管理员。", "Split the file and upload the parts, or ask the operator."
    )


class Unexpected(YuetanError):
    code = "service.unexpected"
    message = Text("程序出错，已记录。", "The program failed; the failure has been recorded.")
    hint = Text("请稍后再试；如仍失败，请联系管理员。", "Try again; if it fails again, ask the operator.")


class SameLine(YuetanError):
    code = "goods.same_line"
    message = Text("货物中有两行的 line 相同（{line}）。", "Two goods have the same line ({line}).")
    hint = Text("每行货物请用不同的 line。", "Give every good a line of its own.")


class Refused(YuetanError):
    code = "service.refused"
    message = Text("没有一行可以计算，请看问题清单。", "No row can be computed; see the findings.")
    hint = Text("请按问题清单更正后重新上传。", "Correct the file as the findings say and upload it again.")
