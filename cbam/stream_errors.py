"""What is refused or remarked about source streams, perfluorocarbons and transfers, and what to do."""

from __future__ import annotations

from models.errors import Text, YuetanError


class SameId(YuetanError):
    code = "cbam.same_id"
    message = Text("编号“{id}”在同一张表中出现了两次。", "Id '{id}' appears twice in one table.")
    hint = Text(
        "请给每一行不同的编号；两行都保留，但相关工序暂不计算。",
        "Give every row an id of its own; both are kept, but the processes they belong to are not computed.",
    )


class SharesNotWhole(YuetanError):
    code = "cbam.shares_not_whole"
    message = Text(
        "“{id}”分给各工序的比例合计为 {sum:.6g}，应为 1。",
        "The shares of '{id}' add up to {sum:.6g}; they must add up to 1.",
    )
    hint = Text(
        "少于 1 是漏排，多于 1 是重复；不属于任何 CBAM 工序的部分填在 outside_share。",
        "Below 1 is an omission, above 1 a double counting; what belongs to no CBAM process goes to outside_share.",
    )


class NamesNoProcess(YuetanError):
    code = "cbam.names_no_process"
    message = Text("“{id}”指向不存在的工序“{process}”。", "'{id}' points to process '{process}', which does not exist.")
    hint = Text(
        "请核对工序编号；更正之前，它本应属于的工序可能偏低。",
        "Check the id; until then the process it was meant for may come out too low.",
    )


class StreamIncomplete(YuetanError):
    code = "cbam.stream_incomplete"
    message = Text(
        "“{id}”按“{method_zh}”计算，缺少：{missing_zh}。", "'{id}' is computed by {method_en}; missing: {missing_en}."
    )
    hint = Text(
        "请填写化验或计量值；燃烧可在 fuel 栏选用国家默认值的燃料，构成不明的热力可填该国常用燃料。缺失不按零计算。",
        "Enter the measured value; combustion may name a fuel with national defaults, heat of unknown mix the usual fuel "
        "of the country. Missing is not zero.",
    )


class FieldOfOtherMethod(YuetanError):
    code = "cbam.field_of_other_method"
    message = Text(
        "“{id}”按“{method_zh}”计算，用不到已填写的：{fields_zh}。",
        "'{id}' is computed by {method_en}, which does not use: {fields_en}.",
    )
    hint = Text("请清空这些栏，或改用它们所属的方法。", "Leave these empty, or choose the method that they belong to.")


class UnknownFuel(YuetanError):
    code = "cbam.unknown_fuel"
    message = Text("“{id}”：没有燃料“{fuel}”的默认因子。", "'{id}': there is no default factor of fuel '{fuel}'.")
    hint = Text(
        "可用：{known}。也可直接填写实测因子。", "There are: {known}. A measured factor may be entered instead."
    )


class UnitOfOtherKind(YuetanError):
    code = "cbam.unit_of_other_kind"
    message = Text("“{id}”：单位 {unit} 与所需的 {wanted} 不符。", "'{id}': unit {unit} is not {wanted}, as is needed.")
    hint = Text("请换算后填写。", "Convert the amount first.")


class BiomassNotProven(YuetanError):
    code = "cbam.biomass_not_proven"
    message = Text(
        "“{id}”填写了生物质比例，但没有可持续性证明，全部按化石碳计算。",
        "'{id}' states a biomass share without proof of sustainability: all its carbon counts as fossil.",
    )
    hint = Text(
        "符合指令 (EU) 2018/2001 的证明齐备后，把 biomass_proven 填为是。",
        "Set biomass_proven once compliance with Directive (EU) 2018/2001 is shown.",
    )


class DefaultFuelFactor(YuetanError):
    code = "cbam.default_fuel_factor"
    message = Text(
        "“{id}”采用燃料“{fuel}”的国家默认值：{taken}（来源 {source}）。",
        "'{id}' takes the national default of fuel '{fuel}': {taken} (source {source}).",
    )
    hint = Text(
        "有实测热值和因子时请填写，更准确，也更容易通过核查。",
        "Enter measured values where there are any; they are nearer the truth and easier to verify.",
    )


class NoPfcFactor(YuetanError):
    code = "cbam.no_pfc_factor"
    message = Text(
        "“{id}”：法规没有技术“{technology}”在“{method_zh}”下的因子。",
        "'{id}': the act has no factor of technology '{technology}' for the {method_en}.",
    )
    hint = Text(
        "请填写本厂实测的 cf4_factor 和 c2f6_per_cf4；PFPB_MW 实测不可行时法规允许用 CWPB 的斜率因子。",
        "Enter measured cf4_factor and c2f6_per_cf4; where PFPB_MW cannot be measured the act allows the slope factors of CWPB.",
    )


class TransferUnclear(YuetanError):
    code = "cbam.transfer_unclear"
    message = Text("转移“{id}”：{why_zh}。", "Transfer '{id}': {why_en}.")
    hint = Text(
        "请填写不同的给出工序和接收工序；站外一端留空。",
        "Name the process that gives off and another that takes in; an end outside the site stays empty.",
    )


class CarbonOutExceedsIn(YuetanError):
    code = "cbam.carbon_out_exceeds_in"
    message = Text(
        "工序“{process}”流出的碳多于流入的碳：合计 {net:.6g} tCO2。",
        "More carbon leaves process '{process}' than enters it: {net:.6g} tCO2 in all.",
    )
    hint = Text(
        "请核对物料平衡：漏填的原料、含碳量单位（小数，不是百分数）、流出物料的质量。",
        "Check the mass balance: inputs left out, carbon content (a fraction, not per cent), masses that leave.",
    )


class EnergyOutExceedsIn(YuetanError):
    code = "cbam.energy_out_exceeds_in"
    message = Text(
        "工序“{process}”送出的热力、废气和电力共 {out_gj:.6g} GJ，超过进入的能量 {in_gj:.6g} GJ。",
        "Process '{process}' gives off {out_gj:.6g} GJ of heat, waste gas and electricity, more than the {in_gj:.6g} GJ that enter.",
    )
    hint = Text("请核对热量、热值和单位（GJ、TJ、MWh）。", "Check heat, calorific values and units (GJ, TJ, MWh).")


class SetToZero(YuetanError):
    code = "cbam.set_to_zero"
    message = Text(
        "工序“{process}”的归属排放合计为 {net:.6g} t，按法规计为零。",
        "The attributed emissions of process '{process}' sum to {net:.6g} t and are set to zero, as the act says.",
    )
    hint = Text(
        "送出的热力、废气和电力扣减过多，请核对其因子和数量。",
        "Heat, waste gas and electricity given off take away too much; check factors and amounts.",
    )


class SiteTotalDiffers(YuetanError):
    code = "cbam.site_total_differs"
    message = Text(
        "全厂报告的直接排放 {stated:.6g} t，与各源流合计 {summed:.6g} t 相差 {gap:.6g} t。",
        "Direct emissions of the site are reported as {stated:.6g} t; the streams add up to {summed:.6g} t, {gap:.6g} t apart.",
    )
    hint = Text(
        "请找出遗漏或重复的源流；差额没有分给任何工序。",
        "Find the stream that is missing or twice; the difference is attributed to no process.",
    )
