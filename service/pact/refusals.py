"""What the exchange of footprints refuses, in words for people; partners get PACT's own error bodies."""

from __future__ import annotations

from models.errors import Text, YuetanError


class Changed(YuetanError):
    code = "pact.immutable"
    message = Text(
        "足迹 {pf_id} 已存在且内容不同：足迹不可更改。",
        "Footprint {pf_id} exists with other content: a footprint never changes.",
    )
    hint = Text(
        "请使用新的编号，并在 precedingPfIds 中写明旧编号。", "Give a new id and name the old one in precedingPfIds."
    )


class NotPublishable(YuetanError):
    code = "pact.not_publishable"
    message = Text("足迹不能发布：{why_zh}。", "The footprint cannot be published: {why_en}.")
    hint = Text("请按说明更正。", "Correct it as it says.")


class NoAddress(YuetanError):
    code = "pact.no_address"
    message = Text("未登记该伙伴的接口地址。", "No address is registered for the partner.")
    hint = Text(
        "请在伙伴登记中填写地址和凭证；地址绝不取自消息。",
        "Enter address and credentials with the partner; an address is never taken from a message.",
    )


class BadAddress(YuetanError):
    code = "pact.bad_address"
    message = Text("不允许的地址：{why_zh}。", "The address is not allowed: {why_en}.")
    hint = Text("请使用公网 https 地址。", "Use a public https address.")


class NoLongerReleased(YuetanError):
    code = "pact.no_longer_released"
    message = Text(
        "足迹 {pf_id} 已不再提供给该伙伴，没有发送。",
        "Footprint {pf_id} is no longer released to the partner; it was not sent.",
    )
    hint = Text("如仍要提供，请重新向该伙伴发布。", "Release it to the partner again if it is to have it.")


class Unanswered(YuetanError):
    code = "pact.unanswered"
    message = Text("伙伴“{partner}”没有完成：{why_zh}。", "Partner '{partner}' did not complete it: {why_en}.")
    hint = Text(
        "将按指数退避重试，72 小时后放弃。", "It is tried again with growing pauses and given up after 72 hours."
    )
