"""An invented exporter: aluminium profiles and steel products from Foshan, to try everything with."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

from service.workbook.template import indicator_rows, workbook

_EXTRUDER, _MILL = "佛山挤压厂（示例）", "佛山轧钢厂（示例）"


def _good(
    product: str, cn_code: str, mass: float, on: str, price: float, installation: str | None, **more: Any
) -> dict[str, Any]:
    return {
        "product": product, "cn_code": cn_code, "origin": "中国", "net_mass_t": mass,
        "imported_on": dt.date.fromisoformat(on), "price_per_t": price, "currency": "EUR",
        "basis": "default", "installation": installation,
    } | more  # fmt: skip


GOODS = (
    _good("6063 铝合金门窗型材", "76042100", 24.5, "2026-02-10", 3150, _EXTRUDER, own_see_tco2e_per_t=3.42,
          own_sefa_tco2e_per_t=1.39, covered_tco2_per_t=0.31),
    _good("6061 铝棒", "76042990", 18.2, "2026-04-22", 3080, _EXTRUDER, basis="actual", own_see_tco2e_per_t=3.05,
          own_sefa_tco2e_per_t=1.38, verifier="示例核查机构", covered_tco2_per_t=0.28),
    _good("铝合金幕墙构件", "76109090", 12.0, "2026-05-18", 4600, _EXTRUDER, covered_tco2_per_t=0.36),
    _good("铝板带 3003", "76069100", 40.0, "2026-06-30", 3320, None),
    _good("钢结构件", "73089059", 10.0, "2026-05-12", 1480, _MILL, own_see_tco2e_per_t=2.225,
          own_sefa_tco2e_per_t=1.5597591555, covered_tco2_per_t=0.12),
    _good("冷轧不锈钢卷 304", "72193310", 65.0, "2026-03-05", 2350, None),
    _good("镀锌板卷", "72104900", 120.0, "2026-01-20", 890, _MILL, basis="actual", own_see_tco2e_per_t=2.31,
          own_sefa_tco2e_per_t=1.41, verifier="示例核查机构", covered_tco2_per_t=0.19),
    _good("不锈钢螺栓", "73181535", 4.8, "2026-06-02", 5200, None),
    _good("焊管", "73063077", 55.0, "2026-08-14", 980, _MILL, covered_tco2_per_t=0.14),
    _good("铝制炊具（不在范围内）", "76151080", 6.0, "2026-04-08", 7800, _EXTRUDER),
)  # fmt: skip

INSTALLATIONS = (
    {"installation": _EXTRUDER, "compliance_year": 2025, "process": "aluminium_fabrication", "province": "广东", "city": "佛山"},
    {
        "installation": _MILL, "compliance_year": 2025, "process": "steel_other", "province": "广东", "city": "佛山",
        "on_national_list": False, "verified_emissions_t": 86_000, "output_t": 540_000, "free_allocation_t": 80_066,
        "allocation_is_final": True, "allocation_method": "historical_intensity", "purchased_t": 5_934,
        "purchase_price_cny_per_t": 39.5, "user_price_cny_per_t": 39.04, "user_price_on": dt.date(2026, 2, 13),
        "user_price_source": "新华社 2026-02-13 GDEA 收盘价 39.04 元（成交 280 吨）",
    },
)  # fmt: skip

FIRM = {
    "name": "佛山示例铝钢制品有限公司（虚构）", "province": "广东", "city": "佛山", "sector": "铝加工与钢制品", "financial_year": 2025,
    "revenue_cny": 520_000_000, "ebitda_cny": 41_000_000, "pass_through": 0.4, "cbam_share_borne": 0.5,
}  # fmt: skip

FOOTPRINTS = (
    {"product": "铝型材", "footprint_tco2e_per_t": 8.2, "benchmark_tco2e_per_t": 9.0, "benchmark_source": "示例基准 2025",
     "same_boundary": True, "revenue_cny": 320_000_000, "data_quality": 2, "evidence_level": "third_party_verified"},
    {"product": "镀锌板", "footprint_tco2e_per_t": 2.1, "benchmark_tco2e_per_t": 2.4, "benchmark_source": "示例基准 2025",
     "same_boundary": True, "revenue_cny": 180_000_000, "data_quality": 1, "evidence_level": "third_party_verified"},
)  # fmt: skip

_STATED: dict[str, dict[str, Any]] = {
    "F3": {"value": -0.03, "evidence": "2022 与 2025 年度碳足迹报告（示例）"},
    "T1": {"value": 0.9, "evidence": "转型计划（示例）"},
    "T2": {"value": "转型目录", "evidence": "贷款用途说明（示例）"},
    "T3": {"value": 0.3, "evidence": "绿证（示例）"},
    "E2": {"value": 3, "evidence": "清缴证明（示例）"},
    "G1": {"value": "否"},
    "G2": {"value": "否"},
}


@cache
def example_bytes() -> bytes:
    """Return the example workbook; the same bytes every time."""
    score = [row | _STATED[row["id"]] for row in indicator_rows()]
    return workbook(
        {"goods": GOODS, "firm": [FIRM], "installations": INSTALLATIONS, "footprints": FOOTPRINTS, "score": score}
    )
