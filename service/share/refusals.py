"""What sharing refuses."""

from __future__ import annotations

from models.errors import Text, YuetanError


class NoSuchOrganisation(YuetanError):
    code = "share.no_such_organisation"
    message = Text("这里没有该机构。", "There is no such organisation here.")
    hint = Text(
        "请向对方索取其统一社会信用代码，或其“账户”页上的机构编号。",
        "Ask them for their unified social credit code, or for the id on their account page.",
    )


class WithOneself(YuetanError):
    code = "share.with_oneself"
    message = Text("不能与本机构共享。", "You cannot share with your own organisation.")
    hint = Text("请填写另一家机构。", "Name another organisation.")


class ExpiredAtBirth(YuetanError):
    code = "share.expired_at_birth"
    message = Text("截止时间已过。", "The end lies in the past.")
    hint = Text("请填写以后的日期。", "Give a day to come.")


class TooLong(YuetanError):
    code = "share.too_long"
    message = Text("截止时间超过 {days} 天。", "The end is more than {days} days away.")
    hint = Text("请填写较近的日期，到期可再次共享。", "Give an earlier day; share again when it ends.")


class UnknownField(YuetanError):
    code = "share.unknown_field"
    message = Text("“{kind_zh}”没有这个可共享的字段。", "There is no such field to share of: {kind_en}.")
    hint = Text("可共享的字段见 /api/v1/shares/fields。", "See /api/v1/shares/fields for those it has.")


class NothingThere(YuetanError):
    code = "share.nothing_there"
    message = Text("所选字段在这条记录中没有内容。", "The record holds nothing in the fields chosen.")
    hint = Text("请选择其他字段。", "Choose other fields.")


class NotWhole(YuetanError):
    code = "share.not_one_record"
    message = Text("应指明一条记录。", "Exactly one record must be named.")
    hint = Text(
        "评估、评分、成本单和足迹填编号（subject）；扣减材料填其输入（dossier）。",
        "Give the id (subject) of an assessment, score, statement or footprint, or the input of a dossier (dossier).",
    )


class NothingHeld(YuetanError):
    code = "review.nothing_held"
    message = Text(
        "这次共享没有待审查的字段，或已有待审查的申请。",
        "No field of this share waits for a review, or one is asked for.",
    )
    hint = Text("请查看审查列表。", "Look at the list of reviews.")


class SamePerson(YuetanError):
    code = "review.same_person"
    message = Text("申请人不能审查自己的申请。", "Whoever asked cannot be the one who decides.")
    hint = Text("请由另一位有审查权限的同事处理。", "Let a colleague with the right to review decide.")


class Decided(YuetanError):
    code = "review.decided"
    message = Text("该审查已有结论。", "The review has been decided.")
    hint = Text("如需再次对外提供，请重新申请。", "Ask for a new review to let it go again.")


class NoDocument(YuetanError):
    code = "review.no_document"
    message = Text(
        "通过审查须写明审查文件和有效期至。", "A pass needs the document it rests on and the day it holds to."
    )
    hint = Text("请填写 doc_ref 和 valid_to。", "Give doc_ref and valid_to.")


class BadPass(YuetanError):
    code = "review.bad_pass"
    message = Text("有效期应在今天至 {days} 天之间。", "A pass holds from today for {days} days at most.")
    hint = Text("请更正有效期。", "Correct the day it holds to.")


class BadForm(YuetanError):
    code = "share.bad_form"
    message = Text("请检查：{what_zh}。", "Please check: {what_en}.")
    hint = Text("按提示填写后再提交。", "Fill them in as the labels say and send again.")
