"""Refusals of the pass-through models."""

from __future__ import annotations

from models.errors import Text, YuetanError


class NoSuchMarket(YuetanError):
    """A market structure for which the formula has no answer."""

    code = "passthrough.no_such_market"
    message = Text("按所给市场结构无法计算传导率：{why_zh}。", "No rate follows from this market structure: {why_en}.")
    hint = Text("请核对各项输入的数值和区间。", "Check the values and intervals given.")


class NoisyDenominator(YuetanError):
    """A rate on paid cost where next to nothing is paid."""

    code = "passthrough.noisy_denominator"
    message = Text(
        "净排放仅为总排放的 {share:.1%}，低于 {least:.0%}，不给出相对实付成本的传导率：分母只是噪声。",
        "Net emissions are {share:.1%} of gross, below {least:.0%}; no rate on paid cost is given: the denominator is noise.",
    )
    hint = Text("请改看相对全额或边际成本的传导率。", "Read the rate against full or marginal cost instead.")


class BadTermSheet(YuetanError):
    """Terms of a surcharge clause that contradict each other."""

    code = "passthrough.bad_term_sheet"
    message = Text("附加费条款有误：{why_zh}。", "The surcharge clause is not sound: {why_en}.")
    hint = Text("请更正条款。", "Correct the terms.")


class IndexMissing(YuetanError):
    """A delivery whose window the index does not cover."""

    code = "passthrough.index_missing"
    message = Text(
        "{day} 交货的计价窗口 {first} 至 {last} 内只有 {seen} 个有效指数值（需 {needed} 个），未计算附加费。",
        "The window {first} to {last} of the delivery on {day} holds {seen} index values ({needed} needed); "
        "no surcharge is computed.",
    )
    hint = Text(
        "请补充指数，或在合同中约定缺失日的处理。", "Supply the index, or agree on missing days in the contract."
    )


class BadSeries(YuetanError):
    """A series that cannot be estimated with."""

    code = "passthrough.bad_series"
    message = Text("序列“{name}”无法使用：{why_zh}。", "Series '{name}' cannot be used: {why_en}.")
    hint = Text("{mend_zh}", "{mend_en}")


class NotEstimable(YuetanError):
    """A sample from which nothing can be estimated."""

    code = "passthrough.not_estimable"
    message = Text("无法估计：{why_zh}。", "Nothing can be estimated: {why_en}.")
    hint = Text("{mend_zh}", "{mend_en}")
