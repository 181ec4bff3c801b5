"""Sheets of pictures with names: a table with heads and sides, or cards with a title each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

Picture = UInt8[np.ndarray, "_ _ 3"]

TRAINED, RESERVED, PLAIN = (38, 122, 76), (190, 62, 40), (110, 110, 118)
"""Colors of what is trained on, of what no part may train on, and of the rest."""

_PAPER, _INK = (250, 249, 246), (40, 40, 46)
_GAP_PX, _MARK_PX, _LINE_PX = 12, 5, 38
_FONT_PX, _NOTE_PX = 24, 20


@dataclass(frozen=True, eq=False)
class Card:
    """Pictures side by side below a title, and a note behind it in the color of what it says."""

    title: str
    note: str
    color: tuple[int, int, int]
    pictures: Sequence[Picture]


def table_sheet(
    rows: Sequence[Sequence[Picture]],
    *,
    heads: Sequence[str],
    sides: Sequence[str],
    trained: Sequence[tuple[int, int]] = (),
) -> Image.Image:
    """Pictures of one size under heads, the name of each row beside it, turned.

    `trained` are the (row, column) of pictures that get the frame of what is trained on.
    """
    height, width = rows[0][0].shape[:2]
    left, top = _LINE_PX + _GAP_PX, _LINE_PX + _GAP_PX
    size = (left + len(heads) * (width + _GAP_PX), top + len(rows) * (height + _GAP_PX))
    sheet = Image.new("RGB", size, _PAPER)
    for column, head in enumerate(heads):
        _write(sheet, head, (left + column * (width + _GAP_PX) + width // 2, top // 2))
    for row, (side, pictures) in enumerate(zip(sides, rows, strict=True)):
        y = top + row * (height + _GAP_PX)
        _write_upward(sheet, side, (left // 2, y + height // 2))
        for column, picture in enumerate(pictures):
            x = left + column * (width + _GAP_PX)
            if (row, column) in trained:
                _frame(sheet, (x, y, width, height), TRAINED)
            sheet.paste(Image.fromarray(picture), (x, y))
    return sheet


def card_sheet(lines: Sequence[Sequence[Card]]) -> Image.Image:
    """Cards of one size, line by line; a line may be shorter than the others."""
    first = lines[0][0].pictures
    height = first[0].shape[0]
    width = sum(picture.shape[1] for picture in first) + _GAP_PX // 3 * (len(first) - 1)
    step_x, step_y = width + 2 * _GAP_PX, _LINE_PX + height + _GAP_PX
    size = (_GAP_PX + step_x * max(map(len, lines)), _GAP_PX // 2 + step_y * len(lines))
    sheet = Image.new("RGB", size, _PAPER)
    for row, line in enumerate(lines):
        for column, card in enumerate(line):
            corner = (_GAP_PX + column * step_x, _GAP_PX // 2 + row * step_y)
            _draw_card(sheet, corner, card)
    return sheet


def _draw_card(sheet: Image.Image, corner: tuple[int, int], card: Card) -> None:
    x, y = corner
    draw = ImageDraw.Draw(sheet)
    middle = y + _LINE_PX // 2 - 3  # the frame below takes a little of the line
    draw.text((x, middle), card.title, _INK, _font(_FONT_PX), anchor="lm")
    end = x + draw.textlength(card.title, _font(_FONT_PX)) + 10
    draw.text((end, middle + 1), card.note, card.color, _font(_NOTE_PX), anchor="lm")
    for picture in card.pictures:
        if card.color != PLAIN:
            _frame(sheet, (x, y + _LINE_PX, picture.shape[1], picture.shape[0]), card.color)
        sheet.paste(Image.fromarray(picture), (x, y + _LINE_PX))
        x += picture.shape[1] + _GAP_PX // 3


def _frame(sheet: Image.Image, box: tuple[int, int, int, int], color: tuple[int, int, int]) -> None:
    x, y, width, height = box
    edge = _MARK_PX - 1
    corners = (x - edge, y - edge, x + width - 1 + edge, y + height - 1 + edge)
    ImageDraw.Draw(sheet).rectangle(corners, fill=color)


def _write(sheet: Image.Image, text: str, middle: tuple[int, int]) -> None:
    ImageDraw.Draw(sheet).text(middle, text, _INK, _font(_FONT_PX), anchor="mm")


def _write_upward(sheet: Image.Image, text: str, middle: tuple[int, int]) -> None:
    width = round(ImageDraw.Draw(sheet).textlength(text, _font(_FONT_PX)))
    strip = Image.new("RGB", (width, _LINE_PX), _PAPER)
    _write(strip, text, (width // 2, _LINE_PX // 2))
    turned = strip.rotate(90, expand=True)
    sheet.paste(turned, (middle[0] - turned.width // 2, middle[1] - turned.height // 2))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
