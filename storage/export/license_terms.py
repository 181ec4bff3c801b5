"""What may be done with works made from a source, as far as its license text tells.

The table `storage/tables/license_terms.csv` is facts with their places, not legal advice. A text
that no row knows counts as unknown, never as free.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from storage.label_space import read_table
from storage.scene_records import LabelledScene

TABLE = "license_terms"


class PassingOn(StrEnum):
    """Whether works made from a source may be given to others."""

    NO = "no"
    UNKNOWN = "unknown"
    YES = "yes"


_STRICTEST_FIRST = tuple(PassingOn)


@dataclass(frozen=True, kw_only=True)
class LicenseTerms:
    """One row of the table: texts that contain ``phrase``, in any case, have these terms."""

    phrase: str
    name: str
    passing_on: PassingOn
    condition: str
    source: str


@dataclass(frozen=True, kw_only=True)
class UsedSource:
    """One license text of an export, its terms, and how many scenes name it."""

    text: str
    terms: tuple[LicenseTerms, ...]
    n_scenes: int

    @property
    def passing_on(self) -> PassingOn:
        """The strictest of its terms; unknown where the table knows none."""
        answers = {terms.passing_on for terms in self.terms} or {PassingOn.UNKNOWN}
        return next(answer for answer in _STRICTEST_FIRST if answer in answers)

    @property
    def name(self) -> str:
        """What the terms that decide are called; empty where none is known."""
        return ", ".join(dict.fromkeys(terms.name for terms in self._deciding))

    @property
    def condition(self) -> str:
        """What the terms that decide ask for; empty where none is known."""
        return "; ".join(dict.fromkeys(terms.condition for terms in self._deciding))

    @property
    def evidence(self) -> str:
        """Where that is written; empty where none is known."""
        return "; ".join(dict.fromkeys(terms.source for terms in self._deciding))

    @property
    def _deciding(self) -> tuple[LicenseTerms, ...]:
        return tuple(terms for terms in self.terms if terms.passing_on == self.passing_on)


LICENSE_TERMS: tuple[LicenseTerms, ...] = tuple(
    LicenseTerms(
        phrase=row["phrase"],
        name=row["name"],
        passing_on=PassingOn(row["may_be_passed_on"]),
        condition=row["condition"],
        source=row["source"],
    )
    for row in read_table(TABLE)
)


def terms_of(text: str) -> tuple[LicenseTerms, ...]:
    """Rows of the table whose phrase is in a license text; none where nothing is known of it."""
    folded = " ".join(text.lower().split())
    return tuple(terms for terms in LICENSE_TERMS if terms.phrase in folded)


def used_sources(rows: Iterable[LabelledScene]) -> tuple[UsedSource, ...]:
    """Every license text of the scenes, strictest first, then by the number of scenes."""
    counts: dict[str, int] = {}
    for row in rows:
        for text in dict.fromkeys(row.licenses):
            counts[text] = counts.get(text, 0) + 1
    sources = [
        UsedSource(text=text, terms=terms_of(text), n_scenes=n_scenes)
        for text, n_scenes in counts.items()
    ]
    return tuple(
        sorted(
            sources,
            key=lambda source: (
                _STRICTEST_FIRST.index(source.passing_on),
                -source.n_scenes,
                source.text,
            ),
        )
    )
