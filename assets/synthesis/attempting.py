"""One item of the stage: scenes whose attempts are drawn until one is kept.

Runs on workers; a pure function of its item and the worker's execution profile, except that
pictures go to the blob store.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assets.engine.outcome import ItemError
from assets.engine.worker import describe, one_line
from assets.synthesis.drawing import Drawer, DrawingSettings, Drawn
from assets.synthesis.networks import Compute, NetworkSources
from assets.synthesis.preparing import Prepared, prepare, read_street
from assets.synthesis.rows import attempt_row, object_rows, picture_text
from assets.worker_store import store_of_item
from models.filtering import Thresholds, judge
from storage.datasets.dataset import BadFileError
from storage.png import png_bytes
from storage.scene_records import ExecutionProfile, ObjectAttempt, SceneAttempt, SceneRequest
from storage.thumbnails import thumbnail_bytes


@dataclass(frozen=True, kw_only=True)
class SynthesisItem:
    """Some scenes, each with the requests of its attempts in order, and all that a worker needs."""

    scenes: tuple[tuple[SceneRequest, ...], ...]
    data_root: str
    store_root: str
    single_writer: bool
    sources: NetworkSources
    compute: Compute
    settings: DrawingSettings
    thresholds: Thresholds
    keeps_rejected: bool
    generator: str


@dataclass(frozen=True, kw_only=True)
class DrawnScene:
    """Rows of a scene: of the attempts that were drawn, or why there are none."""

    key: str
    attempts: tuple[SceneAttempt, ...] = ()
    objects: tuple[ObjectAttempt, ...] = ()
    profiles: tuple[ExecutionProfile, ...] = ()
    error: ItemError | None = None


def scene_key(row: SceneRequest | SceneAttempt | ObjectAttempt) -> str:
    """Key of the scene that a row belongs to."""
    return f"{row.frame_id}/{row.variant}"


def item_key(item: SynthesisItem) -> str:
    """Key of an item: its first and last scene."""
    first, last = scene_key(item.scenes[0][0]), scene_key(item.scenes[-1][0])
    return first if len(item.scenes) == 1 else f"{first}..{last}"


def draw_scenes(item: SynthesisItem) -> list[DrawnScene]:
    """Draw the attempts of each scene in order until one passes the thresholds or none is left.

    Attempts of several scenes share a pass. A frame that cannot be used, or a network that does not
    answer with finite numbers, costs its scenes only.

    Raises:
        CheckpointError: if a network cannot be used.
    """
    drawer = Drawer(item.sources, item.compute, item.settings)
    scenes = [_Scene(requests=requests) for requests in item.scenes]
    while waiting := [scene for scene in scenes if not scene.is_done]:
        _advance(waiting, item, drawer)
    return [scene.result() for scene in scenes]


@dataclass(kw_only=True)
class _Scene:
    """A scene on its way: the attempt that comes next, and the rows of those before."""

    requests: tuple[SceneRequest, ...]
    attempts: list[SceneAttempt] = field(default_factory=list)
    objects: list[ObjectAttempt] = field(default_factory=list)
    profiles: dict[str, ExecutionProfile] = field(default_factory=dict)
    error: ItemError | None = None

    @property
    def is_done(self) -> bool:
        n_drawn = len(self.attempts)
        is_kept = n_drawn > 0 and self.attempts[-1].is_kept
        return self.error is not None or is_kept or n_drawn == len(self.requests)

    @property
    def next_request(self) -> SceneRequest:
        return self.requests[len(self.attempts)]

    @property
    def frame_size(self) -> tuple[int, int]:
        return self.requests[0].height_px, self.requests[0].width_px

    def result(self) -> DrawnScene:
        key = scene_key(self.requests[0])
        if self.error is not None:
            return DrawnScene(key=key, error=self.error)
        return DrawnScene(
            key=key,
            attempts=tuple(self.attempts),
            objects=tuple(self.objects),
            profiles=tuple(self.profiles.values()),
        )


def _advance(waiting: Sequence[_Scene], item: SynthesisItem, drawer: Drawer) -> None:
    """One pass: the next attempt of as many scenes as a batch holds, all of one size."""
    size = drawer.size_for(waiting[0].frame_size)
    alike = [scene for scene in waiting if drawer.size_for(scene.frame_size) == size]
    chosen = alike[: drawer.batch_size]
    prepared = [(scene, _prepared(scene, item, size)) for scene in chosen]
    ready = [(scene, attempt) for scene, attempt in prepared if attempt is not None]
    if ready:
        _draw(ready, item, drawer)


def _draw(ready: Sequence[tuple[_Scene, Prepared]], item: SynthesisItem, drawer: Drawer) -> None:
    """Draw attempts and keep them; one whose numbers are not finite costs its scene only."""
    from models.checkpoint.reading import CheckpointError

    try:
        pictures = drawer.draw([attempt for _, attempt in ready])
    except CheckpointError:
        raise
    except ValueError as error:
        if len(ready) == 1:
            ready[0][0].error = ItemError("failed", describe(error))
            return
        for alone in ready:  # one of them spoils the pass
            _draw([alone], item, drawer)
        return
    for (scene, _), drawn in zip(ready, pictures, strict=True):
        _keep(scene, drawn, item)


def _prepared(scene: _Scene, item: SynthesisItem, size: tuple[int, int]) -> Prepared | None:
    request, with_edges = scene.next_request, item.settings.with_edges
    try:
        street = read_street(request, Path(item.data_root), size, with_edges=with_edges)
    except BadFileError as error:
        scene.error = ItemError("bad_input", one_line(str(error)))
        return None
    return prepare(request, street, margin_px=item.settings.second_step_px)


def _keep(scene: _Scene, drawn: Drawn, item: SynthesisItem) -> None:
    """Write the pictures of an attempt and add its rows."""
    blobs = store_of_item(item.store_root, item.single_writer).blobs
    is_kept = judge(drawn.examined.scores, item.thresholds).is_accepted
    image = None
    if is_kept or item.keeps_rejected:
        image = blobs.put(png_bytes(drawn.picture, picture_text(drawn, item.generator)), ".png")
    row = attempt_row(
        drawn,
        image_sha256=image,
        thumbnail_sha256=blobs.put(thumbnail_bytes(drawn.picture), ".webp"),
        layout_sha256=blobs.put_image(drawn.prepared.drawing.layout),
        is_kept=is_kept,
    )
    scene.attempts.append(row)
    scene.objects += object_rows(drawn)
    scene.profiles[drawn.profile.profile_id] = drawn.profile
