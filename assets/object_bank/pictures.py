"""What people want to see of the bank: a contact sheet and a histogram of its classes."""

import base64
import io
from collections import Counter, defaultdict
from collections.abc import Sequence

import dagster as dg
import numpy as np
from jaxtyping import UInt8
from PIL import Image

from models.contact_sheet import SheetStyle, contact_sheet
from models.plots import class_histogram
from storage.blobs import BlobStore
from storage.records import ClassCount, OodObject

CROPS_A_CLASS = 10
MAX_INLINE_BYTES = 150_000
"""Metadata lives in Dagster's event database: a larger picture is made smaller."""


def bank_sheet(
    objects: Sequence[OodObject], counts: Sequence[ClassCount], blobs: BlobStore
) -> UInt8[np.ndarray, "height width 3"]:
    """Contact sheet of the kept crops, a line for each class that has some, largest class first.

    The crops of a class are spread evenly over its rows, so that one source does not fill the line.
    """
    kept = defaultdict(list)
    for row in objects:
        if row.verdict == "kept" and row.crop_sha256:
            kept[row.class_name].append(row.crop_sha256)
    shown = sorted(
        (count for count in counts if count.n_kept),
        key=lambda count: (-count.n_kept, count.class_name),
    )
    rows = {
        count.class_name: [blobs.get_image(name) for name in _spread(kept[count.class_name])]
        for count in shown
    }
    notes = {
        count.class_name: f"{count.n_kept} kept, {count.n_rejected} rejected" for count in shown
    }
    n_kept = sum(count.n_kept for count in counts)
    title = f"Out-of-distribution objects: {n_kept} kept in {len(shown)} classes"
    return contact_sheet(rows or {"none": []}, title=title, notes=notes, style=SheetStyle())


def bank_histogram(counts: Sequence[ClassCount]) -> UInt8[np.ndarray, "height width 3"]:
    """Bars of kept and rejected objects for every class of the list that any source holds."""
    present = [count for count in counts if not count.is_absent] or list(counts)
    return class_histogram(
        {count.class_name: (count.n_kept, count.n_rejected) for count in present},
        title=f"Objects by class ({len(counts) - len(present)} classes of the list are absent)",
    )


def count_classes(objects: Sequence[OodObject], names: dict[int, str]) -> list[ClassCount]:
    """One row for each class of the list, also for those that no source holds."""
    kept = Counter(row.class_id for row in objects if row.verdict == "kept")
    rejected = Counter(row.class_id for row in objects if row.verdict != "kept")
    return [
        ClassCount(
            class_id=class_id,
            class_name=name,
            n_kept=kept[class_id],
            n_rejected=rejected[class_id],
            is_absent=not kept[class_id] + rejected[class_id],
        )
        for class_id, name in sorted(names.items())
    ]


def encode_picture(picture: UInt8[np.ndarray, "height width 3"]) -> bytes:
    """The picture as PNG."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def inline_picture(
    picture: UInt8[np.ndarray, "height width 3"], alt: str
) -> dg.MarkdownMetadataValue:
    """The picture as Markdown that Dagster shows in place, made smaller until it may be stored."""
    image = Image.fromarray(picture)
    text = _webp(image)
    while len(text) > MAX_INLINE_BYTES:
        image = image.resize(
            (max(1, image.width * 3 // 4), max(1, image.height * 3 // 4)), Image.Resampling.LANCZOS
        )
        text = _webp(image)
    return dg.MetadataValue.md(f"![{alt}](data:image/webp;base64,{text})")


def _webp(image: Image.Image) -> str:
    stream = io.BytesIO()
    image.save(stream, format="WEBP", quality=82)
    return base64.b64encode(stream.getvalue()).decode()


def _spread(names: Sequence[str]) -> list[str]:
    if len(names) <= CROPS_A_CLASS:
        return list(names)
    picked = np.linspace(0, len(names) - 1, CROPS_A_CLASS).round().astype(int)
    return [names[int(index)] for index in picked]
