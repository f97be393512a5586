"""What an installation measured, bought and made, worked out under the law of its year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from cbam.installation import InstallationResult, assess_installation
from cbam.plant import Installation
from service.library import Library


def worked_out(asked: Installation, library: Library, scenarios: Sequence[str]) -> InstallationResult:
    """
    Return SEE and SEFA of everything that could be computed, with findings on the rest.

    Raises
    ------
    YuetanError
        Nothing could be computed: the first reason.
    """
    law = library.book(scenarios).at(dt.date(asked.year, 12, 31))
    found = assess_installation(asked, law, library.factors.fuels)
    if not found.processes:
        raise next(iter(found.refused.values()))
    return found
