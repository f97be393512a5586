"""What ``data/`` holds, read once per process: law by scenario, prices, rates, paths, scorecard."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from cbam.price_lines import PriceGrid, load_grid
from cbam.prices import Paths, load_paths
from finance.assessment import Context
from finance.scorecard import Scorecard, load_scorecard
from models.bids import BidPolicy, load_bid_policy
from models.crosscheck import Policy, load_policy
from models.errors import Text, YuetanError
from models.factor_records import Licence, load_licences
from models.factors import Factors, load_factors
from models.files import DATA, read_yaml
from models.fx import FxTable, load_fx
from models.home_prices import AllowanceGrid, AllowancePath, load_allowance_grid, load_allowance_paths
from models.law import LawBook, load_law
from models.market import Market, load_prices
from models.measures import Measures, load_measures
from models.method_profile import Profile, load_profiles
from models.park_asked import ParkPolicy, load_park_policy
from models.reconcile import Boundary, load_boundaries
from models.register_answers import AccreditationPolicy, load_accreditation_policy
from models.series import Series
from models.uncertainty import UncertaintyPolicy, load_uncertainty
from service.feeds.feed import Feed, load_feeds

CARD = Path("scorecards") / "gd-green-loan-default" / "1.0.0.json"


class UnknownScenario(YuetanError):
    code = "law.unknown_scenario"
    message = Text("没有这个法规情景。可用：{known}。", "There is no such law scenario. Known: {known}.")
    hint = Text("请从列表中选择；留空即按现行法规计算。", "Choose one of them; without one the law in force is used.")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A draft, or a superseded edition, that may be laid over the law."""

    name: str
    #: ``deduction``: a draft that moves nothing but the deduction.
    kind: Literal["draft", "edition", "deduction"]
    label: Text
    source: str
    folder: Path


class Library:
    """
    The data of one process.

    Nothing is read before it is asked for, so that a start stays quick; what
    was read is kept, since files of law do not change under a running service.
    """

    def __init__(self, data: Path = DATA) -> None:
        self.data = data
        self._books: dict[tuple[str, ...], LawBook] = {}
        self._lock = threading.RLock()

    @cached_property
    def edition(self) -> str:
        """SHA-256 over all data files: a job of another edition is another job."""
        digest = hashlib.sha256()
        for path in sorted(p for p in self.data.rglob("*") if p.is_file()):
            digest.update(str(path.relative_to(self.data)).encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    @cached_property
    def scenarios(self) -> dict[str, Scenario]:
        """What may be laid over the law, by name."""
        found = {}
        for about in sorted([*self.data.glob("drafts/*/about.yaml"), *self.data.glob("editions/*/about.yaml")]):
            told = read_yaml(about)
            found[about.parent.name] = Scenario(
                about.parent.name, told["kind"], Text(told["zh"], told["en"]), told["source"], about.parent
            )
        return found

    @cached_property
    def market(self) -> Market:
        return load_prices(self.data)

    @cached_property
    def factors(self) -> Factors:
        return load_factors(self.data)

    @cached_property
    def measures(self) -> Measures:
        """Units and what converts into what."""
        return load_measures(self.data)

    @cached_property
    def licences(self) -> dict[str, Licence]:
        """Terms under which a factor may be used."""
        return load_licences(self.data)

    @cached_property
    def profiles(self) -> dict[str, Profile]:
        """Methods of product footprints."""
        return load_profiles(self.data)

    @cached_property
    def uncertainty(self) -> UncertaintyPolicy:
        return load_uncertainty(self.data)

    @cached_property
    def boundaries(self) -> dict[str, Boundary]:
        """What verified emissions hold, by set of rules."""
        return load_boundaries(self.data)

    @cached_property
    def tolerances(self) -> Policy:
        """How far two statements of one quantity may be apart."""
        return load_policy(self.data)

    @cached_property
    def accreditation(self) -> AccreditationPolicy:
        """What a statement loses without a valid accreditation of its verifier."""
        return load_accreditation_policy(self.data)

    @cached_property
    def fx(self) -> FxTable:
        return load_fx(self.data)

    @cached_property
    def paths(self) -> Paths:
        return load_paths(self.data / "scenarios" / "certificate_price_paths.yaml")

    @cached_property
    def grid(self) -> PriceGrid:
        """Prices at which a cost is shown whatever the paths say."""
        return load_grid(self.data / "scenarios" / "certificate_price_grid.yaml")

    @cached_property
    def park_policy(self) -> ParkPolicy:
        """When the roll-up of a park asks."""
        return load_park_policy(self.data)

    @cached_property
    def bid_policy(self) -> BidPolicy:
        """What makes offers comparable by their footprints."""
        return load_bid_policy(self.data)

    @cached_property
    def allowance_paths(self) -> dict[str, AllowancePath]:
        """Named paths of the allowance prices at home."""
        return load_allowance_paths(self.data / "scenarios" / "allowance_price_paths.yaml")

    @cached_property
    def allowance_grid(self) -> AllowanceGrid:
        """Multiples of the reference price at which what is still to be bought is shown."""
        return load_allowance_grid(self.data / "scenarios" / "allowance_price_grid.yaml")

    @cached_property
    def card(self) -> Scorecard:
        return load_scorecard(self.data / CARD)

    def warm(self) -> None:
        """Read what the first question will need; what is wrong with it is told to whoever asks."""
        with contextlib.suppress(YuetanError, OSError):
            _ = self.book(), self.market, self.fx, self.paths, self.card, self.edition

    def book(self, scenarios: Sequence[str] = ()) -> LawBook:
        """Return the law, with ``scenarios`` laid over it in order; ``UnknownScenario`` where one is not known."""
        names = tuple(scenarios)
        with self._lock:
            if names not in self._books:
                for name in names:
                    if name not in self.scenarios:
                        raise UnknownScenario(field="law_scenarios", known=", ".join(self.scenarios))
                self._books[names] = load_law(self.data / "law", [self.scenarios[name].folder for name in names])
            return self._books[names]

    @cached_property
    def feeds(self) -> dict[str, Feed]:
        """Where quotes and rates can be fetched."""
        return load_feeds(self.data)

    def context(
        self, scenarios: Sequence[str], as_of: dt.date, quotes: Sequence[Series] = (), fx: FxTable | None = None
    ) -> Context:
        """Return what an assessment is made with; ``quotes`` are laid over the market's in order, ``fx`` in place of ours."""
        market = self.market
        for series in quotes:
            market = market.with_quotes(series)
        return Context(
            book=self.book(scenarios),
            market=market,
            fx=fx or self.fx,
            paths=self.paths,
            scorecard=self.card,
            as_of=as_of,
        )
