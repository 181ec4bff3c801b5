"""Lines of the trees that `multishift lineage` prints."""

from collections import Counter
from collections.abc import Iterable

from rich.text import Text
from rich.tree import Tree

from assets.tracing.search import SHOWN_DIGITS

MAX_NAMED = 8


def line(tree: Tree, title: str, told: object = "", *, is_bad: bool = False) -> Tree:
    """A branch with its title in bold, or a plain one without words; what is wrong is red."""
    color = "red" if is_bad else "not bold"
    words = str(told)
    text = Text(title, style="bold" if words else color)
    if words:
        text.append("  ")
        text.append(words, style=color)
    return tree.add(text)


def short(digest: str) -> str:
    """The beginning of a digest, long enough to name it."""
    return digest[:SHOWN_DIGITS]


def counted(values: Iterable[str]) -> str:
    """The most frequent values with their counts."""
    counts = sorted(Counter(values).items(), key=lambda entry: (-entry[1], entry[0]))
    shown = ", ".join(f"{value} {count}" for value, count in counts[:MAX_NAMED])
    more = f", and {len(counts) - MAX_NAMED} more" if len(counts) > MAX_NAMED else ""
    return shown + more


def notes(tree: Tree, told: Iterable[str]) -> None:
    """A branch of what is not as it was, if there is anything."""
    found = list(told)
    if found:
        branch = tree.add(Text("not as it was", style="bold red"))
        for words in found:
            branch.add(Text(words))
