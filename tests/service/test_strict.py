"""JSON as we accept it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.columns import dumps
from service.json_text import check_json
from service.refusals import BadJson


@pytest.mark.parametrize(
    "data",
    [
        b"NaN",
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": %s}' % (b"9" * 41),
        b'{"a": 0.%s}' % (b"1" * 40),
        b"[" * 21 + b"]" * 21,
        b"[" * 100_000,
        b'{"a":' * 50 + b"1" + b"}" * 50,
        b'{"a": 1, "a": 2}',
        b'{"a": "\\u0000"}',
        b'{"a": "\\ud800"}',
        b'{"\\uDFFF": 1}',
        b"\xff\xfe",
        b"",
        b"{",
        b"{'a': 1}",
        b'{"a": 01}',
        b'{"a": 1} x',
    ],
)
def test_what_is_refused(data: bytes) -> None:
    with pytest.raises(BadJson):
        check_json(data)


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b'{"a": "[[[[[[[[[[[[[[[[[[[[[[[[["}',
        b'{"a": "\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[["}',
        b"[" * 20 + b"]" * 20,
        b'{"a": "NaN"}',
        b'{"a": "\\ud83d\\ude00"}',
        '{"a": "铝"}'.encode(),
        b'{"a": %s}' % (b"9" * 40),
    ],
)
def test_what_is_accepted(data: bytes) -> None:
    check_json(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


@given(json_values)
def test_ordinary_json_is_accepted(value: object) -> None:
    check_json(dumps(value).encode())


@given(st.binary(max_size=60))
def test_any_bytes_are_accepted_or_refused(data: bytes) -> None:
    with contextlib.suppress(BadJson):
        check_json(data)
