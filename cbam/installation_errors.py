"""What is refused or remarked about the processes of an installation and what they use, and what to do."""

from __future__ import annotations

from models.errors import Text, YuetanError


class ZeroActivity(YuetanError):
    code = "cbam.zero_activity"
    message = Text("工序“{process}”的活动水平为零。", "The activity level of process '{process}' is zero.")
    hint = Text(
        "请填写当年可销售产量（吨）；当年没有生产的工序不必填写。",
        "Enter the saleable tonnes of the year; a process that made nothing is left out.",
    )


class NoEmissionsStated(YuetanError):
    code = "cbam.no_emissions_stated"
    message = Text(
        "工序“{process}”既没有源流，也没有填写直接排放。",
        "Process '{process}' has neither source streams nor direct emissions.",
    )
    hint = Text(
        "只做切割、焊接、精整的工序请写明 direct_t 为 0；空缺不按零计算。",
        "A process that only cuts, welds or finishes states direct_t as 0; what is absent is not zero.",
    )


class EmissionsTwice(YuetanError):
    code = "cbam.emissions_twice"
    message = Text(
        "工序“{process}”的直接排放给了两次：既有源流“{id}”，又有 direct_t。",
        "Direct emissions of process '{process}' are given twice: by stream '{id}' and as direct_t.",
    )
    hint = Text("请只保留一种。", "Keep one of them.")


class GroupMixed(YuetanError):
    code = "cbam.group_mixed"
    message = Text(
        "工序“{process}”的编码 {cn_code} 与 {main} 不属于同一类货物，不能合为一个工序。",
        "Code {cn_code} of process '{process}' is not of the same category of goods as {main}: they cannot be one process.",
    )
    hint = Text("请分成两个工序填写。", "Enter two processes.")


class GroupBenchmarks(YuetanError):
    code = "cbam.group_benchmarks"
    message = Text(
        "工序“{process}”各编码的 A 列基准值不同；被其他工序使用时按 {main} 计算。",
        "The codes of process '{process}' have different column A benchmarks; other processes that use it take that of {main}.",
    )
    hint = Text("如需按实际编码计算，请分成两个工序。", "Enter two processes to have each counted with its own.")


class SameCodeApart(YuetanError):
    code = "cbam.same_code_apart"
    message = Text(
        "{cn_code} 由多个工序生产（{processes}），法规要求合为一个工序；出厂值按产量加权平均。",
        "{cn_code} is made by several processes ({processes}); the act asks for one. What leaves is their average by mass.",
    )
    hint = Text(
        "请合并为一个工序；站内使用仍按各工序自身的值计算。",
        "Merge them; what is used on site still takes the value of the process that it comes from.",
    )


class JointUnclear(YuetanError):
    code = "cbam.joint_unclear"
    message = Text(
        "联合工序“{joint}”应恰有一个最终产品，现在有：{ends}。",
        "Joint process '{joint}' must have exactly one final product; there are: {ends}.",
    )
    hint = Text(
        "请用 uses 说明成员之间谁用谁的产品，或拆开联合工序。",
        "Say in uses which member uses the product of which, or part the joint process.",
    )


class JointLeaves(YuetanError):
    code = "cbam.joint_leaves"
    message = Text(
        "联合工序“{joint}”：成员“{process}”的产品有 {mass_t:.6g} t 离开联合工序，不允许合并。",
        "Joint process '{joint}': {mass_t:.6g} t of what member '{process}' makes leave it, so that it cannot be joint.",
    )
    hint = Text(
        "有外销或用于其他工序的中间产品时，请分开填写工序。",
        "Where an intermediate is sold or used elsewhere, enter the processes apart.",
    )


class JointMerged(YuetanError):
    code = "cbam.joint_merged"
    message = Text(
        "工序“{process}”并入联合工序“{final}”，不单独给出 SEE；免费分配只按最终产品的 A 列计算。",
        "Process '{process}' is part of the joint process of '{final}' and has no SEE of its own; "
        "the free allocation takes column A of the final product only.",
    )
    hint = Text(
        "分开填写时中间产品的 A 列也计入 SEFA，两种方式请比较。",
        "Entered apart, column A of the intermediate counts in SEFA too; compare both.",
    )


class UseUnclear(YuetanError):
    code = "cbam.use_unclear"
    message = Text(
        "工序“{process}”的一行用料应在 material 和 from_process 中恰好填写一项。",
        "A use of process '{process}' must name exactly one of material and from_process.",
    )
    hint = Text("外购填 material，站内产品填 from_process。", "Bought: material; made on site: from_process.")


