"""A bank's own PDs against what happened: the same measures as for the model that ships, with its card beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from finance.credit_model import ModelCard, load_card
from finance.indicator import broken
from finance.validation import Validation, rank_agreement, validated
from models.errors import Text, YuetanError
from models.inputs import Input
from service.library import Library

MOST_CASES = 20_000
DRAWS = 200
#: Groups of the calibration test; fewer cases than this in each say nothing.
GROUPS, LEAST_A_GROUP = 10, 10


class TooFewCases(YuetanError):
    code = "credit.too_few_cases"
    message = Text("样本只有 {found} 条，少于 {needed} 条。", "The sample has {found} cases, fewer than {needed}.")
    hint = Text("请提供更多已知结果的样本。", "Give more cases whose outcome is known.")


class ValidationAsk(Input):
    """
    PDs and outcomes of the same cases, in the same order.

    ``grade`` is the rank of the bank's existing grade, a higher number for more
    risk. ``in_sample`` says that the PDs were fitted on these cases.
    """

    pd: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(min_length=1, max_length=MOST_CASES)
    defaulted: tuple[bool, ...] = Field(min_length=1, max_length=MOST_CASES)
    grade: tuple[Annotated[int, Field(ge=0, le=100)], ...] | None = Field(default=None, max_length=MOST_CASES)
    in_sample: bool
    seed: int = Field(ge=0, le=2**32 - 1)

    @model_validator(mode="after")
    def _matched(self) -> ValidationAsk:
        if len(self.pd) != len(self.defaulted) or (self.grade is not None and len(self.grade) != len(self.pd)):
            raise broken("各列行数须相同", "columns must have the same number of rows")
        return self


@dataclass(frozen=True, slots=True)
class Validated:
    """The measures of a bank's PDs, the agreement with its grades, and the card of the model that ships."""

    found: Validation
    tau: float | None
    card: ModelCard


def validate(asked: ValidationAsk, library: Library) -> Validated:
    """
    Measure a bank's PDs.

    Raises
    ------
    TooFewCases, OneOutcome
        Nothing can be measured on the sample.
    """
    needed = GROUPS * LEAST_A_GROUP
    if len(asked.pd) < needed:
        raise TooFewCases(found=len(asked.pd), needed=needed, field="pd")
    pd, events = np.array(asked.pd), np.array(asked.defaulted)
    made = validated(pd, events, np.random.default_rng(asked.seed), in_sample=asked.in_sample, draws=DRAWS)
    tau = None if asked.grade is None else rank_agreement(pd, np.array(asked.grade, dtype=np.float64))
    return Validated(made, tau if tau is not None and np.isfinite(tau) else None, load_card(library.data))
