"""What the submissions of factors refuse, in the words of ``models.errors``."""

from __future__ import annotations

from models.errors import Text, YuetanError


class FactorTaken(YuetanError):
    code = "factors.taken"
    message = Text("因子编号“{id}”已有，内容不同。", "The factor id '{id}' is taken by other content.")
    hint = Text(
        "因子不可更改：更正请用新编号，并在“替代”中写明旧编号。",
        "A factor never changes: give a correction a new id and name the old one as superseded.",
    )


class NotToSupersede(YuetanError):
    code = "factors.not_to_supersede"
    message = Text(
        "“{id}”不是本机构提交过的因子，不能替代。", "'{id}' was not handed in here and cannot be superseded."
    )
    hint = Text(
        "已公布的国家或省级因子只能由公布机构替代；请核对编号。",
        "What an authority published is superseded by the authority alone; check the id.",
    )


class OwnSubmission(YuetanError):
    code = "factors.own_submission"
    message = Text("提交人不能审核自己的因子。", "Nobody reviews a factor that they handed in.")
    hint = Text(
        "请由另一位有审核权限的人员审核；未启用登录时只有一位使用者，不能审核。",
        "Have somebody else with the right to review do it; without sign-in there is one user only, and no review.",
    )


class Decided(YuetanError):
    code = "factors.decided"
    message = Text("该因子的状态是“{state_zh}”，不能再这样处理。", "The factor is {state_en}; that is no longer open.")
    hint = Text("需要更正时请提交新的因子。", "Hand a new factor in where it needs correcting.")


class NotYours(YuetanError):
    code = "factors.not_yours"
    message = Text(
        "只有提交人或有审核权限的人员可以撤回。", "Its submitter, or somebody who may review, takes a factor back."
    )
    hint = Text("请联系提交人。", "Ask its submitter.")


class NotMapped(YuetanError):
    code = "factors.not_mapped"
    message = Text(
        "“{id}”不是已知的{level_zh}因子，不能建立对应。",
        "'{id}' is no {level_en} factor that is known; it cannot be mapped.",
    )
    hint = Text(
        "国家因子编号见因子列表；省级因子请先提交。",
        "National ids are in the list of factors; hand the provincial factor in first.",
    )


class TooManyFactors(YuetanError):
    code = "factors.too_many"
    message = Text("一个机构最多提交 {limit} 条因子。", "An organisation hands in {limit} factors at most.")
    hint = Text("请联系运营方。", "Ask the operator.")
