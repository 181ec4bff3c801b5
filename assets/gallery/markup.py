"""HTML that cannot be broken by what it shows: every text is escaped unless it is markup."""

from functools import cache
from html import escape
from importlib.resources import files
from string import Template

Value = str | int | float


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


NOTHING = Html("")


def markup(content: Value) -> Html:
    """The content as markup; what is none is escaped."""
    return content if isinstance(content, Html) else Html(escape(str(content)))


def element(tag: str, *children: Value, **attributes: Value | bool | None) -> Html:
    """One element with its children.

    In names of attributes ``_`` stands for ``-``, and one at the end is left out (``class_``). An
    attribute that is True has no value; one that is False or None is left out.
    """
    listed = "".join(_attribute(name, value) for name, value in attributes.items())
    inner = "".join(map(markup, children))
    return Html(f"<{tag}{listed}>{inner}</{tag}>")


def void_element(tag: str, **attributes: Value | bool | None) -> Html:
    """One element that has no content, such as ``img``; attributes as in `element`."""
    listed = "".join(_attribute(name, value) for name, value in attributes.items())
    return Html(f"<{tag}{listed}>")


def fill(template: str, **parts: Value) -> Html:
    """A packaged template with each ``$name`` replaced; what is no markup is escaped.

    Raises:
        KeyError: if the template needs a part that is not given.
    """
    texts = {name: markup(part) for name, part in parts.items()}
    return Html(Template(packaged(template)).substitute(texts))


@cache
def packaged(name: str) -> str:
    """A text file of this package."""
    return files("assets.gallery").joinpath(name).read_text(encoding="utf-8")


def _attribute(name: str, value: Value | bool | None) -> str:
    if value is None or value is False:
        return ""
    shown = name.rstrip("_").replace("_", "-")
    return f" {shown}" if value is True else f' {shown}="{escape(str(value))}"'