class UnknownMaterial(YuetanError):
    code = "cbam.unknown_material"
    message = Text(
        "工序“{process}”使用的“{material}”不在采购表中。",
        "'{material}', used by process '{process}', is not among the purchases.",
    )
    hint = Text("请补充采购批次，或核对名称。", "Add the purchase, or check the name.")


class MoreUsedThanBought(YuetanError):
    code = "cbam.more_used_than_bought"
    message = Text(
        "“{material}”用了 {used_t:.6g} t，而采购与库存变化只有 {there_t:.6g} t。",
        "{used_t:.6g} t of '{material}' were used; purchases and stock changes give {there_t:.6g} t.",
    )
    hint = Text(
        "请补齐供应商、期初库存，或更正用量；来源不明的部分可作为原产地不明的一批填写。",
        "Add suppliers or opening stock, or correct the use; what has no known source may be a lot without origin.",
    )


class LessUsedThanBought(YuetanError):
    code = "cbam.less_used_than_bought"
    message = Text(
        "“{material}”有 {left_t:.6g} t 没有说明去向。",
        "{left_t:.6g} t of '{material}' are not accounted for.",
    )
    hint = Text(
        "请填写期末库存或其他用途；漏填的用料会使 SEE 偏低。",
        "State closing stock or other use; a use left out makes SEE too low.",
    )


class MoreUsedThanMade(YuetanError):
    code = "cbam.more_used_than_made"
    message = Text(
        "工序“{process}”的产品用了 {used_t:.6g} t，而产量只有 {made_t:.6g} t。",
        "{used_t:.6g} t of what process '{process}' makes were used; it made {made_t:.6g} t.",
    )
    hint = Text("请核对产量、用量和库存。", "Check production, use and stock.")


class LotBelowZero(YuetanError):
    code = "cbam.lot_below_zero"
    message = Text(
        "批次“{id}”的使用量为负：{used_t:.6g} t。", "The mass used of lot '{id}' is negative: {used_t:.6g} t."
    )
    hint = Text("请核对采购、库存和其他用途。", "Check purchase, stock and other use.")


class LotsWithoutEvidence(YuetanError):
    code = "cbam.lots_without_evidence"
    message = Text(
        "工序“{process}”只指定了部分“{material}”批次，但没有证据，按全部批次加权平均。",
        "Process '{process}' names only some lots of '{material}' without evidence: the average of all is taken.",
    )
    hint = Text("请在 evidence 栏说明证据（如分堆记录）。", "State the evidence, such as records of separate storage.")


class NotVerified(YuetanError):
    code = "cbam.not_verified"
    message = Text(
        "批次“{id}”的排放值没有核查报告，改用默认值。",
        "The emissions of lot '{id}' have no verified report: the default value is used.",
    )
    hint = Text(
        "取得核查报告后把 verified 填为是；填写的值保留，未用于计算。",
        "Set verified once there is a report; the value given is kept and not used.",
    )


class TotalGiven(YuetanError):
    code = "cbam.total_given"
    message = Text(
        "批次“{id}”（{cn_code}）只计直接排放，却只给了合计值。",
        "Only direct emissions of lot '{id}' ({cn_code}) count, but only a total is given.",
    )
    hint = Text(
        "请填写直接排放一栏（沟通模板 Summary_Products 的 I 列），合计含间接排放会多付费用。",
        "Enter the direct column (I in Summary_Products of the template); a total with indirect emissions costs more.",
    )


class SeePartsDiffer(YuetanError):
    code = "cbam.see_parts_differ"
    message = Text(
        "批次“{id}”的合计与直接、间接之和不符。",
        "The total of lot '{id}' is not its direct and indirect part together.",
    )
    hint = Text("请核对供应商报告中的三个数。", "Check the three figures of the supplier's report.")


class ReportOfAnotherYear(YuetanError):
    code = "cbam.report_of_another_year"
    message = Text(
        "批次“{id}”的报告年份是 {report_year}，装置年份是 {year}。",
        "The report of lot '{id}' is of {report_year}; the year of the installation is {year}.",
    )
    hint = Text(
        "只有前体确实在该年生产时才可使用；SEFA 也应是该年的系数。",
        "It may be used only if the precursor was made in that year; its SEFA must be of that year too.",
    )


