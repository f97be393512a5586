"""The carbon cost statement: three views, who paid, and nothing counted twice along a chain."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.files import DATA
from models.measures import load_measures
from models.roll_up import roll_up
from models.roll_up_asked import ChainAsk
from models.statement import Exhausted, ListedTwice, Statement, check_left, statement
from models.statement_asked import Cost, Span, StatementInput, Upstream


def asked(**given: Any) -> StatementInput:
    """Return a mill's tonne of coil: thyssenkrupp's published figures of 2021, in their own currency."""
    values: dict[str, Any] = {
        "issuer": {"name": "mill"},
        "customer": {"name": "buyer"},
        "installation": "mill 1",
        "product": "coil",
        "first": dt.date(2025, 1, 1),
        "last": dt.date(2025, 1, 31),
        "quantity_t": 100.0,
        "direct_tco2_per_t": 2.1,
        "attribution": "subdivision",
        "data_quality": 2,
        "scheme": "CEA",
        "compliance_year": 2025,
        "market": {
            "cny_per_t": 45.93,
            "statistic": "mean of closes",
            "first": dt.date(2025, 1, 1),
            "last": dt.date(2025, 1, 31),
            "source": "contract",
        },
    }
    return StatementInput.model_validate(values | given)


def upstream_of(one: Statement, t_per_t: float, number: str) -> Upstream:
    """Return a statement as the customer lists it."""
    cost = [None if v is None else Cost(cny_per_t=v.value, low=v.low, high=v.high) for v in one.total]
    return Upstream(
        product=one.asked.product,
        issuer=one.asked.issuer.name,
        t_per_t=t_per_t,
        level="statement",
        statement=number,
        full=cost[0],
        paid=cost[1],
        marginal=cost[2],
        paid_by=one.paid_by,
    )


def value(span: Span | None) -> float:
    assert span is not None
    return span.value


def test_published_figures() -> None:
    """45.93 x 2.1 = 96.45 EUR/t full; 20 % bought, 19.29 EUR/t paid (thyssenkrupp 2021, Argus Media)."""
    found = statement(asked(average_paid_cny_per_tco2=45.93 * 0.2))
    assert value(found.total.full) == pytest.approx(96.453)
    assert value(found.total.paid) == pytest.approx(19.2906)
    assert found.paid_kind == "own_purchases"
    assert [payer.cny_per_t for payer in found.paid_by] == [pytest.approx(19.2906)]


def test_output_based_allocation_leaves_little_at_the_margin() -> None:
    """P = 40, e = 1.85, b = 1.80: kappa is 2 CNY/t where allocation follows output and 74 where it does not."""
    market = {
        "cny_per_t": 40.0,
        "statistic": "mean",
        "first": dt.date(2025, 1, 1),
        "last": dt.date(2025, 1, 31),
        "source": "x",
    }
    given = {"market": market, "direct_tco2_per_t": 1.85, "free_tco2_per_t": 1.80, "average_paid_cny_per_tco2": 1.0}
    follows = statement(asked(**given, allocation="benchmark"))
    fixed = statement(asked(**given, allocation="historical_emissions"))
    assert value(follows.total.marginal) == pytest.approx(2.0)
    assert value(fixed.total.marginal) == pytest.approx(74.0)


def test_a_surplus_stays_negative_and_an_estimate_proves_nothing() -> None:
    found = statement(asked(free_tco2_per_t=2.2, allocation="benchmark"))
    assert value(found.total.paid) == pytest.approx(45.93 * -0.1)
    assert found.paid_kind == "estimate"
    assert found.paid_by == ()
    assert [f.code for f in found.findings] == ["statement.paid_is_estimate"]


def test_outside_any_market_costs_nothing_and_says_so() -> None:
    found = statement(asked(scheme=None, market=None))
    assert [value(view) for view in found.total] == [0.0, 0.0, 0.0]
    assert found.paid_kind == "not_covered"
    assert found.findings == ()


def test_electricity_is_charged_once_where_generator_and_user_both_answer() -> None:
    given = {"direct_tco2_per_t": 1.0, "electricity_tco2_per_t": 0.5, "average_paid_cny_per_tco2": 10.0}
    both = statement(asked(**given, electricity_covered=True, power_price_carbon_share=0.4))
    assert both.charged_tco2_per_t == 1.5
    assert both.overlap_tco2_per_t == pytest.approx(0.2)
    assert value(both.total.full) == pytest.approx(45.93 * 1.5)
    price_only = statement(asked(**given, power_price_carbon_share=0.4))
    assert value(price_only.total.full) == pytest.approx(45.93 * 1.2)
    assert value(price_only.total.paid) == pytest.approx(10.0 + 45.93 * 0.2)
    # What the power price holds was not paid by the mill.
    assert [payer.cny_per_t for payer in price_only.paid_by] == [pytest.approx(10.0)]
    assert price_only.unnamed_cny_per_t == pytest.approx(45.93 * 0.2)
    assert both.unnamed_cny_per_t == 0.0


def test_what_is_not_known_is_not_zero() -> None:
    found = statement(asked(market=None))
    assert found.total == (None, None, None)
    assert {f.code for f in found.findings} == {"statement.no_market_price", "input.missing"}
    part = Upstream(
        product="zinc",
        issuer="smelter",
        t_per_t=0.05,
        level="sector_average",
        source="association",
        full=Cost(cny_per_t=9.0),
    )
    partly = statement(asked(average_paid_cny_per_tco2=1.0, upstream=(part,)))
    assert value(partly.total.full) == pytest.approx(45.93 * 2.1 + 0.45)
    assert partly.total.paid is None
    assert partly.own.paid is not None


def test_a_statement_stands_in_one_line_only() -> None:
    one = upstream_of(statement(asked(average_paid_cny_per_tco2=5.0)), 0.5, "S-1")
    with pytest.raises(ListedTwice) as caught:
        statement(asked(upstream=(one, one)))
    assert caught.value.field == "upstream.1.statement"


def test_a_payment_without_a_payer_is_told() -> None:
    one = upstream_of(statement(asked(average_paid_cny_per_tco2=5.0)), 0.5, "S-1").model_copy(update={"paid_by": ()})
    found = statement(asked(average_paid_cny_per_tco2=0.0, upstream=(one,)))
    assert "statement.payer_unnamed" in {f.code for f in found.findings}


def test_more_than_a_statement_covers_is_refused() -> None:
    check_left("S-1", 100.0, 60.0, 40.0, "upstream.0")
    with pytest.raises(Exhausted):
        check_left("S-1", 100.0, 60.0, 40.001, "upstream.0")


@pytest.mark.parametrize(
    "wrong",
    [
        {"last": dt.date(2024, 12, 31)},
        {"quantity_t": 0.0},
        {"direct_tco2_per_t": -0.1},
        {"attribution": "economic"},
        {"product_code": "72 08"},
        {"data_quality": 6},
        {"upstream": ({"product": "a", "issuer": "b", "t_per_t": 1.0, "level": "statement"},)},
        {"upstream": ({"product": "a", "issuer": "b", "t_per_t": 1.0, "level": "input_output"},)},
        {
            "upstream": (
                {
                    "product": "a",
                    "issuer": "b",
                    "t_per_t": 1.0,
                    "level": "statement",
                    "statement": "x",
                    "full": {"cny_per_t": 3.0, "low": 4.0},
                },
            )
        },
    ],
)
def test_bad_input_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        asked(**wrong)


@given(
    paid=st.lists(st.tuples(st.floats(-5.0, 80.0), st.floats(0.0, 4.0), st.floats(0.01, 2.0)), min_size=1, max_size=5)
)
def test_what_is_passed_on_once_is_received_once(paid: list[tuple[float, float, float]]) -> None:
    """Along a chain of any length the last tonne carries every payment, each times the tonnes that went in."""
    before: tuple[Upstream, ...] = ()
    expected = 0.0
    for tier, (average, intensity, t_per_t) in enumerate(paid):
        found = statement(
            asked(
                issuer={"name": f"firm {tier}"},
                installation=f"works {tier}",
                direct_tco2_per_t=intensity,
                average_paid_cny_per_tco2=average,
                upstream=before,
            )
        )
        expected += average * intensity
        assert value(found.total.paid) == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert sum(payer.cny_per_t for payer in found.paid_by) == pytest.approx(
            value(found.total.paid), rel=1e-9, abs=1e-9
        )
        before = (upstream_of(found, t_per_t, f"S-{tier}"),)
        expected *= t_per_t


@given(average=st.floats(0.0, 80.0), first=st.floats(0.01, 1.0), second=st.floats(0.01, 1.0))
def test_splitting_a_supply_changes_nothing(average: float, first: float, second: float) -> None:
    slab = statement(asked(average_paid_cny_per_tco2=average))
    whole = statement(asked(average_paid_cny_per_tco2=1.0, upstream=(upstream_of(slab, first + second, "S-1"),)))
    parts = (upstream_of(slab, first, "S-1"), upstream_of(slab, second, "S-2"))
    split = statement(asked(average_paid_cny_per_tco2=1.0, upstream=parts))
    turned = statement(asked(average_paid_cny_per_tco2=1.0, upstream=parts[::-1]))
    for one in (split, turned):
        assert value(one.total.full) == pytest.approx(value(whole.total.full))
        assert value(one.total.paid) == pytest.approx(value(whole.total.paid))
        assert {p.place for p in one.paid_by} == {p.place for p in whole.paid_by}


def test_intervals_add_up_and_hold_the_value() -> None:
    slab = statement(asked(average_paid_cny_per_tco2=5.0, error_share=0.1))
    coil = statement(
        asked(average_paid_cny_per_tco2=-2.0, error_share=0.05, upstream=(upstream_of(slab, 1.05, "S-1"),))
    )
    for own, upstream, total in zip(coil.own, coil.upstream, coil.total, strict=True):
        if own and upstream and total:
            assert total.low == pytest.approx(own.low + upstream.low)
            assert total.low <= total.value <= total.high
    assert coil.own.paid == pytest.approx((-4.41, -4.2, -3.99))


def test_levels_of_the_full_cost() -> None:
    part = Upstream(
        product="zinc", issuer="?", t_per_t=1.0, level="input_output", source="table", full=Cost(cny_per_t=45.93 * 0.7)
    )
    assert dict(statement(asked(upstream=(part,))).levels) == {
        "own": pytest.approx(0.75),
        "input_output": pytest.approx(0.25),
    }


@pytest.mark.parametrize("emitted", [{"direct_tco2_per_t": 0.0}, {"direct_tco2_per_t": 1.2, "direct_covered": False}])
def test_allowances_without_charged_emissions_are_a_surplus_as_in_a_chain(emitted: dict[str, Any]) -> None:
    """net = E - free (ets.md 4) and P (e - f), never cut at zero (passthrough.md 2.2): with e = 0 the paid view is -P f."""
    found = statement(asked(free_tco2_per_t=0.25, allocation="benchmark", **emitted))
    assert [value(view) for view in found.own] == [0.0, pytest.approx(-45.93 * 0.25), pytest.approx(-45.93 * 0.25)]
    assert found.paid_kind == "estimate"
    node = {"id": "coil", "level": "own", "free_tco2_per_unit": 0.25, "allocation": "benchmark", "direct_covered": True}
    given = {
        "direct_tco2_per_unit": emitted["direct_tco2_per_t"],
        "direct_covered": emitted.get("direct_covered", True),
    }
    market = found.asked.market.model_dump() if found.asked.market else None
    chain = ChainAsk.model_validate({"market": market, "nodes": [node | given], "inputs": []})
    (alone,) = roll_up(chain, load_measures(DATA)).nodes
    assert alone.own == tuple(value(view) for view in found.own)


def test_free_allowances_outside_any_market_cost_and_bring_nothing() -> None:
    found = statement(asked(scheme=None, free_tco2_per_t=0.25, allocation="benchmark"))
    assert [value(view) for view in found.own] == [0.0, 0.0, 0.0]
    assert found.paid_kind == "not_covered"
