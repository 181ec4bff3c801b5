"""Two rounds of a city side by side: did the change help, and what did it cost?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from assets.gallery.counts import SceneCounts, Tally, count_scenes
from assets.gallery.rows import read_partition
from assets.partitions import ScenePartition
from storage.store import Store


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One number of both rounds; None where a round does not tell it.

    ``topic`` is ``scenes``, ``acceptance``, ``reason``, ``condition`` or ``class``. Shares (0 to 1)
    are floats, counts are integers.
    """

    topic: str
    name: str
    former: float | int | None
    latter: float | int | None


def round_difference(store: Store, city: str, former: str, latter: str) -> list[Difference]:
    """Counts, acceptance, rejections by reason and acceptance by condition of two rounds of a city.

    A round that was not drawn yet counts zero scenes.
    """
    counts = [
        count_scenes([read_partition(store, ScenePartition(round=name, city=city))])
        for name in (former, latter)
    ]
    return [
        *_numbers(*counts),
        *_side_by_side("reason", *(_totals(found.reasons) for found in counts), absent=0),
        *_side_by_side("condition", *(_shares(found.conditions) for found in counts)),
        *_side_by_side("class", *(_shares(found.classes) for found in counts)),
    ]


def difference_table(rows: Sequence[Difference]) -> dg.TableMetadataValue:
    """The rows as Dagster shows them, shares in percent."""
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {
                    "topic": row.topic,
                    "name": row.name,
                    "former": _text(row.former),
                    "latter": _text(row.latter),
                }
            )
            for row in rows
        ]
    )


def _numbers(former: SceneCounts, latter: SceneCounts) -> list[Difference]:
    measures: dict[tuple[str, str], Callable[[SceneCounts], float | int | None]] = {
        ("scenes", "wanted"): lambda counts: counts.n_scenes,
        ("scenes", "accepted"): lambda counts: counts.n_scenes_accepted,
        ("scenes", "attempts"): lambda counts: counts.attempts.total,
        ("acceptance", "of attempts"): lambda counts: counts.attempts.acceptance,
        ("acceptance", "of first attempts"): lambda counts: counts.first_attempts.acceptance,
    }
    return [
        Difference(topic=topic, name=name, former=measure(former), latter=measure(latter))
        for (topic, name), measure in measures.items()
    ]


def _side_by_side(
    topic: str,
    former: Mapping[str, float | int | None],
    latter: Mapping[str, float | int | None],
    *,
    absent: int | None = None,
) -> list[Difference]:
    return [
        Difference(
            topic=topic, name=name, former=former.get(name, absent), latter=latter.get(name, absent)
        )
        for name in sorted({*former, *latter})
    ]


def _totals(tallies: Mapping[str, Tally]) -> dict[str, int]:
    return {name: tally.total for name, tally in tallies.items()}


def _shares(tallies: Mapping[str, Tally]) -> dict[str, float | None]:
    return {name: tally.acceptance for name, tally in tallies.items()}


def _text(value: float | int | None) -> str:
    if value is None:
        return ""
    return f"{100 * value:.1f}%" if isinstance(value, float) else str(value)
