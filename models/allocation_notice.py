"""What an operator states of its allocation, each figure with its document, and what is refused for want of one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from models.errors import Text, YuetanError
from models.inputs import Input, NonNegative, Positive
from models.installation import AllocationMethod

METHODS: dict[AllocationMethod, Text] = {
    "benchmark": Text("基准线法", "benchmark"),
    "historical_intensity": Text("历史强度法", "historical intensity"),
    "historical_emissions": Text("历史排放法", "historical emissions"),
    "equal_to_emissions": Text("等于核查排放", "equal to verified emissions"),
    "band": Text("强度法，盈缺设上下限", "by intensity, surplus and shortfall limited"),
}


class FigureMissing(YuetanError):
    code = "ets.figure_missing"
    message = Text(
        "{year} 履约年度的“{name_zh}”不在我们的来源中。", "'{name_en}' of compliance year {year} is not in our sources."
    )
    hint = Text(
        "请按配额分配通知填写该数值，并写明文件名称。",
        "Enter the figure of your allocation notice and name the document.",
    )


class MethodUnknown(YuetanError):
    code = "ets.method_unknown"
    message = Text(
        "{year} 履约年度{market_zh}采用哪种分配方法未定。",
        "Which method of allocation the {market_en} uses in compliance year {year} is not settled.",
    )
    hint = Text("请填写分配方法（{known_zh}）。", "State the method ({known_en}).")


class MethodForeign(YuetanError):
    code = "ets.method_foreign"
    message = Text(
        "{market_zh}在 {year} 履约年度不用“{method_zh}”。",
        "The {market_en} does not allocate by '{method_en}' in compliance year {year}.",
    )
    hint = Text("可用的方法：{known_zh}。", "Methods there: {known_en}.")


class Stated(Input):
    """A figure of the operator's own allocation notice, with the document that shows it."""

    value: NonNegative
    document: str = Field(min_length=1, max_length=300)


class ProductOutput(Input):
    """Output of one product (or clinker line, or electrolysis process) in the compliance year, and its parameter."""

    product: str = Field(min_length=1, max_length=200)
    output_t: Positive
    benchmark_tco2_per_t: Stated | None = None
    historic_tco2_per_t: Stated | None = None


class AllocationAsk(Input):
    """What an allocation is worked out from; what the method does not need may stay empty."""

    method: AllocationMethod | None = None
    #: A key of ``cn.ets.guangdong.allocation_method``, e.g. ceramics; settles the method where the plan names it.
    activity: str | None = None
    sector: Literal["petrochemical", "other"] | None = None
    new_project: bool = False
    products: tuple[ProductOutput, ...] = ()
    mean_historic_t: Stated | None = None
    previous_emissions_t: NonNegative | None = None
    balance_value_tco2_per_t: Stated | None = None
    intensity_tco2_per_t: Positive | None = None
    free_share: Stated | None = None
    reduction_factor: Stated | None = None
    band: Stated | None = None
    gap_at_band: Stated | None = None
    #: The allocation as issued; where it is given, the worked-out figure stands beside it.
    issued_t: Stated | None = None
    issued_is_final: bool | None = None
