"""What CBAM refuses, and what the user can do about it."""

from __future__ import annotations

from models.errors import Text, YuetanError


class UnknownCode(YuetanError):
    code = "cbam.unknown_code"
    message = Text(
        "CN 编码 {cn_code} 不在 CBAM 钢铁和铝的货物表中。",
        "CN code {cn_code} is not in the CBAM list of steel and aluminium goods.",
    )
    hint = Text(
        "请核对报关单上的八位编码；其他行业（水泥、化肥、电力、氢）本程序不计算。",
        "Check the eight digits on the customs declaration; other sectors are not computed here.",
    )


class OutOfScope(YuetanError):
    code = "cbam.out_of_scope"
    message = Text(
        "CN 编码 {cn_code} 属于品目 {heading}，目前不在 CBAM 适用范围内。",
        "CN code {cn_code} belongs to heading {heading}, which is outside CBAM today.",
    )
    hint = Text(
        "该货物不产生 CBAM 费用；扩围提案 COM(2025) 989 未通过前不计算。",
        "Nothing is due for this good; the extension proposed in COM(2025) 989 is not law.",
    )


class RouteNeeded(YuetanError):
    code = "cbam.route_needed"
    message = Text(
        "{cn_code}：{where_zh}没有给出可用的生产工艺路线，基准值有多条（{routes}）。",
        "{cn_code}: {where_en} settles no production route, and there are benchmarks for {routes}.",
    )
    hint = Text(
        "请在“工艺路线”栏填写其中一个字母（C/F 高炉转炉，D/G 直接还原电炉，E/H 废钢电炉，J 高合金电炉，K 原铝，L 再生铝）。",
        "Enter one of these letters as the route (C/F blast furnace, D/G DRI and arc furnace, E/H scrap and arc furnace, "
        "J high-alloy arc furnace, K primary, L secondary aluminium).",
    )


class NoDefaultValue(YuetanError):
    code = "cbam.no_default_value"
    message = Text(
        "默认值表中没有 {origin} 的 {cn_code}，也没有“其他国家和地区”的行。",
        "The default value table has no row for {cn_code} from {origin}, nor from other countries.",
    )
    hint = Text("请改用经核查的实际排放值。", "Use verified actual emissions instead.")


class MixedBasis(YuetanError):
    code = "cbam.mixed_basis"
    message = Text(
        "排放按默认值申报时，免费分配调整也必须按默认值（B 列），不能填写企业自己的数值。",
        "With default emissions the free allocation adjustment is on the default basis too (column B); "
        "own values cannot be declared beside it.",
    )
    hint = Text(
        "要么两项都按默认值，要么两项都按经核查的实际值。",
        "Use defaults for both, or verified actual values for both.",
    )


class IncompleteActual(YuetanError):
    code = "cbam.incomplete_actual"
    message = Text(
        "按实际值申报需要同时填写经核查的单位隐含排放（SEE）和单位免费分配（SEFA），缺少：{missing}。",
        "The actual basis needs verified specific embedded emissions (SEE) and specific embedded free allocation "
        "(SEFA) together; missing: {missing}.",
    )
    hint = Text(
        "请向装置运营者索取核查报告中的 SEE 与 SEFA；没有时请改为默认值。",
        "Ask the operator for SEE and SEFA of the verified report; without them choose the default basis.",
    )


class TransitionalPeriod(YuetanError):
    code = "cbam.transitional_period"
    message = Text(
        "{imported_on} 早于 2026-01-01：过渡期进口只报告，不购买证书。",
        "{imported_on} is before 2026-01-01: imports of the transitional period are reported, no certificates are due.",
    )
    hint = Text("该行不计算费用。", "No cost is computed for this line.")


class PriceNotPublished(YuetanError):
    code = "cbam.price_not_published"
    message = Text(
        "{imported_on} 进口所适用的证书价格（{period}）没有官方公布值。",
        "There is no official certificate price for imports of {imported_on} ({period}).",
    )
    hint = Text(
        "请选择“用情景价格”并指定价格路径，结果会标明为情景；或等官方公布后更新数据。",
        "Allow a scenario price and name a price path, the result will say so; or update the data once it is published.",
    )


class UnknownPath(YuetanError):
    code = "cbam.unknown_price_path"
    message = Text("没有名为“{path}”的价格路径。可用：{known}。", "There is no price path '{path}'. Known: {known}.")
    hint = Text("请从列表中选择，或自行输入各年价格。", "Choose one of them, or enter your own prices by year.")


class PricesNotChosen(YuetanError):
    code = "cbam.user_prices_not_chosen"
    message = Text(
        "录入了自填价格，但所选价格路径不是 user，自填价格不会被使用。",
        "Own prices are given, but the price path chosen is not 'user': they would not be used.",
    )
    hint = Text("请把 price_path 设为 user，或删去自填价格。", "Set price_path to user, or leave the own prices out.")


class PathTooShort(YuetanError):
    code = "cbam.price_path_too_short"
    message = Text("价格路径“{path}”没有 {year} 年的价格。", "Price path '{path}' has no price for {year}.")
    hint = Text("请换一条路径，或自行输入该年价格。", "Choose another path, or enter a price for that year.")


class PriceNotInEuro(YuetanError):
    code = "cbam.price_not_in_euro"
    message = Text(
        "CBAM 证书价格以欧元计（欧元/吨二氧化碳当量），填写的币种是 {currency}。",
        "The price of a CBAM certificate is in euro (EUR per tCO2e); the currency given is {currency}.",
    )
    hint = Text(
        "请填写欧元价格；国内碳价（元/吨）不是证书价格，不能代替。",
        "Give the price in euro; an allowance price at home (CNY per t) is no certificate price and cannot replace it.",
    )


class ShareOutside(YuetanError):
    code = "cbam.share_outside"
    message = Text(
        "出口商承担比例应在 0 到 1 之间，填写的是 {share:g}。",
        "The exporter's share lies between 0 and 1; {share:g} was given.",
    )
    hint = Text("百分数请写成小数，如 30% 写 0.3。", "Write a percentage as a decimal number: 30 % is 0.3.")


class OwnTwice(YuetanError):
    code = "cbam.own_twice"
    message = Text(
        "自有数据给了两次：既有 SEE/SEFA，又有工序链。",
        "Own values are given twice: as SEE/SEFA and as a chain of processes.",
    )
    hint = Text("请只保留一种。", "Keep one of them.")


class NoAllocationThatYear(YuetanError):
    code = "cbam.no_allocation_that_year"
    message = Text(
        "{year} 年没有免费分配，由该年的 SEFA 推不出其他年份的 SEFA。",
        "There is no free allocation in {year}: no SEFA of another year follows from the one of that year.",
    )
    hint = Text(
        "请填写仍有免费分配的年份的 SEFA，或给出工序链。",
        "Give the SEFA of a year with free allocation, or the chain of processes.",
    )


class NoSuchProcess(YuetanError):
    code = "cbam.no_such_process"
    message = Text("工序中没有“{process}”。", "There is no process '{process}' among the processes.")
    hint = Text("请填写生产该货物的工序编号。", "Give the id of the process that makes the good.")


class ProcessOfAnotherGood(YuetanError):
    code = "cbam.process_of_another_good"
    message = Text(
        "工序“{process}”生产的是 {made}，不是 {cn_code}。",
        "Process '{process}' makes {made}, not {cn_code}.",
    )
    hint = Text("请核对工序编号和货物编码。", "Check the id of the process and the code of the good.")
