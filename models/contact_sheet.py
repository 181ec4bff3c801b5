"""Pictures of many crops at once, for people: rows of one class, a caption each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

Crop = UInt8[np.ndarray, "_ _ 4"]

_PAPER = (250, 249, 246)
_INK = (40, 40, 46)
_FAINT = (150, 150, 158)
_TILE = (238, 236, 230)


@dataclass(frozen=True)
class SheetStyle:
    """Sizes of a contact sheet in pixels."""

    tile_px: int = 84
    gap_px: int = 6
    caption_px: int = 150
    line_px: int = 18


def contact_sheet(
    rows: Mapping[str, Sequence[Crop]],
    *,
    title: str,
    notes: Mapping[str, str] | None = None,
    style: SheetStyle | None = None,
) -> UInt8[np.ndarray, "sheet_height sheet_width 3"]:
    """One line of crops for each caption, in the given order, on a light sheet.

    Crops are RGBA, fitted into square tiles without distortion and never enlarged more than three
    times; ``notes`` stand in small type under a caption. A caption without crops keeps its line, so
    that what is missing can be seen.

    Raises:
        ValueError: if there is no row.
    """
    if not rows:
        raise ValueError("need at least one row of crops, got none")
    style = style or SheetStyle()
    columns = max(4, *(len(crops) for crops in rows.values()))
    sheet = _blank_sheet(len(rows), columns, style)
    draw = ImageDraw.Draw(sheet)
    draw.text((style.gap_px * 2, style.gap_px * 2), title, _INK, _font(20))
    top = _header_px(style)
    for caption, crops in rows.items():
        _draw_row(sheet, top, caption, (notes or {}).get(caption, ""), crops, style)
        top += style.tile_px + style.gap_px
    return np.asarray(sheet)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _header_px(style: SheetStyle) -> int:
    return 2 * style.line_px + 2 * style.gap_px


def _blank_sheet(n_rows: int, columns: int, style: SheetStyle) -> Image.Image:
    step = style.tile_px + style.gap_px
    width = style.caption_px + columns * step + style.gap_px
    return Image.new("RGB", (width, _header_px(style) + n_rows * step + style.gap_px), _PAPER)


def _draw_row(
    sheet: Image.Image,
    top: int,
    caption: str,
    note: str,
    crops: Sequence[Crop],
    style: SheetStyle,
) -> None:
    draw = ImageDraw.Draw(sheet)
    middle = top + style.tile_px // 2
    draw.text((style.gap_px * 2, middle - style.line_px), caption, _INK, _font(15))
    draw.text((style.gap_px * 2, middle + 2), note, _FAINT, _font(12))
    for column, crop in enumerate(crops):
        left = style.caption_px + column * (style.tile_px + style.gap_px)
        _draw_tile(sheet, left, top, crop, style)


def _draw_tile(sheet: Image.Image, left: int, top: int, crop: Crop, style: SheetStyle) -> None:
    side = style.tile_px
    ImageDraw.Draw(sheet).rectangle((left, top, left + side - 1, top + side - 1), fill=_TILE)
    height, width = crop.shape[:2]
    scale = min((side - 4) / height, (side - 4) / width, 3.0)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = Image.fromarray(crop).resize(size, Image.Resampling.LANCZOS)
    corner = (left + (side - size[0]) // 2, top + (side - size[1]) // 2)
    sheet.paste(picture, corner, picture)
