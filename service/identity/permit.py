"""What an operation asks of its caller: a right, found from what the operation does or said by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

#: Where an operation says its right itself: ``openapi_extra=needs("manage")``.
RIGHT = "x-right"
_LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})


def needs(right: str) -> dict[str, Any]:
    """Return what an operation adds to its description to ask for ``right``."""
    return {RIGHT: right}


def right_of(route: APIRoute, writes: Callable[..., Any]) -> str:
    """
    Return the right that an operation asks for.

    What it says itself; else ``see`` to look, ``keep`` where it has a session
    that writes (the dependency ``writes``), and ``compute`` for the rest.
    """
    said = (route.openapi_extra or {}).get(RIGHT)
    if said:
        return str(said)
    if _asks_for(route.dependant, writes):
        return "keep"
    return "see" if (route.methods or set()) <= _LOOKS else "compute"


def _asks_for(dependant: Dependant, call: Callable[..., Any]) -> bool:
    return dependant.call is call or any(_asks_for(one, call) for one in dependant.dependencies)
