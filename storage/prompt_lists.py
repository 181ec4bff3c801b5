"""Lists of words that people bring along: one entry a line, UTF-8."""

from pathlib import Path

_CURE = "keep one entry a line, each once, in UTF-8"


def read_prompt_list(path: Path) -> tuple[str, ...]:
    """Entries of a text file, in its order, without blanks around them.

    A line break at the end of the last line is none of an entry.

    Raises:
        ValueError: naming file and line, if the file cannot be read, is not UTF-8, or holds no
            entry, an empty line or an entry twice.
    """
    lines = _text(path).splitlines()
    if not lines:
        raise ValueError(f"{path}: need one or more entries, got an empty file; {_CURE}")
    first_line: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        entry = line.strip()
        if not entry:
            raise ValueError(f"{path}, line {number}: need an entry, got an empty line; {_CURE}")
        if entry in first_line:
            raise ValueError(
                f"{path}, line {number}: need each entry once, got {entry!r} again "
                f"(line {first_line[entry]}); {_CURE}"
            )
        first_line[entry] = number
    return tuple(first_line)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(
            f"{path}: need a text file of prompt words, got {error.strerror}; check the path"
        ) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(
            f"{path}, line {line}: need UTF-8, got a byte 0x{content[error.start]:02x}; {_CURE}"
        ) from error
