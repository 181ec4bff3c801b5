"""Files of lines that are only appended to, and that a death may cut off anywhere."""

from collections.abc import Iterable
from pathlib import Path

from upath import UPath

from storage.atomic import write_atomically


def whole_lines(path: Path) -> list[str]:
    """Lines of a file, none where it is not there; one that a death cut off is passed over."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return text[: text.rfind("\n") + 1].splitlines()


def append_line(path: Path, line: str) -> None:
    """Add a line; it is in the file when this returns."""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def replace_lines(path: Path, lines: Iterable[str]) -> None:
    """Make the file hold these lines, whole or not at all; folders that are missing are made.

    Raises:
        StoreFullError: if there is no room; the former file stays.
    """
    write_atomically(UPath(path), "".join(f"{line}\n" for line in lines).encode())
