"""What kept footprints and their disclosure refuse, in the words of ``models.errors``."""

from __future__ import annotations

from models.errors import Text, YuetanError


class Follows(YuetanError):
    code = "footprint.follows"
    message = Text(
        "“{product}” {year} 年按同一方法已有第 {version} 版（编号 {id}）。",
        "'{product}' of {year} by this method is kept as version {version} already (id {id}).",
    )
    hint = Text(
        "留存的版本不可更改：请在 follows 中写明该编号，并说明为什么有新版本。",
        "A kept version never changes: name that id in 'follows' and say why there is another.",
    )


class NothingToFollow(YuetanError):
    code = "footprint.nothing_to_follow"
    message = Text("没有可替代的版本。", "There is no version to follow.")
    hint = Text("第一次留存请不要填写 follows。", "Leave 'follows' out for a first version.")


class Moved(YuetanError):
    code = "footprint.moved"
    message = Text(
        "按今天的因子数据不能得到留存时的结果，因此不能重新出报告。",
        "The data of today do not give what was kept, so no report can be made of it again.",
    )
    hint = Text(
        "留存的数字仍有效；如需新报告，请用今天的数据留存新版本。",
        "What is kept stands; keep a new version for a new report.",
    )


class UnknownField(YuetanError):
    code = "disclosure.unknown_field"
    message = Text("没有可披露的字段“{name}”。", "There is no field '{name}' to disclose.")
    hint = Text("可用字段：{known}。", "Fields: {known}.")


class NeedsRecipient(YuetanError):
    code = "disclosure.needs_recipient"
    message = Text(
        "披露“{name}”须写明接收方：它不是公开字段。", "'{name}' is not public: name the recipient it is released to."
    )
    hint = Text("请填写接收方名称，或不要列出该字段。", "Give the recipient's name, or leave the field out.")


class NeedsReview(YuetanError):
    code = "disclosure.needs_review"
    message = Text(
        "“{name}”向境外接收方提供前须经审查。", "'{name}' is reviewed before it leaves for a recipient abroad."
    )
    hint = Text("请填写审查文号，或不要列出该字段。", "Give the number of the review, or leave the field out.")
