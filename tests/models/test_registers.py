"""Registers: what holds on a day, what is accepted where, who is accredited; what is not recorded is not known."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.errors import BadData
from models.files import DATA, read_yaml
from models.register_answers import (
    accepted,
    accredited,
    in_catalogue,
    listed,
    load_accreditation_policy,
    lots_on,
    offset_effect,
    statement_quality,
    statuses,
)
from models.register_chain import ProductGroup, SupplierRequest, coverage, group_of
from models.registers import (
    Accreditation,
    CatalogueItem,
    Certificate,
    Credit,
    FirmStatus,
    Listing,
    Recognition,
    Standard,
    problems,
    same,
    standing,
)

DAY = dt.date(2026, 6, 1)
POLICY = load_accreditation_policy(DATA)


def certificate(**more: Any) -> Certificate:
    told = {
        "number": "示例-001", "scheme": "示例标签", "holder": "示例企业", "product": "示例产品", "source": "证书扫描件",
        "valid_from": "2026-01-01", "valid_to": "2026-12-31", "method": "方法一 2024",
    }  # fmt: skip
    return Certificate.model_validate(told | more)


def recognition(**more: Any) -> Recognition:
    told = {"scheme": "示例标签", "accepted_in": "HK", "valid_from": "2025-01-01", "source": "公告"}
    return Recognition.model_validate(told | more)


def accreditation(**more: Any) -> Accreditation:
    told = {
        "verifier": "示例核查", "body": "认可机构", "number": "C-1", "scope": "产品碳足迹", "source": "认可证书",
        "valid_from": "2025-07-01", "valid_to": "2026-06-30",
    }  # fmt: skip
    return Accreditation.model_validate(told | more)


@pytest.mark.parametrize(
    ("more", "day", "state"),
    [
        ({}, "2025-12-31", "not_yet"),
        ({}, "2026-01-01", "valid"),
        ({}, "2026-12-31", "valid"),
        ({}, "2027-01-01", "expired"),
        ({"withdrawn_on": "2026-06-01"}, "2026-06-01", "withdrawn"),
        ({"withdrawn_on": "2026-06-01"}, "2026-05-31", "valid"),
        ({"withdrawn_on": "2026-06-01"}, "2028-01-01", "withdrawn"),
        ({"suspended_from": "2026-03-01", "suspended_to": "2026-03-31"}, "2026-03-31", "suspended"),
        ({"suspended_from": "2026-03-01", "suspended_to": "2026-03-31"}, "2026-04-01", "valid"),
        ({"suspended_from": "2026-03-01"}, "2026-12-31", "suspended"),
        ({"valid_from": None}, "2026-06-01", "not_known"),
        ({"valid_from": None, "issued": "2026-02-01"}, "2026-02-01", "valid"),
    ],
)
def test_the_state_on_a_day(more: dict[str, Any], day: str, state: str) -> None:
    assert standing(certificate(**more), dt.date.fromisoformat(day)).state == state


def test_an_end_that_is_not_stated_is_said_to_be_open() -> None:
    found = standing(certificate(valid_to=None), DAY)
    assert (found.state, found.open_end) == ("valid", True)
    assert "未写明终止日" in found.why.zh


@pytest.mark.parametrize(
    ("certified", "records", "word"),
    [
        ({}, [], "not_known"),
        ({}, [{}], "yes"),
        ({}, [{"scheme": " 示例 标签"}], "yes"),
        ({}, [{"accepted_in": "MO"}], "not_known"),
        ({}, [{"method": "方法一 2024"}], "yes"),
        ({}, [{"method": "方法二"}], "no"),
        ({"method": None}, [{"method": "方法二"}], "not_known"),
        ({}, [{"valid_to": "2026-05-31"}], "no"),
        ({}, [{"valid_from": "2026-06-02"}], "no"),
        ({}, [{"valid_to": "2026-05-31"}, {"valid_from": "2026-06-01"}], "yes"),
        ({}, [{"valid_from": None}], "not_known"),
        ({}, [{"accepted": False}], "no"),
        ({}, [{"accepted": False, "valid_to": "2026-05-31"}], "not_known"),
        ({}, [{"accepted": False}, {}], "not_known"),
        ({}, [{"accepted": False, "method": "方法二"}, {}], "yes"),
        ({"product_group": "电池"}, [{"product_group": "陶瓷"}], "not_known"),
        ({}, [{"product_group": "陶瓷"}], "not_known"),
        ({"product_group": "电池"}, [{"product_group": "电池"}], "yes"),
        ({"valid_to": "2026-05-31"}, [{}], "no"),
        ({"withdrawn_on": "2026-05-31"}, [{}], "no"),
        ({"valid_from": None}, [{}], "not_known"),
    ],
)
def test_whether_a_certificate_is_accepted(certified: dict[str, Any], records: list[dict[str, Any]], word: str) -> None:
    found = accepted(certificate(**certified), "HK", DAY, [recognition(**one) for one in records])
    assert found.word == word
    assert found.reasons
    assert all(one.zh and one.en for one in found.reasons)


def test_accreditation_and_what_lacking_it_does_to_a_statement() -> None:
    held = [accreditation()]
    assert accredited("示例核查", DAY, held, "产品碳足迹").word == "yes"
    assert accredited("示例核查", dt.date(2026, 7, 1), held).word == "no"
    assert accredited("示例核查", DAY, held, "组织碳排放").word == "no"
    assert accredited("示例核查", DAY, [accreditation(scope=None)], "组织碳排放").word == "not_known"
    assert accredited("别家", DAY, held).word == "not_known"
    good = statement_quality(2.0, "示例核查", DAY, held, POLICY)
    assert (good.effective, good.findings) == (2.0, ())
    lost = statement_quality(2.0, "示例核查", dt.date(2026, 7, 1), held, POLICY)
    assert (lost.effective, lost.findings[0].code) == (3.0, "register.not_accredited")
    assert "2026-06-30" in lost.findings[0].text.zh
    unknown = statement_quality(4.5, "别家", DAY, held, POLICY)
    assert (unknown.effective, unknown.findings[0].code) == (5.0, "register.accreditation_not_known")
    assert statement_quality(2.0, None, DAY, held, POLICY).effective == 3.0


def test_codes_decide_who_a_firm_is_where_both_are_known() -> None:
    one, other = "91440600000000000A", "91440600000000000B"
    held = [accreditation(verifier_uscc=one)]
    assert accredited("改了名", DAY, held, uscc=one).word == "yes"
    assert accredited("示例核查", DAY, held, uscc=other).word == "not_known"
    assert same("ＡＢ c", "abC")
    assert not same(None, None)


def test_no_entry_of_the_list_is_not_a_clean_bill() -> None:
    entry = {"name": "示例企业", "authority": "某部门", "listed_on": "2025-01-01", "source": "某网站 2026-05-01"}
    records = [Listing.model_validate(entry)]
    assert listed("示例企业", None, DAY, records).word == "yes"
    assert listed("示例企业", None, dt.date(2024, 12, 31), records).word == "not_known"
    assert listed("别家", None, DAY, records).word == "not_known"
    removed = [Listing.model_validate(entry | {"removed_on": "2026-06-01"})]
    assert listed("示例企业", None, DAY, removed).word == "no"
    assert listed("示例企业", None, dt.date(2026, 5, 31), removed).word == "yes"
    assert "2026-06-01" in listed("示例企业", None, DAY, removed).reasons[0].en


def test_statuses_and_catalogues_hold_between_their_days() -> None:
    told = {"holder": "示例企业", "kind": "green_factory", "level": "national", "source": "名单"}
    held = [FirmStatus.model_validate(told | {"valid_from": day}) for day in ("2024-01-01", "2027-01-01")]
    assert len(statuses("示例企业", None, DAY, held)) == 1
    item = {"catalogue": "目录", "version": "2025", "product": "锂电池", "source": "公告", "valid_from": "2025-01-01"}
    assert in_catalogue("锂电池", "目录", DAY, [CatalogueItem.model_validate(item)]).word == "yes"
    assert in_catalogue("空调", "目录", DAY, [CatalogueItem.model_validate(item)]).word == "not_known"
    ended = CatalogueItem.model_validate(item | {"valid_to": "2025-12-31"})
    assert in_catalogue("锂电池", "目录", DAY, [ended]).word == "no"


def credit(**more: Any) -> Credit:
    told = {
        "instrument": "PHCER", "tonnes": 100.0, "serial": "1", "acquired_on": "2025-01-01", "price_cny_per_t": 20.0,
        "vintage": 2024, "source": "合同",
    }  # fmt: skip
    return Credit.model_validate(told | more)


def test_credits_against_the_limit_of_a_year() -> None:
    held = [
        credit(),
        credit(serial="2", vintage=2022, price_cny_per_t=30.0),
        credit(serial="3", gone_on="2026-06-01", gone_as="sale"),
    ]
    assert [lot.vintage for lot in lots_on(held, DAY)] == [2022, 2024]
    found = offset_effect(held, DAY, 150.0, 40.0)
    assert (found.held_t, found.usable_t, found.cost_cny) == (200.0, 150.0, 100 * 30.0 + 50 * 20.0)
    assert found.saved_cny == 150 * 40.0 - 4000.0
    assert [one.code for one in found.findings] == ["register.credits_above_limit"]
    assert offset_effect(held, DAY, None, 40.0).usable_t is None
    unpriced = offset_effect([credit(price_cny_per_t=None)], DAY, 150.0, 40.0)
    assert (unpriced.cost_cny, unpriced.saved_cny) == (None, None)
    assert [one.code for one in unpriced.findings] == ["register.credit_price_not_stated"]
    assert len(lots_on(held, dt.date(2026, 5, 31))) == 3


def test_what_is_wrong_between_fields_names_the_one_to_mend() -> None:
    wrong = certificate(valid_to="2025-12-31", footprint=3.0, suspended_to="2026-01-01")
    assert [(one.code, one.field) for one in problems(wrong)] == [
        ("register.out_of_order", "valid_to"),
        ("register.part_missing", "unit"),
        ("register.part_missing", "suspended_from"),
    ]
    assert [one.field for one in problems(credit(gone_on="2025-02-01"))] == ["gone_as"]
    assert list(problems(certificate())) == []
    made = Standard.model_validate(
        {
            "number": "T/EX 1",
            "title": "示例",
            "kind": "group",
            "source": "x",
            "published": "2026-02-01",
            "valid_from": "2026-01-01",
        }
    )
    assert [one.field for one in problems(made)] == ["valid_from"]


def test_a_code_is_in_the_group_with_the_longest_digits() -> None:
    told = {"name": "示例", "source": "清单", "valid_from": "2026-01-01"}
    wide = ProductGroup.model_validate(told | {"code": "W", "prefixes": ["76"]})
    narrow = ProductGroup.model_validate(told | {"code": "N", "prefixes": ["7604", "760429"]})
    other = ProductGroup.model_validate(told | {"code": "O", "prefixes": ["760429"]})
    assert [one.code for one in group_of("76042990", DAY, [wide, narrow])[1]] == ["N"]
    assert [one.code for one in group_of("76061190", DAY, [wide, narrow])[1]] == ["W"]
    both, found = group_of("76042990", DAY, [wide, narrow, other])
    assert (both.word, len(found)) == ("not_known", 2)
    assert group_of("72081000", DAY, [wide])[0].word == "not_known"
    assert group_of("76042990", dt.date(2025, 1, 1), [wide])[0].word == "not_known"


def test_coverage_and_whom_to_chase() -> None:
    def asked(**more: Any) -> SupplierRequest:
        told = {"supplier": "甲", "product": "铝锭", "asked_on": "2026-01-01", "due": "2026-05-31", "source": "邮件"}
        return SupplierRequest.model_validate(told | more)

    late = asked(tonnes=100.0)
    later = asked(supplier="乙", due="2026-04-30", tonnes=100.0)
    came = asked(supplier="丙", received_on="2026-06-01", tonnes=600.0)
    waits = asked(supplier="丁", due="2026-06-01", tonnes=200.0)
    gone = asked(supplier="戊", withdrawn_on="2026-02-01")
    plan = asked(supplier="己", asked_on="2026-06-02", due="2026-07-01")
    found = coverage([late, later, came, waits, gone, plan], DAY)
    assert found.counts == {"planned": 1, "open": 1, "overdue": 2, "received": 1, "withdrawn": 1}
    assert (found.share, found.by_tonnes) == (0.6, True)
    assert [one.supplier for one in found.chase] == ["乙", "甲"]
    # The day before it came, it had not come.
    assert coverage([came], dt.date(2026, 5, 31)).counts["open"] == 1
    assert coverage([late, asked(supplier="庚", received_on="2026-02-01")], DAY).share == 0.5
    assert coverage([gone, plan], DAY).share is None


def test_the_policy_names_a_source_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    assert POLICY.source in read_yaml(DATA / "sources" / "house.yaml")
    assert POLICY.source in POLICY.line()
    folder = tmp_path / "registers"
    folder.mkdir()
    told = read_yaml(DATA / "registers" / "accreditation.yaml")
    for more in ({"classes_lost": {"not_accredited": -1, "not_known": 0}}, {"more": 1}, {"confidence": "sure"}):
        (folder / "accreditation.yaml").write_text(yaml.safe_dump(told | more), "utf-8")
        with pytest.raises(BadData):
            load_accreditation_policy(tmp_path)
