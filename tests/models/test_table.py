"""Results as text, HTML and data; provenance keys."""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

import cbam
import finance
import models
import service
from models.errors import Text, YuetanError, placeholders
from models.findings import Finding
from models.law import LawBook
from models.provenance import Provenance, canonical, fingerprint
from models.table import Result, Row, width


@dataclass(frozen=True)
class Sample(Result):
    def rows(self) -> list[Row]:
        return [
            Row("mass", Text("净重", "Net mass"), 1234.5, "t"),
            Row("cost", Text("费用 <b>", "Cost"), None, "EUR", Text("缺价格", "no price")),
        ]


def test_text_is_aligned_in_both_languages_and_missing_is_not_zero() -> None:
    zh = Sample().summary("zh").splitlines()
    assert zh == ["净重      1,234.50 t", "费用 <b>         — EUR  缺价格"]
    assert {width(line.split("1,")[0]) for line in zh[:1]} == {width("费用 <b>") + 2}
    assert Sample().summary("en").splitlines()[1].startswith("Cost")
    assert Sample().to_dict("en")[1] == {
        "key": "cost",
        "label": "Cost",
        "value": None,
        "unit": "EUR",
        "note": "no price",
    }


def test_html_is_escaped() -> None:
    assert "费用 &lt;b&gt;" in Sample()._repr_html_()


def test_canonical_form_is_one_for_equal_values() -> None:
    assert canonical(0.1 + 0.2) == canonical(0.3) == "0.3"
    assert canonical({"b": Decimal("1.50"), "a": dt.date(2026, 1, 1)}) == {"a": "2026-01-01", "b": "1.5"}
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint(1e-9) != fingerprint(2e-9)
    with pytest.raises(TypeError):
        canonical(object())


def test_key_follows_method_inputs_and_reads(book: LawBook) -> None:
    read = book.at(dt.date(2026, 5, 1)).read("eu.cbam.cbam_factor")
    base = Provenance("m/1", "in", (read,))
    assert base.key == Provenance("m/1", "in", (read,)).key
    others = [
        replace(base, method="m/2"),
        replace(base, inputs="x"),
        replace(base, reads=(replace(read, value=0.9),)),
        replace(base, reads=(replace(read, assumed=True),)),
        replace(base, reads=(replace(read, confidence="inferred"),)),
        replace(base, reads=(replace(read, attrs=(("route", "K"),)),)),
        replace(base, reads=(read, replace(read, value=None), replace(read, value="word"))),
    ]
    assert len({base.key, *(o.key for o in others)}) == len(others) + 1
    assert replace(others[-1], reads=others[-1].reads[::-1]).key == others[-1].key
    assert base.confidence == "two_secondary"


def _all(kind: type[YuetanError]) -> set[type[YuetanError]]:
    return {kind} | {deeper for sub in kind.__subclasses__() for deeper in _all(sub)}


def test_every_error_speaks_both_languages_with_the_same_facts() -> None:
    # Every module, or what is looked at would depend on the tests before this one.
    for package in (models, cbam, finance, service):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    kinds = _all(YuetanError)
    codes = [kind.code for kind in kinds]
    assert len(codes) == len(set(codes)), "two errors share a code"
    for kind in kinds:
        assert all(kind.message)
        asked = [
            {name.removesuffix(f"_{lang}") for name in placeholders(kind.message.get(lang) + kind.hint.get(lang))}
            for lang in ("zh", "en")
        ]
        assert asked[0] == asked[1], kind.code
        assert kind.__subclasses__() or (kind.hint.zh and kind.hint.en), kind.code


def test_finding_of_an_error_keeps_the_place() -> None:
    class Odd(YuetanError):
        code = "test.odd"
        message = Text("{n} 不对", "{n} is odd")
        hint = Text("改", "mend")

    found = Finding.of(Odd(field="mass", n=3), sheet="货物", row=7, cell="E7", found="abc")
    assert found.refuses
    assert found.to_dict()["text"] == {"zh": "3 不对", "en": "3 is odd"}
    assert (found.field, found.cell) == ("mass", "E7")


def test_a_zero_has_no_sign() -> None:
    assert Row("a", Text("", ""), -0.0004).shown() == "0.00"
    assert Row("a", Text("", ""), -0.006).shown() == "-0.01"
