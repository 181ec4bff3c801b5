"""Commit a training set: read the photographs, join them with the scenes, keep what is bad."""

from collections.abc import Iterable, Mapping, Sequence

from assets.drafting import refuse_many
from assets.engine.outcome import quarantined
from assets.engine.progress import Log
from assets.engine.resource import Engine
from assets.recipes import recipe_of
from assets.selecting.candidates import Candidate
from assets.selecting.order import CODE_VERSION, PairOrder
from assets.selecting.originals import Original, original_key, read_original
from assets.selecting.samples import ASSET, TABLE
from storage.manifests.fingerprint import fingerprint_of
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_table
from storage.records import Quarantined
from storage.store import Store
from storage.training_records import TrainingPair


def commit_pairs(
    order: PairOrder, store: Store, engine: Engine, *, run_id: str, log: Log | None = None
) -> ManifestVersion:
    """The version that holds the pairs of an order; one that holds just these is returned as it is.

    Raises:
        RuntimeError: if more frames failed than the order allows, for reasons other than their
            files; nothing is committed then.
        ValueError: if no frame has a photograph that can be used.
        CommitConflictError: if another run committed this selection meanwhile.
    """
    originals: dict[str, Original] = {}
    bad: list[Quarantined] = []
    for outcome in engine.map(read_original, order.items, key=original_key, log=log, label=ASSET):
        if outcome.value is None:
            bad.append(quarantined(outcome))
        else:
            originals[outcome.key] = outcome.value
    _refuse_failures(bad, order)
    rows = pairs_of(order.chosen, originals)
    done = store.manifests.latest(ASSET, order.name)
    recipe = _recipe(order, rows, bad)
    if done is not None and done.recipe == recipe and _is_sound(done, store):
        return done
    return store.manifests.commit(
        ASSET,
        {TABLE: rows, "quarantine": bad},
        partition=order.name,
        base=done.version if done else 0,
        recipe=recipe,
        code_version=CODE_VERSION,
        run_id=run_id,
        provenance=_provenance(order),
        parents=order.parents,
    )


def pairs_of(chosen: Iterable[Candidate], originals: Mapping[str, Original]) -> list[TrainingPair]:
    """Rows of the scenes whose frame has its photograph."""
    return [
        _pair(candidate, originals[candidate.scene.frame_id])
        for candidate in chosen
        if candidate.scene.frame_id in originals
    ]


def _pair(candidate: Candidate, original: Original) -> TrainingPair:
    scene = candidate.scene
    return TrainingPair(
        asset=candidate.asset,
        round=scene.round,
        frame_id=scene.frame_id,
        variant=scene.variant,
        city=scene.city,
        image_sha256=scene.image_sha256,
        label_sha256=scene.label_sha256,
        height_px=scene.height_px,
        width_px=scene.width_px,
        source_image=original.image,
        source_image_sha256=original.image_sha256,
        source_label=original.label,
        source_label_sha256=original.label_sha256,
        source_label_coding=original.coding,
        place=scene.place,
        weather=scene.weather,
        time=scene.time,
        object_ids=scene.object_ids,
        object_class_names=scene.object_class_names,
        n_ood_px=scene.n_ood_px,
        attempt=scene.attempt,
        prompt=scene.prompt,
        seed=scene.seed,
        generator=scene.generator,
        licenses=scene.licenses,
    )


def _refuse_failures(bad: Sequence[Quarantined], order: PairOrder) -> None:
    failed = [row for row in bad if row.status != "bad_input"]
    refuse_many(failed, n_items=len(order.items), max_frac=order.max_bad_frac, noun="frames")
    if len(bad) == len(order.items):
        raise ValueError(
            f"selection {order.name}: need photographs of {len(bad)} frames below "
            f"{order.data_root}, got none that can be used; the first: {bad[0].item}: "
            f"{bad[0].reason}"
        )


def _recipe(order: PairOrder, rows: Sequence[TrainingPair], bad: Sequence[Quarantined]) -> str:
    """Digest of the rows, the selection and what was read; a version's number does not count."""
    return recipe_of(
        {
            "code_version": CODE_VERSION,
            "selection": order.selection.model_dump(mode="json"),
            "rows": fingerprint_of(to_table(rows, TrainingPair)),
            "bad": sorted(row.item for row in bad),
            "sources": {
                f"{version.asset}/{version.partition}": version.fingerprint
                for version in order.sources
            },
            **_noted(order),
        }
    )


def _provenance(order: PairOrder) -> dict[str, str]:
    return {
        "selection": order.selection.model_dump_json(exclude_defaults=True),
        "frames": str(len(order.items)),
        **{f"after/{name}": str(count) for name, count in order.steps.items()},
        **_noted(order),
    }


def _noted(order: PairOrder) -> dict[str, str]:
    """What a version says of what was passed over; nothing where nothing was."""
    return {"notes": "; ".join(order.notes)} if order.notes else {}


def _is_sound(version: ManifestVersion, store: Store) -> bool:
    """Whether its rows can be read."""
    try:
        for table in (TABLE, "quarantine"):
            store.manifests.rows(version, table)
    except DamagedPartError:
        return False
    return True
