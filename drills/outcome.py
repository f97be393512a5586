"""What a drill is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of a drill is done: ``short`` is what the tests do; ``minutes`` is for those that are stated in minutes."""

    short: bool = False
    minutes: float = 10.0

    def of(self, full: int, short: int) -> int:
        """Return a count."""
        return short if self.short else full


@dataclass(slots=True)
class Outcome:
    """What was reached; ``broken`` says in words what did not hold, and is empty where all did."""

    figures: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def must(self, holds: bool, said: str) -> None:
        """Note what does not hold."""
        if not holds:
            self.broken.append(said)

    def tell(self, figure: str) -> None:
        """Note a figure reached."""
        self.figures.append(figure)

    @property
    def line(self) -> str:
        """Everything in one line."""
        return "; ".join([*self.figures, *(f"**{said}**" for said in self.broken)])


class Missing(Exception):
    """What the drill needs is not installed or not allowed here; the words say how to get it."""
