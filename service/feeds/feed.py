"""Sources of quotes and rates, from ``data/prices/feeds.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from models.errors import Text, YuetanError
from models.files import read_yaml
from models.inputs import Input


class Feed(Input):
    """A source of quotes or rates, from ``data/prices/feeds.yaml``."""

    zh: str
    en: str
    instrument: str | None = None
    currencies: tuple[str, ...] = ()
    url: str
    layout: str
    every_hours: int = Field(ge=1)
    #: A value so many times above or below the one before it is of another unit: nothing of the visit is taken.
    most_factor: float = Field(gt=1)
    source: str
    confidence: str

    @property
    def label(self) -> Text:
        """What the source is called."""
        return Text(self.zh, self.en)


class UnknownFeed(YuetanError):
    code = "feeds.unknown"
    message = Text("没有这个行情来源。", "There is no such price source.")
    hint = Text("可用：{known}。", "Known: {known}.")


def load_feeds(data: Path) -> dict[str, Feed]:
    """Read ``data/prices/feeds.yaml``."""
    return {name: Feed.model_validate(node) for name, node in read_yaml(data / "prices" / "feeds.yaml").items()}


def feed_named(feeds: Mapping[str, Feed], name: str) -> Feed:
    """Return a feed by name; ``UnknownFeed`` lists the known ones."""
    if name not in feeds:
        raise UnknownFeed(field="name", known=", ".join(feeds))
    return feeds[name]
