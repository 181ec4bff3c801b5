"""Blocking checks of the object bank: what follows may rely on them.

They read what was committed, through the store, and know nothing of how it was made.
"""

from collections import Counter
from collections.abc import Callable, Iterator

import dagster as dg

from assets.answers import answer, check_specs
from assets.object_bank.bank import ASSET, TABLES
from assets.resources import ManifestStore
from storage.label_space import OOD_CLASS_LISTS
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.manifests.vacuum import missing_blobs, orphan_blobs
from storage.records import ClassCount, OodObject
from storage.store import Store

ORPHAN_AGE_HOURS = 1
"""A blob younger than this may belong to a run that has not committed yet."""


def check_schema(version: ManifestVersion, store: Store) -> dg.AssetCheckResult:
    """Every table is there, whole, and has the columns of its record."""
    problems = []
    for table in TABLES:
        try:
            store.manifests.rows(version, table)
        except (ValueError, LookupError) as error:
            problems.append(str(error))
    return answer(ASSET, "schema", problems, {"tables": len(TABLES)})


def check_blobs(_version: ManifestVersion, store: Store) -> dg.AssetCheckResult:
    """Every crop that a row names exists, and every blob that is not new is named by a row."""
    missing = missing_blobs(store.manifests, store.blobs, ASSET)
    orphans = orphan_blobs(store.manifests, store.blobs, min_age_s=ORPHAN_AGE_HOURS * 3600.0)
    problems = [f"missing blob {name}" for name in missing]
    cure = f"`multishift vacuum --min-age-hours {ORPHAN_AGE_HOURS}` removes it"
    problems += [f"orphan blob {name}; {cure}" for name in orphans]
    facts = {"missing": len(missing), "orphans": len(orphans)}
    return answer(ASSET, "no_orphan_blob", problems, facts)


def check_classes(version: ManifestVersion, store: Store) -> dg.AssetCheckResult:
    """Every class of the chosen list has objects or is named as absent, and the counts are true."""
    counts = to_records(store.manifests.rows(version, "class_counts"), ClassCount)
    objects = to_records(store.manifests.rows(version, "ood_objects"), OodObject)
    wanted = set(OOD_CLASS_LISTS[version.provenance["class_list"]])
    found = Counter((row.class_id, row.verdict == "kept") for row in objects)
    present, named = {row.class_id for row in objects}, {row.class_id for row in counts}
    problems = [f"class {class_id} of the list is not counted" for class_id in wanted - named]
    problems += [f"class {class_id} is not in the list" for class_id in present - wanted]
    problems += [
        f"{row.class_name}: counted {row.n_kept} kept and {row.n_rejected} rejected, found others"
        for row in counts
        if (row.n_kept, row.n_rejected) != (found[row.class_id, True], found[row.class_id, False])
        or row.is_absent == (row.class_id in present)
    ]
    absent = [row.class_name for row in counts if row.is_absent]
    facts: dict[str, int | str] = {"present": len(present), "absent": ", ".join(absent)}
    return answer(ASSET, "classes_covered", problems, facts)


def check_kept(version: ManifestVersion, store: Store) -> dg.AssetCheckResult:
    """At least one object was kept."""
    verdicts = store.manifests.rows(version, "ood_objects").column("verdict").to_pylist()
    n_kept = verdicts.count("kept")
    cure = "loosen the rules" if verdicts else "choose other sources or another class list"
    problems = [] if n_kept else [f"none of {len(verdicts)} objects was kept; {cure}"]
    return answer(ASSET, "objects_kept", problems, {"kept": n_kept})


def check_quarantine(version: ManifestVersion, _store: Store) -> dg.AssetCheckResult:
    """Few source images are in quarantine, and no split is there without a usable image."""
    n_bad, n_images = version.rows("quarantine"), int(version.provenance["images"])
    limit, lost = float(version.provenance["max_bad_frac"]), version.provenance["lost_splits"]
    problems = [] if n_bad <= limit * n_images else [f"{n_bad} of {n_images} images, limit {limit}"]
    problems += [f"no usable image in {lost}; the table `quarantine` says why"] if lost else []
    return answer(ASSET, "few_quarantined", problems, {"quarantined": n_bad, "images": n_images})


QUESTIONS: dict[str, Callable[[ManifestVersion, Store], dg.AssetCheckResult]] = {
    "schema": check_schema,
    "no_orphan_blob": check_blobs,
    "classes_covered": check_classes,
    "objects_kept": check_kept,
    "few_quarantined": check_quarantine,
}


@dg.multi_asset_check(
    name="check_ood_objects",
    specs=check_specs(ASSET, QUESTIONS),
)
def bank_checks(store: ManifestStore) -> Iterator[dg.AssetCheckResult]:
    """Answer each question from the latest version of the bank."""
    opened = store.open()
    version = opened.manifests.wanted(ASSET)
    for name, question in QUESTIONS.items():
        try:
            yield question(version, opened)
        except (ValueError, LookupError, OSError) as error:
            cure = "if an older version is at fault, `multishift vacuum --keep 1` drops it"
            yield answer(ASSET, name, [f"{error}; {cure}"], {})
