"""What a bill can be wrong about."""

from __future__ import annotations

from models.errors import Text, YuetanError


class MassZero(YuetanError):
    code = "footprint.mass_zero"
    message = Text(
        "产品“{product}”的声明单位是“{unit}”，质量却填 0。",
        "'{product}' is declared per '{unit}' and its mass is given as 0.",
    )
    hint = Text(
        "质量为 0 只适用于电、热、运输和服务；请填写每个声明单位的千克数。",
        "A mass of 0 is for energy, transport and services only; enter the kilograms in one declared unit.",
    )


class NotOnBill(YuetanError):
    code = "footprint.not_on_bill"
    message = Text(
        "“{of}”所指的产品“{product}”不在产品表中。", "'{of}' names the product '{product}', which is not on the list."
    )
    hint = Text("请与产品表一致。", "Name a product of the list.")


class NotDivided(YuetanError):
    code = "footprint.not_divided"
    message = Text(
        "活动“{activity}”由几个产品共有，但没有说明如何分配（工序“{process}”）。",
        "'{activity}' is shared by several products, and nothing says how it is divided (process '{process}').",
    )
    hint = Text(
        "分别计量的写明产品；共有的写明工序，并给出该工序的分配规则。",
        "Name its product where it is metered apart; else name its process and give the rule of that process.",
    )
