"""Draw attempts again whose pictures were not kept, and prove that they are the same pictures."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assets.engine.resource import Engine
from assets.lineage import parent_version
from assets.resources import DataRoot, ManifestStore
from assets.scenes.requests import ASSET as REQUESTS
from assets.synthesis.drawing import Drawer, DrawingSettings
from assets.synthesis.networks import Compute, Networks, NetworkSources
from assets.synthesis.order import SETTING
from assets.synthesis.preparing import prepare, read_street
from assets.synthesis.rows import picture_text
from assets.worker_store import store_of_item
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.png import png_bytes
from storage.scene_records import ExecutionProfile, SceneAttempt, SceneRequest

AttemptKey = tuple[str, int, int]


class OtherPictureError(ValueError):
    """An attempt, drawn again from its seed, is not the picture that was judged."""


@dataclass(frozen=True, kw_only=True)
class RedrawItem:
    """One attempt to draw again, under the profile that it was drawn with."""

    request: SceneRequest
    attempt: SceneAttempt
    data_root: str
    store_root: str
    single_writer: bool
    sources: NetworkSources
    compute: Compute
    settings: DrawingSettings
    generator: str


def redraw_attempts(
    version: ManifestVersion,
    attempts: Sequence[SceneAttempt],
    *,
    data: DataRoot,
    store: ManifestStore,
    networks: Networks,
    engine: Engine,
) -> Mapping[AttemptKey, str]:
    """Frame, variant and attempt -> blob of the picture, now in the store.

    An attempt whose frame cannot be used any more is left out.

    Args:
        version: of `synthetic_scenes` that the attempts belong to.
        attempts: drawn there, without a picture.
        data: where the frames lie.
        store: gets the pictures.
        networks: must be those that the version was drawn with.
        engine: where they are drawn.

    Raises:
        ValueError: if the networks are others, or the requests are no longer in the store.
        RuntimeError: if a picture cannot be drawn, or is another one.
    """
    items = _items(version, attempts, data, store, networks)
    found = {}
    for outcome in engine.map(redraw, items, key=_key, label="drawing again"):
        if outcome.error is not None and outcome.error.kind == "bad_input":
            continue
        if outcome.error is not None or outcome.value is None:
            raise RuntimeError(f"{outcome.key}: {outcome.error and outcome.error.reason}")
        row = outcome.item.attempt
        found[row.frame_id, row.variant, row.attempt] = outcome.value
    return found


def redraw(item: RedrawItem) -> str:
    """Blob of the picture of an attempt, drawn again.

    Raises:
        BadFileError: if the frame cannot be used.
        OtherPictureError: if it comes out different.
    """
    drawer = Drawer(item.sources, item.compute, item.settings)
    size = item.attempt.height_px, item.attempt.width_px
    street = read_street(
        item.request, Path(item.data_root), size, with_edges=item.settings.with_edges
    )
    prepared = prepare(item.request, street, margin_px=item.settings.second_step_px)
    (drawn,) = drawer.draw([prepared])
    if drawn.pixels_sha256 != item.attempt.pixels_sha256:
        raise OtherPictureError(
            f"need the picture {item.attempt.pixels_sha256[:12]} of profile "
            f"{item.attempt.profile_id}, got {drawn.pixels_sha256[:12]} of profile "
            f"{drawn.profile.profile_id}; materialize synthetic_scenes with the thresholds of the "
            "filter, or with keeps_rejected"
        )
    blobs = store_of_item(item.store_root, item.single_writer).blobs
    return blobs.put(png_bytes(drawn.picture, picture_text(drawn, item.generator)), ".png")


def _items(
    version: ManifestVersion,
    attempts: Sequence[SceneAttempt],
    data: DataRoot,
    store: ManifestStore,
    networks: Networks,
) -> list[RedrawItem]:
    opened = store.open()
    sources = networks.sources_for(data.world)
    _refuse_others(version, sources)
    rows = opened.manifests.rows
    requested = to_records(rows(parent_version(version, REQUESTS, opened), REQUESTS), SceneRequest)
    requests = {(row.frame_id, row.variant, row.attempt): row for row in requested}
    profiles = {
        row.profile_id: row
        for row in to_records(rows(version, "execution_profiles"), ExecutionProfile)
    }
    facts = {
        name.removeprefix(SETTING): json.loads(value)
        for name, value in version.provenance.items()
        if name.startswith(SETTING)
    }
    return [
        RedrawItem(
            request=requests[row.frame_id, row.variant, row.attempt],
            attempt=row,
            data_root=str(data.folder),
            store_root=store.root,
            single_writer=store.single_writer,
            sources=sources,
            compute=_compute_of(profiles[row.profile_id]),
            settings=DrawingSettings(**facts),
            generator=version.provenance["generator"],
        )
        for row in attempts
    ]


def _compute_of(profile: ExecutionProfile) -> Compute:
    return Compute(
        device=profile.device,
        dtype=profile.dtype,
        batch_size=profile.batch_size,
        n_threads=profile.n_threads,
    )


def _refuse_others(version: ManifestVersion, sources: NetworkSources) -> None:
    name, digest = "generator", sources.digests()["generator"]
    wanted = version.provenance[f"{name}_digest"]
    if digest != wanted:
        raise ValueError(
            f"{sources.generator}: need the generator {version.provenance[name]} that the scenes "
            f"of {version.partition} were drawn with, got one with digest {digest[:12]}; use that "
            "one, or materialize synthetic_scenes again"
        )


def _key(item: RedrawItem) -> str:
    row = item.attempt
    return f"{row.frame_id}/{row.variant}/{row.attempt}"
