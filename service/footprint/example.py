"""The example of a footprint: an aluminium profile of two sizes, made up, with what its checks would be held against."""

from __future__ import annotations

from typing import Any

EXAMPLE: dict[str, Any] = {
    "bill": {
        "site": "佛山示例挤压厂",
        "period_start": "2024-01-01",
        "period_end": "2024-12-31",
        "profile": "gbt-24067-2024",
        "boundary": "cradle_to_gate",
        "report": {
            "number": "示例-001",
            "issuer": "佛山示例挤压厂",
            "producer_name": "佛山示例挤压厂",
            "producer_address": "广东省佛山市（示例）",
            "product_function": "建筑用铝型材",
            "standard": "GB/T 24067-2024",
            "purpose": "向客户披露",
            "cut_off": "示例：未计入办公用品",
            "gwp_set": "AR6",
            "assumptions": "示例数据",
        },
        "products": [
            {"id": "6063-A", "name": "铝型材 A", "declared_unit": "kg", "output": 600000.0},
            {"id": "6063-B", "name": "铝型材 B", "declared_unit": "kg", "output": 400000.0},
        ],
        "activities": [
            {
                "id": "铝棒", "stage": "raw_material", "kind": "precursor", "amount": 1050.0, "unit": "t", "process": "挤压",
                "factor": {"value": 9.0, "unit": "kgCO2e/kg", "source": "供应商声明（示例）", "data_year": 2024, "uncertainty": 0.1},
                "quality": {"technological": 2, "geographical": 2, "temporal": 1}, "uncertainty": 0.01,
            },
            {
                "id": "电", "stage": "production", "amount": 900.0, "unit": "MWh", "key": "electricity", "region": "Guangdong",
                "process": "挤压", "primary": True, "uncertainty": 0.01,
                "quality": {"technological": 1, "geographical": 2, "temporal": 1},
            },
            {
                "id": "天然气", "stage": "production", "amount": 10.0, "unit": "10^4 Nm3", "fuel": "natural_gas", "product": "6063-A",
                "primary": True, "uncertainty": 0.02, "quality": {"technological": 1, "geographical": 1, "temporal": 1},
            },
        ],
        "joint": [
            {"process": "挤压", "rule": "physical", "basis": "mass", "quantities": {"6063-A": 600000.0, "6063-B": 400000.0}}
        ],
        "benchmarks": [
            {"product": "6063-A", "kgco2e_per_declared_unit": 10.5, "name": "示例基准", "source": "示例"}
        ],
        "earlier": [
            {"product": "6063-A", "year": 2023, "kgco2e_per_declared_unit": 10.9, "profile": "gbt-24067-2024"}
        ],
    }
}  # fmt: skip
CHECKS: dict[str, Any] = {
    "totals": [{"regime": "national_market", "year": 2024, "verified_tco2e": 220.0, "document": "核查报告（示例）"}],
    "quantities": [
        {
            "id": "用电量",
            "rule": "electricity",
            "year": 2024,
            "activities": ["电"],
            "statements": [
                {"source": "meter", "value": 90.2, "unit": "10^4 kWh", "calibrated_until": "2025-06-30"},
                {"source": "energy_report", "value": 902.0, "unit": "MWh"},
                {"source": "ets_report", "unit": "MWh", "regime": "national_market"},
            ],
        }
    ],
}
