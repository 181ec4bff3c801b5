"""The data card of an export: what it holds, where it comes from, what may be done with it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from storage.export import PictureSize
from storage.export.license_terms import PassingOn, UsedSource
from storage.export.plan import ExportPlan
from storage.label_space import OOD_ID, TRAIN_CLASSES, VOID_ID
from storage.manifests.pointers import ManifestVersion
from storage.scene_records import LabelledScene

PAPER = "Gao et al., *Generalize or Detect?* (NeurIPS 2024, arXiv 2411.03829)"

_SIZE_NOTES = {
    PictureSize.PICTURE: "Files have the size that the pictures were generated at.",
    PictureSize.FRAME: "Files have the size of the Cityscapes frame: pictures are enlarged "
    "bilinearly, labels and layouts by nearest pixels. No detail was gained.",
}


@dataclass(frozen=True, kw_only=True)
class Origins:
    """Where the scenes of an export come from: versions, the facts they carry, their sources."""

    versions: tuple[ManifestVersion, ...]
    provenance: Mapping[str, Mapping[str, str]]
    sources: tuple[UsedSource, ...]

    @property
    def held_back(self) -> tuple[UsedSource, ...]:
        """Sources that forbid passing on, or of which nothing is known."""
        return tuple(source for source in self.sources if source.passing_on != PassingOn.YES)


def data_card(plan: ExportPlan, origins: Origins) -> str:
    """The card as Markdown."""
    parts = [
        _summary(plan),
        _may_it_be_passed_on(origins),
        _contents(plan),
        _files(plan),
        _coding(),
        _loading(),
        _made(plan, origins),
        _sources(origins),
        _limits(plan),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(plan: ExportPlan) -> str:
    rows = plan.rows
    return (
        "# Labelled scenes with unknown objects\n\n"
        f"{_count(rows, 'scene')} of {_count({row.frame_id for row in rows}, 'frame')} in "
        f"{_count({row.city for row in rows}, 'city', 'cities')}: street scenes drawn by a "
        "generator from the layouts of Cityscapes frames, in other conditions and with objects "
        "that Cityscapes does not know, each with a label for every pixel. The method is that of "
        f"{PAPER}; written by multishift. Intended use: training road-scene segmentation that "
        "generalizes to new conditions and detects unknown objects."
    )


def _may_it_be_passed_on(origins: Origins) -> str:
    heading = "## May it be passed on?\n\n"
    if not origins.held_back:
        return (
            f"{heading}Yes, as far as the terms of its sources are known, under the conditions "
            "listed below."
        )
    forbidding = [s for s in origins.held_back if s.passing_on == PassingOn.NO]
    verdict = "**No.**" if forbidding else "**Not known.**"
    lines = [
        f"- {source.name or 'no terms known'}: {source.condition or 'ask its makers'} (in "
        f'{_count(range(source.n_scenes), "scene")}: "{source.text}")'
        for source in origins.held_back
    ]
    return f"{heading}{verdict} These sources keep it from being passed on:\n\n" + "\n".join(lines)


def _contents(plan: ExportPlan) -> str:
    rows = plan.rows
    n_pixels = sum(row.height_px * row.width_px for row in rows)
    n_ood, n_void = sum(row.n_ood_px for row in rows), sum(row.n_void_px for row in rows)
    classes = Counter(name for row in rows for name in row.object_class_names)
    return "\n\n".join(
        [
            "## What it holds",
            f"Unknown objects cover {n_ood / n_pixels:.2%} of the pixels as generated, void "
            f"{n_void / n_pixels:.2%}.",
            _histogram("round", Counter(row.round for row in rows)),
            _histogram("condition", Counter(map(_condition, rows))),
            _histogram("place", Counter(row.place or "plain template" for row in rows)),
            _histogram("city of the frame", Counter(row.city for row in rows)),
            _histogram("class of an unknown object", classes, counted="objects"),
        ]
    )


def _files(plan: ExportPlan) -> str:
    return f"""## Files

