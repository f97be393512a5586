"""CN codes and origins as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.goods import candidates
from models.law import LawBook
from service.workbook.codes import cn_code_of, default_origins, origin_of
from service.workbook.problems import CellProblem


@pytest.mark.parametrize(
    "cell",
    [
        "73089059", "7308 90 59", "7308.90.59", "7308\u00a090\u00a059", "７３０８９０５９", " 73089059 ", "'73089059",
        "7308-90-59", "73089059.0", "7.3089059E+07", 73089059.0,
    ],
)  # fmt: skip
def test_eight_digits_are_found_whatever_stands_between(cell: str | float) -> None:
    assert cn_code_of(cell) == "73089059"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("7308", "workbook.cn_too_short"),
        ("730890", "workbook.cn_too_short"),
        (730890.0, "workbook.cn_too_short"),
        ("7308905900", "workbook.cn_chinese_code"),
        (7308905900.0, "workbook.cn_chinese_code"),
        (1012100.0, "workbook.cn_lost_zero"),
        ("73O89059", "workbook.cn_letter"),
        ("abc", "workbook.cn_not_a_code"),
        ("7.31E+07", "workbook.cn_not_a_code"),
        (-73089059.0, "workbook.cn_not_a_code"),
        ("7", "workbook.cn_not_a_code"),
        ("٧٣٠٨٩٠٥٩", "workbook.cn_not_a_code"),
        ("730890591234567", "workbook.cn_not_a_code"),
        (1e300, "workbook.cn_not_a_code"),
        ("6109100010", "workbook.cn_prefix_out_of_scope"),
        ("610910", "workbook.cn_prefix_out_of_scope"),
    ],
)
def test_what_is_not_eight_digits_is_never_completed(cell: str | float, code: str, book: LawBook) -> None:
    with pytest.raises(CellProblem) as told:
        cn_code_of(cell, lambda prefix: candidates(book, prefix))
    assert told.value.code == code


def test_a_short_code_is_asked_about_with_the_codes_under_it(book: LawBook) -> None:
    with pytest.raises(CellProblem) as told:
        cn_code_of("730890", lambda prefix: candidates(book, prefix))
    assert told.value.severity == "question"
    assert "73089059" in told.value.text("zh")
    assert str(len(candidates(book, "730890"))) in told.value.text("en")


def test_a_chinese_code_is_cut_to_six_digits_and_asked_about(book: LawBook) -> None:
    with pytest.raises(CellProblem) as told:
        cn_code_of("7308 9000 00", lambda prefix: candidates(book, prefix))
    assert (told.value.code, told.value.severity) == ("workbook.cn_chinese_code", "question")
    assert "730890" in told.value.text("zh")


@given(st.one_of(st.text(max_size=30), st.floats(allow_nan=False)))
def test_a_code_is_eight_digits_or_a_problem(cell: str | float) -> None:
    try:
        code = cn_code_of(cell)
    except CellProblem:
        return
    assert len(code) == 8
    assert code.isascii()
    assert code.isdigit()


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("CN", "CN"), ("cn", "CN"), ("CHN", "CN"), ("中国", "CN"), ("中國", "CN"), ("China", "CN"), ("中国 CN", "CN"),
        ("China (CN)", "CN"), ("中华人民共和国", "CN"), ("People's Republic of China", "CN"), ("ＣＮ", "CN"),
        ("中国台湾", "TW"), ("台湾", "TW"), ("Taiwan", "TW"), ("中国香港", "HK"), ("南韩", "KR"), ("韩国", "KR"),
        ("South Korea", "KR"), ("土耳其", "TR"), ("Turkey", "TR"), ("Türkiye", "TR"), ("Turkiye", "TR"), ("NO", "NO"),
        ("挪威", "NO"), ("瑞士", "CH"), ("Switzerland", "CH"), ("DE", "DE"), ("德国", "DE"), ("印度", "IN"), ("India", "IN"),
        ("Viet Nam", "VN"), ("越南", "VN"), ("UK", "GB"), ("英国", "GB"), ("美国", "US"), ("USA", "US"), ("俄罗斯", "RU"),
        ("Büsingen", "DE-BUS"), ("Ceuta", "ES-CE"),
    ],
)  # fmt: skip
def test_origins_in_chinese_english_and_iso(cell: str, code: str) -> None:
    assert origin_of(cell, default_origins()) == code


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("欧盟", "workbook.origin_several"),
        ("EU", "workbook.origin_several"),
        ("China/India", "workbook.origin_several"),
        ("其他国家", "workbook.origin_several"),
        ("Atlantis", "workbook.origin_unknown"),
        ("XX", "workbook.origin_unknown"),
        (156.0, "workbook.origin_unknown"),
    ],
)
def test_what_is_no_single_origin_is_refused_or_asked(cell: str | float, code: str) -> None:
    with pytest.raises(CellProblem) as told:
        origin_of(cell, default_origins())
    assert told.value.code == code
