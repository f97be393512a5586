"""What inputs of every floor have in common."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError


class Input(BaseModel):
    """A frozen input; unknown fields and values that are not finite are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)


#: Most tonnes of goods in one line: more than the whole EU imports in a year is a mistake of unit.
MOST_T = 1e8
MassT = Annotated[float, Field(gt=0, le=MOST_T)]
#: Specific emissions, tCO2e per t of goods: more than this is no steel and no aluminium.
MOST_TCO2E_PER_T = 50.0
TCO2ePerT = Annotated[float, Field(ge=0, le=MOST_TCO2E_PER_T)]
NonNegative = Annotated[float, Field(ge=0, le=1e15)]
Positive = Annotated[float, Field(gt=0, le=1e15)]
#: A day that a record may name; outside it is a slip of the pen.
Day = Annotated[dt.date, Field(ge=dt.date(1950, 1, 1), le=dt.date(2150, 12, 31))]


def broken_rule(field: str, zh: str, en: str) -> PydanticCustomError:
    """Return a rule between fields of one row that is broken, in both languages, at the field to mend."""
    return PydanticCustomError("rule", "{en}", {"zh": zh, "en": en, "field": field})