```
leftImg8bit/<split>/<city>/<name>_leftImg8bit.png            picture, RGB
gtFine/<split>/<city>/<name>_gtFine_labelTrainIds.png        label, gray
gtFine/<split>/<city>/<name>_gtFine_ADEcolor.png             layout with the objects as found, RGB
gtFine/<split>/<city>/<name>_gtFine_ADEcolor_paste.png       layout with the objects as pasted, RGB
scenes.parquet, scenes.csv     every fact of every scene: prompt, seed, objects, licenses, files
croissant.json                 the same description for programs (MLCommons Croissant 1.0)
export.json, SHA256SUMS        which export this is; check with: sha256sum --check SHA256SUMS
<name> = <city>_<sequence>_<frame>[_<weather>_<time>_<Place_With_Underscores>]_<class>_<IoU>
```

This is the layout of the set that was published with the paper; imported scenes may lack layouts.
{_SIZE_NOTES[plan.size]} A name states the object with the largest label. It leaves out what it has
no room for (several objects, conditions other than the published ones); where two scenes would have
one name, the IoU of the later one is changed to the nearest that is free. `scenes.parquet` is
exact."""


def _coding() -> str:
    rows = [(str(label.train_id), label.name) for label in TRAIN_CLASSES]
    rows += [(str(OOD_ID), "unknown object"), (str(VOID_ID), "void: nobody vouches for it")]
    return f"## Label coding\n\n{_table(('value', 'meaning'), rows)}"


def _loading() -> str:
    return """## How to load it

With multishift, from a data root that holds this folder as `multishift_cityscapes`:

```python
from pathlib import Path
from storage.datasets.generated import GENERATED
from storage.datasets.registry import complete_frames, read_target
from storage.images import read_image

root = Path("/data")
for frame in complete_frames(root, GENERATED):
    image = read_image(root / frame.image)
    target = read_target(root, frame)  # train_ids: 0 to 18, 255 void; ood: 0, 1, 255
```

With anything else: `scenes.csv` names image and label of each scene. The code that was published
with the paper reads the folder as it is."""


def _made(plan: ExportPlan, origins: Origins) -> str:
    generators = _histogram("generator", Counter(row.generator for row in plan.rows))
    versions = _table(
        ("asset", "partition", "version", "fingerprint"),
        [
            (version.asset, version.partition, str(version.version), version.fingerprint[:16])
            for version in origins.versions
        ],
    )
    facts = [
        (asset, name, value)
        for asset, own in origins.provenance.items()
        for name, value in own.items()
        if value
    ]
    return "\n\n".join(
        [
            "## How it was made",
            generators,
            "Versions of the manifests:",
            versions,
            "What the stages wrote down, thresholds among it:",
            _table(("asset", "fact", "value"), facts),
        ]
    )


def _sources(origins: Origins) -> str:
    rows = [
        (
            source.text,
            str(source.n_scenes),
            str(source.passing_on),
            source.condition or "not known",
            source.evidence or "no terms known for this text",
        )
        for source in origins.sources
    ]
    return (
        "## Sources and their terms\n\n"
        f"{_table(('license or terms', 'scenes', 'may be passed on', 'condition', 'from'), rows)}"
        "\n\nTerms as read in public copies of their pages; this is no legal advice."
    )


def _limits(plan: ExportPlan) -> str:
    notes = [
        "Labels of known classes are those of the frame's layout. The generator may have drawn "
        "something else there; only the unknown object was checked.",
        "The label of an unknown object is what a segmenter found of it. Pixels that were pasted "
        "and not found again are void.",
        "Shadows and reflections of an unknown object are labelled as the ground they lie on.",
        "Weather, time and place are what the generator was told, not what it drew.",
    ]
    if any(row.attempt is None for row in plan.rows):
        notes.append("Imported scenes carry only what their file names state.")
    return "## Known limits\n\n" + "\n".join(f"- {note}" for note in notes)


def _condition(row: LabelledScene) -> str:
    return f"{row.weather} {row.time}" if row.weather and row.time else "plain template"


def _histogram(what: str, counts: Counter[str], *, counted: str = "scenes") -> str:
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return _table((what, counted), [(name, str(number)) for name, number in ordered])


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _count(found: Iterable[object], one: str, several: str = "") -> str:
    number = len(list(found))
    return f"{number} {one if number == 1 else several or one + 's'}"
