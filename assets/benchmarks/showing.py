"""The best and the worst images of each score, as pictures for people."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np

from assets.benchmarks.frames import frame_key
from assets.benchmarks.image import ImageFacts
from assets.benchmarks.order import BenchmarkOrder
from models.label_colors import OOD_COLOR, VOID_COLOR, label_colors
from models.score_overlay import Span, score_overlay
from storage.benchmark_records import ShownImage
from storage.datasets.codings import OOD_IGNORED, OOD_YES, Target
from storage.datasets.registry import read_target
from storage.images import read_image
from storage.label_space import OOD_ID
from storage.score_maps import map_path, read_map
from storage.thumbnails import thumbnail_bytes

SIDE_PX = 640
"""Longer side of a picture."""

_DIMMED = 0.5


def show_extremes(
    order: BenchmarkOrder,
    facts: Sequence[ImageFacts],
    work: Path,
    spans: Mapping[str, Span],
) -> tuple[tuple[ShownImage, ...], Mapping[str, bytes]]:
    """Rows of the best and worst images of each score by their own AP, and WebP bytes by SHA-256.

    Of few images none is both; images without pixels of both classes are neither. All pictures of
    a score have the colors of its ``spans``, so that they can be compared.
    """
    rows: list[ShownImage] = []
    pictures: dict[str, bytes] = {}
    for score in order.scores:
        for rank, chosen in _extremes(score, facts, order.rules.n_shown).items():
            for place, one in enumerate(chosen):
                photo, label, overlay = _pictures(order, one, score, work, span=spans[score])
                names = [_kept(pictures, picture) for picture in (photo, label, overlay)]
                rows.append(_row(order, one, (score, rank, place), names))
    return tuple(rows), pictures


def label_picture(photograph: np.ndarray, target: Target) -> np.ndarray:
    """A label in colors; where it names no classes, unknown objects on the photograph in gray."""
    if target.train_ids is not None:
        return label_colors(np.where(target.ood == OOD_YES, OOD_ID, target.train_ids))
    gray = (_DIMMED * photograph.mean(-1, keepdims=True)).astype(np.uint8)
    picture = np.repeat(gray, 3, axis=-1)
    picture[target.ood == OOD_YES] = OOD_COLOR
    picture[target.ood == OOD_IGNORED] = VOID_COLOR
    return picture


def _extremes(score: str, facts: Sequence[ImageFacts], n_shown: int) -> dict[str, list[ImageFacts]]:
    ranked = sorted(
        (one for one in facts if one.alone[score] is not None),
        key=lambda one: (-_ap(one, score), frame_key(one.frame)),
    )
    n_best = min(n_shown, (len(ranked) + 1) // 2)
    n_worst = min(n_shown, len(ranked) - n_best)
    return {"best": ranked[:n_best], "worst": ranked[len(ranked) - n_worst :][::-1]}


def _pictures(
    order: BenchmarkOrder, one: ImageFacts, score: str, work: Path, *, span: Span
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    whole = read_target(order.data_root, one.frame)
    photograph = _smaller(read_image(order.data_root / one.frame.image), cv2.INTER_AREA)
    ids = whole.train_ids
    target = Target(
        train_ids=None if ids is None else _smaller(ids, cv2.INTER_NEAREST),
        ood=_smaller(whole.ood, cv2.INTER_NEAREST),
    )
    found = _smaller(read_map(map_path(str(work), score, one.number)), cv2.INTER_AREA)
    drawn = score_overlay(photograph, found, span=span, is_ood=target.ood == OOD_YES)
    return photograph, label_picture(photograph, target), drawn


def _smaller(picture: np.ndarray, way: int) -> np.ndarray:
    """Its longer side at most `SIDE_PX`: what is drawn later is drawn at the size that is shown."""
    height, width = picture.shape[:2]
    scale = SIDE_PX / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=way))


def _kept(pictures: dict[str, bytes], picture: np.ndarray) -> str:
    content = thumbnail_bytes(picture, max_side_px=SIDE_PX)
    name = sha256(content).hexdigest()
    pictures[name] = content
    return name


def _row(
    order: BenchmarkOrder, one: ImageFacts, place: tuple[str, str, int], names: Sequence[str]
) -> ShownImage:
    score, rank, number = place
    photo, label, overlay = names
    return ShownImage(
        benchmark=order.benchmark,
        subject=order.subject.sha256,
        score=score,
        refinement=order.rules.refinement,
        rank=rank,
        place=number,
        split=one.frame.split,
        frame_id=one.frame.frame_id,
        domain=one.frame.domain,
        ap=_ap(one, score),
        photo_sha256=photo,
        label_sha256=label,
        overlay_sha256=overlay,
    )


def _ap(one: ImageFacts, score: str) -> float:
    alone = one.alone[score]
    return alone.ap if alone else 0.0
