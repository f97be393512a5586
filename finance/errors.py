"""What a bank's figures are refused for, and what can be done about it."""

from __future__ import annotations

from models.errors import Text, YuetanError


class BadOutstanding(YuetanError):
    code = "finance.outstanding"
    message = Text("贷款余额缺失或不是正数。", "The outstanding amount is missing or not positive.")
    hint = Text(
        "请填写报告日的本金余额；已结清的贷款请删去。",
        "Enter the principal on the reporting day; leave repaid loans out.",
    )


class UnknownClass(YuetanError):
    code = "finance.class_unknown"
    message = Text("资产类别不认识或未填写。", "The asset class is not known or not stated.")
    hint = Text(
        "可用：business_loan、unlisted_equity、listed、project。",
        "Known: business_loan, unlisted_equity, listed, project.",
    )


class NoDenominator(YuetanError):
    code = "finance.denominator_missing"
    message = Text(
        "缺少归因分母所需的数（权益、债务、市值、少数股东权益或收入）。",
        "A figure of the attribution's denominator is missing (equity, debt, market value, minority interests or revenue).",
    )
    hint = Text(
        "请按资产类别补齐；没有的项目填 0，空不等于零。", "Complete it for the asset class; enter 0 for what is nil."
    )


class DenominatorNotPositive(YuetanError):
    code = "finance.denominator_not_positive"
    message = Text(
        "归因分母或其组成部分为负，或合计不是正数。",
        "A part of the denominator is negative, or its sum is not positive.",
    )
    hint = Text("请核对资产负债表和单位。", "Check the balance sheet and its unit.")


class EvicBelowDebt(YuetanError):
    code = "finance.evic_below_debt"
    message = Text("企业价值（含现金）小于总债务。", "The enterprise value including cash is below total debt.")
    hint = Text(
        "EVIC 不得扣除现金；请核对市值、债务和单位。", "EVIC is not net of cash; check market value, debt and unit."
    )


class EvicNotItsParts(YuetanError):
    code = "finance.evic_parts"
    message = Text("填报的企业价值与各组成部分之和不符。", "The stated enterprise value is not the sum of its parts.")
    hint = Text("请更正其中之一，或只填一种。", "Correct one of them, or state only one.")


class AttributionAboveOne(YuetanError):
    code = "finance.attribution_above_one"
    message = Text(
        "归因系数大于 1：余额超过了分母。",
        "The attribution factor is above one: more is outstanding than the denominator.",
    )
    hint = Text("请核对余额与资产负债表的单位和日期。", "Check unit and date of the amount and the balance sheet.")


class BorrowerOverAttributed(YuetanError):
    code = "finance.borrower_over_attributed"
    message = Text(
        "同一借款人各笔贷款的归因系数合计大于 1。",
        "The attribution factors of one borrower's loans sum to more than one.",
    )
    hint = Text(
        "请核对是否重复计入，或资产负债表过旧。", "Check for a loan entered twice or an outdated balance sheet."
    )


class NoEmissions(YuetanError):
    code = "finance.emissions_missing"
    message = Text("缺少借款人的范围 1+2 排放量。", "The borrower's scope 1 and 2 emissions are missing.")
    hint = Text("请填写排放量和数据质量；不会以零代替。", "Enter them with their data quality; no zero stands in.")


class NoQuality(YuetanError):
    code = "finance.quality_missing"
    message = Text("排放量没有数据质量分（1 至 5）。", "The emissions have no data-quality score from 1 to 5.")
    hint = Text("请注明排放量的来源方式。", "State how the emissions were obtained.")


class LoanTwice(YuetanError):
    code = "finance.loan_twice"
    message = Text("同一贷款编号出现多次，均未计入。", "A loan id appears more than once; none of its rows counts.")
    hint = Text("请删去重复行，或改正编号。", "Delete the repeats or correct the ids.")


class OtherCurrency(YuetanError):
    code = "finance.other_currency"
    message = Text("该行币种与贷款簿币种不同。", "The row's currency differs from the book's.")
    hint = Text(
        "请按报告日汇率折算后填报，不会自动换算。",
        "Convert it at the reporting day's rate; nothing is converted in silence.",
    )


class BorrowerUnknown(YuetanError):
    code = "finance.borrower_unknown"
    message = Text("借款人表中没有这笔贷款的借款人。", "The borrower of the loan is not in the table of borrowers.")
    hint = Text("请补填借款人，或改正编号。", "Add the borrower or correct the id.")


class BorrowerTwice(YuetanError):
    code = "finance.borrower_twice"
    message = Text("借款人 {borrower} 出现多次。", "Borrower {borrower} appears more than once.")
    hint = Text("每个借款人一行；多个工厂请先合计。", "One row each; add plants up first.")


