"""Scene attempts for people: a line each, from the photograph to the label, and the verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

Tile: TypeAlias = UInt8[np.ndarray, "_ _ 3"] | str
"""A picture, or why there is none."""

HEADS = ("photograph", "layout", "generated", "object found", "label")
_CODED = ("layout", "label")

_PAPER, _INK, _FAINT, _TILE = (250, 249, 246), (40, 40, 46), (112, 112, 120), (236, 234, 228)
_VERDICT_COLORS = {"accepted": (26, 127, 90), "rejected": (200, 68, 38)}
_UNJUDGED = (140, 140, 148)
_MAX_LINES = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class SceneTiles:
    """One line of the sheet; pictures may differ in size.

    Attributes:
        title: which attempt it is.
        condition: what the prompt says of the surroundings, and the objects.
        verdict: ``accepted``, ``rejected``, or None where nobody judged it yet.
        reason: why it was rejected; empty where it was not.
        scores: in the form in which they are shown.
        photograph: the frame whose layout it was drawn from.
        layout: with the objects, as the generator got it.
        picture: as the generator drew it.
        found: the picture with SAM's mask outlined.
        label: in the colors of `models.label_colors`.
    """

    title: str
    condition: str
    verdict: str | None
    reason: str
    scores: str
    photograph: Tile
    layout: Tile
    picture: Tile
    found: Tile
    label: Tile

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """The five pictures in the order of `HEADS`."""
        return self.photograph, self.layout, self.picture, self.found, self.label


@dataclass(frozen=True, kw_only=True)
class SceneSheetStyle:
    """Sizes in pixels; a tile is as high as the flattest picture of the sheet needs it."""

    tile_width_px: int = 288
    caption_px: int = 250
    gap_px: int = 6
    bar_px: int = 8
    header_px: int = 62


def scene_sheet(
    rows: Sequence[SceneTiles], *, title: str, style: SceneSheetStyle | None = None
) -> UInt8[np.ndarray, "sheet_height sheet_width 3"]:
    """One line for each attempt in the given order, on a light sheet; without one it says so.

    Pictures of any size are fitted into their tiles without distortion; layouts and labels keep
    their colors exactly. A bar at the left and the caption have the color of the
    verdict; a missing picture is an empty tile with its reason.
    """
    style = style or SceneSheetStyle()
    tile = (style.tile_width_px, _tile_height(rows, style.tile_width_px))
    step = tile[1] + style.gap_px
    width = style.caption_px + len(HEADS) * (tile[0] + style.gap_px)
    sheet = Image.new("RGB", (width, style.header_px + max(1, len(rows)) * step), _PAPER)
    _draw_header(sheet, title, rows, style)
    for number, row in enumerate(rows):
        _draw_row(sheet, style.header_px + number * step, row, tile, style)
    return np.asarray(sheet)


def _tile_height(rows: Sequence[SceneTiles], width: int) -> int:
    """Height of the tiles: the highest picture at full width, within a half to three quarters."""
    pictures = [tile for row in rows for tile in row.tiles if not isinstance(tile, str)]
    ratio = max((picture.shape[0] / picture.shape[1] for picture in pictures), default=0.5)
    return round(width * min(max(ratio, 0.5), 0.75))


def _draw_header(
    sheet: Image.Image, title: str, rows: Sequence[SceneTiles], style: SceneSheetStyle
) -> None:
    draw = ImageDraw.Draw(sheet)
    draw.text((style.bar_px + 10, 9), title, _INK, _font(20))
    if not rows:
        draw.text((style.bar_px + 10, style.header_px + 8), "no attempt", _FAINT, _font(14))
    base = style.header_px - 8
    for column, head in enumerate(HEADS):
        left = style.caption_px + column * (style.tile_width_px + style.gap_px)
        draw.text((left + 1, base), head, _FAINT, _font(13), anchor="ls")


def _draw_row(
    sheet: Image.Image, top: int, row: SceneTiles, tile: tuple[int, int], style: SceneSheetStyle
) -> None:
    draw = ImageDraw.Draw(sheet)
    color = _VERDICT_COLORS.get(row.verdict or "", _UNJUDGED)
    draw.rectangle((0, top, style.bar_px - 1, top + tile[1] - 1), fill=color)
    _draw_caption(draw, (style.bar_px + 10, top), row, style, bottom=top + tile[1])
    for column, content in enumerate(row.tiles):
        left = style.caption_px + column * (tile[0] + style.gap_px)
        _draw_tile(sheet, (left, top, *tile), content, is_coded=HEADS[column] in _CODED)


def _draw_caption(
    draw: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    row: SceneTiles,
    style: SceneSheetStyle,
    *,
    bottom: int,
) -> None:
    """Write what is told of an attempt, as far as the height of its line allows."""
    color = _VERDICT_COLORS.get(row.verdict or "", _UNJUDGED)
    verdict = row.verdict or "not judged yet"
    parts = (
        (row.title, _INK, 14, 2),
        (f"{verdict}: {row.reason}" if row.reason else verdict, color, 15, 2),
        (row.scores, _INK, 12, 3),
        (row.condition, _FAINT, 12, _MAX_LINES),
    )
    x, y = corner
    room = style.caption_px - x - 10
    for text, ink, size, max_lines in parts:
        for line in fold(text, room, _font(size), max_lines=max_lines):
            if y + size <= bottom:
                draw.text((x, y), line, ink, _font(size))
            y += round(size * 1.3)
        y += 3 if text else 0


def _draw_tile(
    sheet: Image.Image, box: tuple[int, int, int, int], content: Tile, *, is_coded: bool
) -> None:
    left, top, width, height = box
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((left, top, left + width - 1, top + height - 1), fill=_TILE)
    if isinstance(content, str):
        lines = fold(content, width - 24, _font(13), max_lines=_MAX_LINES)
        middle = (left + width // 2, top + height // 2)
        draw.multiline_text(middle, "\n".join(lines), _FAINT, _font(13), "mm", align="center")
        return
    fitted = fit(content, width_px=width, height_px=height, is_coded=is_coded)
    corner = (left + (width - fitted.shape[1]) // 2, top + (height - fitted.shape[0]) // 2)
    sheet.paste(Image.fromarray(fitted), corner)


def fit(
    picture: UInt8[np.ndarray, "height width 3"],
    *,
    width_px: int,
    height_px: int,
    is_coded: bool = False,
) -> UInt8[np.ndarray, "new_height new_width 3"]:
    """The largest form of the picture, undistorted, within a box.

    ``is_coded`` says that colors stand for classes: they are kept exactly, by nearest pixels, since
    a mixture of two would be the color of a third.
    """
    height, width = picture.shape[:2]
    scale = min(width_px / width, height_px / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    way = cv2.INTER_NEAREST_EXACT if is_coded else smooth
    return np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8)


def fold(
    text: str,
    room_px: float,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    *,
    max_lines: int,
) -> list[str]:
    """Lines of a text that are no wider than the room; dots stand for what found none."""
    lines = [line for part in text.splitlines() for line in _fold_part(part, room_px, font)]
    if len(lines) > max_lines:
        lines = [*lines[: max_lines - 1], f"{lines[max_lines - 1]} ..."]
    return [_cut(line, room_px, font) for line in lines]


def _fold_part(
    text: str, room_px: float, font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= room_px:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _cut(line: str, room_px: float, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    if font.getlength(line) <= room_px:
        return line
    shorter = line.removesuffix(" ...")
    while shorter and font.getlength(f"{shorter} ...") > room_px:
        shorter = shorter[:-1]
    return f"{shorter} ..."


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