class OriginUnknown(YuetanError):
    code = "cbam.origin_unknown"
    message = Text(
        "批次“{id}”没有生产国，按原产地不明的最高默认值计算。",
        "Lot '{id}' has no country of production: the highest default value, for unknown origin, is used.",
    )
    hint = Text("请向供应商索取生产国。", "Ask the supplier for the country of production.")


class DefaultUsed(YuetanError):
    code = "cbam.default_used"
    message = Text("批次“{id}”按 {origin} 的默认值计算。", "Lot '{id}' takes the default value of {origin}.")
    hint = Text("取得核查报告后填写实际值。", "Enter actual values once there is a verified report.")


class NoSupplierSefa(YuetanError):
    code = "cbam.no_supplier_sefa"
    message = Text(
        "批次“{id}”没有 SEFA，免费分配按 B 列计算。", "Lot '{id}' has no SEFA: its free allocation takes column B."
    )
    hint = Text("请向供应商索取核查报告中的 SEFA。", "Ask the supplier for the SEFA of the verified report.")


class NoPrecursor(YuetanError):
    code = "cbam.no_precursor"
    message = Text(
        "批次“{id}”（{cn_code}，品目 {heading}）不是 CBAM 货物，不是前体，按零计入。",
        "Lot '{id}' ({cn_code}, heading {heading}) is no CBAM good and no precursor: it counts as zero.",
    )
    hint = Text(
        "废钢、废铝即如此；其含碳量应写入物料平衡。",
        "So it is with scrap; the carbon in it belongs in the mass balance.",
    )


class NothingGoesIn(YuetanError):
    code = "cbam.nothing_goes_in"
    message = Text(
        "工序“{process}”生产 {made_t:.6g} t，却没有任何前体或废料进入。",
        "Process '{process}' makes {made_t:.6g} t, but no precursor and no scrap goes in.",
    )
    hint = Text(
        "请填写用料；漏填前体会使 SEE 严重偏低。", "Enter what it uses; a precursor left out makes SEE far too low."
    )


class LessInThanOut(YuetanError):
    code = "cbam.less_in_than_out"
    message = Text(
        "工序“{process}”进入的前体和废料 {in_t:.6g} t，少于产出 {made_t:.6g} t。",
        "{in_t:.6g} t of precursors and scrap go into process '{process}', less than the {made_t:.6g} t that leave.",
    )
    hint = Text(
        "前体质量按切割前计；只有镀层、涂层或非金属部件能解释差额。",
        "Precursors are weighed before cutting; only coating or non-metal parts explain a difference.",
    )


class Implausible(YuetanError):
    code = "cbam.implausible_see"
    message = Text(
        "工序“{process}”的单位隐含排放为 {see:.6g} tCO2e/t，超过 {most:g}，钢铁和铝都不会这么高。",
        "SEE of process '{process}' is {see:.6g} tCO2e/t, above {most:g}: no steel and no aluminium has that.",
    )
    hint = Text(
        "请核对活动水平与用量的单位（吨、千克）和排放因子。", "Check the units of activity, masses (t, kg) and factors."
    )


class RouteByCharge(YuetanError):
    code = "cbam.route_by_charge"
    message = Text(
        "工序“{process}”的路线按炉料推定为 {route}（{why_zh}）。",
        "The route of process '{process}' is taken from its charge: {route} ({why_en}).",
    )
    hint = Text(
        "这条规则来自草案报道，属于假设；核查报告写明路线后请填写 route。",
        "The rule is reported from a draft, an assumption; enter the route once the verified report states it.",
    )


class RouteAgainstCharge(YuetanError):
    code = "cbam.route_against_charge"
    message = Text(
        "工序“{process}”填写的路线是 {route}，按炉料应为 {derived}。",
        "Process '{process}' states route {route}; its charge points to {derived}.",
    )
    hint = Text("计算按填写的路线；请核对。", "The stated route is used; check it.")


class GradeNeeded(YuetanError):
    code = "cbam.grade_needed"
    message = Text(
        "工序“{process}”（{cn_code}）既有低合金又有高合金的基准值，需要说明钢种。",
        "There are benchmarks for low-alloy and high-alloy steel of {cn_code}, process '{process}': state the grade.",
    )
    hint = Text(
        "请在 charge.high_alloy 填写是否高合金（合金元素 8% 以上），或直接填写 route。",
        "State charge.high_alloy (8 % or more alloying elements), or enter the route.",
    )