class WrongTotal(YuetanError):
    code = "finance.wrong_total"
    message = Text(
        "贷款簿合计 {stated} 与各行之和 {found} 不符。",
        "The book's total of {stated} is not the sum of its rows, {found}.",
    )
    hint = Text("请核对是否缺行或重复。", "Check for rows that are missing or entered twice.")


class UnequalColumns(YuetanError):
    code = "finance.unequal_columns"
    message = Text("“{name}”的行数与其他列不同。", "'{name}' has another number of rows than the other columns.")
    hint = Text("各列须一一对应。", "Columns must match row by row.")


class NoFigure(YuetanError):
    code = "finance.figure_missing"
    message = Text("借款人缺少压力测试所需的数。", "A figure of the borrower that the stress needs is missing.")
    hint = Text(
        "请补齐该字段；不适用的吨数和金额填 0（如不在碳市场、没有欧盟出口），空不等于零。",
        "Complete the field; enter 0 for tonnes and money that are nil (no carbon market, no exports to the EU).",
    )


class BeyondBounds(YuetanError):
    code = "finance.beyond_bounds"
    message = Text("数值超出其定义的范围。", "The value is beyond what its definition allows.")
    hint = Text(
        "比例请用小数：传导率 0 至 1.5，承担比例、税率、LGD 0 至 1；吨数和债务不为负。",
        "Fractions, not percent: pass-through 0 to 1.5; share borne, tax and LGD 0 to 1; tonnes and debt not negative.",
    )


class BadPd(YuetanError):
    code = "finance.pd"
    message = Text(
        "违约概率缺失，或等于 0 或 1，无法承接变动。", "The PD is missing, or is 0 or 1, and cannot carry a move."
    )
    hint = Text(
        "请填写银行自己的 PD（0 与 1 之间的小数）及其期限。",
        "Enter the bank's PD, a fraction between 0 and 1, with its horizon.",
    )


class HorizonMixed(YuetanError):
    code = "finance.horizon_mixed"
    message = Text("违约概率的期限与模型期限不同。", "The PD is over another horizon than the model.")
    hint = Text(
        "请先换算为同一期限（累计与年化），不会自动混用。", "Convert it to one horizon first; nothing is mixed."
    )


class NoRelativeMove(YuetanError):
    code = "finance.relative_refused"
    message = Text(
        "模型的基准违约概率低于 0.000001，不能按倍数承接。",
        "The model's own PD is below 0.000001 and a relative move would have no meaning.",
    )
    hint = Text("请改用 z 值或绝对变动。", "Use the z-score or the absolute move.")


class NoPerpetuity(YuetanError):
    code = "finance.no_perpetuity"
    message = Text(
        "折现率须高于增长率，永久损失才有现值。",
        "A permanent loss has a value only where the rate is above the growth.",
    )
    hint = Text(
        "请更正折现率或增长率，或改为贷款期限内的损失。", "Correct either, or take the loss over the loan's horizon."
    )


class SignAgainst(YuetanError):
    code = "finance.sign_against"
    message = Text(
        "系数“{name}”的符号与其风险方向相反。", "The coefficient of '{name}' runs against its direction of risk."
    )
    hint = Text(
        "盈利越高风险越低，系数不得为正。", "More earnings mean less risk: the coefficient must not be positive."
    )


class NoBookRows(YuetanError):
    code = "finance.no_rows"
    message = Text("贷款簿没有任何一行。", "The loan book has no rows.")
    hint = Text("请填写至少一笔贷款及其借款人。", "Enter at least one loan and its borrower.")


class BadBands(YuetanError):
    code = "finance.rating_bands"
    message = Text(
        "评级的违约概率上限须严格递增，并在 0 与 1 之间。",
        "The PD bounds of the ratings must rise strictly between 0 and 1.",
    )
    hint = Text("请按从好到差填写本行评级主标尺。", "Enter the bank's own master scale from best to worst.")


class NoDebt(YuetanError):
    code = "finance.no_debt"
    message = Text(
        "借款人债务为零，结构模型没有违约点。", "The borrower has no debt; a structural model has no default point."
    )
    hint = Text("有贷款的借款人债务应大于零；请核对。", "A borrower with a loan has debt; check the figure.")


class InsolventToday(YuetanError):
    code = "finance.insolvent_today"
    message = Text(
        "借款人的权益当前已不为正，结构模型没有变动可言。",
        "The borrower's equity is not positive today; a structural model has no move.",
    )
    hint = Text("请按本行规则直接评定，或核对权益。", "Rate it by the bank's own rules, or check the equity.")
