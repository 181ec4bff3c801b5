"""Where the pictures of a page come from: in the page itself, or asked for one by one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from assets.gallery.inline import data_uri
from assets.gallery.pictures import Pictures
from assets.gallery.rows import DrawnAttempt
from models.scene_sheet import Tile

TILES: Mapping[str, Callable[[Pictures, DrawnAttempt], Tile]] = {
    "picture": Pictures.picture,
    "label": Pictures.label,
    "masks": Pictures.found,
    "layout": Pictures.layout,
    "photograph": Pictures.photograph,
    "thumbnail": Pictures.found,
}
"""The ways to look at an attempt."""

CODED = frozenset({"label", "layout"})
"""Those whose colors stand for classes."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One picture of a page: its address, or why there is none."""

    src: str | None = None
    missing: str = ""
    is_lazy: bool = False


class Shows(Protocol):
    """Knows where the pictures of attempts are."""

    def shown(self, item: DrawnAttempt, way: str) -> Shown:
        """The picture of an attempt in one of the `TILES`."""


@dataclass(frozen=True)
class Inline:
    """Pictures as part of the page, so that it is one file."""

    pictures: Pictures
    thumbnails: Pictures

    def shown(self, item: DrawnAttempt, way: str) -> Shown:
        """The picture as a data URI."""
        tile = TILES[way](self.thumbnails if way == "thumbnail" else self.pictures, item)
        if isinstance(tile, str):
            return Shown(missing=tile)
        return Shown(src=data_uri(tile, is_coded=way in CODED))
