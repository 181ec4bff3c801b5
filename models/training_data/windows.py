"""Rectangles of pixels, and which part of a frame a rotated crop sees."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Pixels from (top, left) to before (bottom, right); borders may lie outside a frame."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.bottom - self.top, self.right - self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of an array that holds the window."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def within(self, size: tuple[int, int]) -> "Window":
        """The part inside a frame of that height and width."""
        height, width = size
        return Window(
            max(self.top, 0), max(self.left, 0), min(self.bottom, height), min(self.right, width)
        )

    def grown(self, margin: int) -> "Window":
        """The window with a margin on every side."""
        return Window(
            self.top - margin, self.left - margin, self.bottom + margin, self.right + margin
        )

    def seen_from(self, other: "Window") -> "Window":
        """The window counted from the other one's corner."""
        return Window(
            self.top - other.top,
            self.left - other.left,
            self.bottom - other.top,
            self.right - other.left,
        )

    def mirrored(self, size: tuple[int, int], *, left: bool, up: bool) -> "Window":
        """The window in the frame mirrored left to right, upside down, or both."""
        height, width = size
        top, bottom = (height - self.bottom, height - self.top) if up else (self.top, self.bottom)
        start, end = (width - self.right, width - self.left) if left else (self.left, self.right)
        return Window(top, start, bottom, end)

    def scaled(self, size: tuple[int, int], target: tuple[int, int]) -> "Window":
        """The smallest window that covers this one after a resize from one size to the other."""
        rows, columns = target[0] / size[0], target[1] / size[1]
        return Window(
            math.floor(self.top * rows),
            math.floor(self.left * columns),
            math.ceil(self.bottom * rows),
            math.ceil(self.right * columns),
        ).within(target)


def before_rotation(window: Window, size: tuple[int, int], angle: float) -> Window:
    """Part of the frame that reaches the window when the frame turns about its center.

    It holds the window itself, too, since a rotation in place gives a picture of its own size.

    Args:
        window: inside the frame.
        size: height and width of the frame.
        angle: degrees counterclockwise.
    """
    if angle == 0:
        return window
    middle_y, middle_x = size[0] / 2, size[1] / 2
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    corners = [(y - middle_y, x - middle_x) for y, x in _corners(window)]
    ys = [middle_y + x * sin + y * cos for y, x in corners] + [window.top, window.bottom]
    xs = [middle_x + x * cos - y * sin for y, x in corners] + [window.left, window.right]
    turned = Window(
        math.floor(min(ys)), math.floor(min(xs)), math.ceil(max(ys)), math.ceil(max(xs))
    )
    return turned.grown(1).within(size)  # bilinear weights reach one pixel further


def _corners(window: Window) -> list[tuple[int, int]]:
    return [(y, x) for y in (window.top, window.bottom) for x in (window.left, window.right)]
