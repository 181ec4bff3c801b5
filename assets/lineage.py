"""Which version of an asset another one was made from: written into pointers, and found again."""

from storage.manifests.history import NoVersionError
from storage.manifests.pointers import ManifestVersion
from storage.store import Store


def version_to_read(asset: str, partition: str, store: Store) -> ManifestVersion:
    """The latest version of a partition.

    Raises:
        ValueError: if there is none; the message names the asset to materialize.
    """
    found = store.manifests.latest(asset, partition)
    if found is None:
        raise ValueError(
            f"{store.root}: need a version of {asset}, partition {partition}, got none; "
            f"materialize {asset} first"
        )
    return found


def parents_of(*versions: ManifestVersion) -> dict[str, str]:
    """The versions as ``parents`` of one that is made from them."""
    return {
        f"{version.asset}/{version.partition}": f"{version.version}:{version.fingerprint}"
        for version in versions
    }


def parent_version(child: ManifestVersion, asset: str, store: Store) -> ManifestVersion:
    """The version of ``asset``, of the same partition, that a version was made from.

    Raises:
        ValueError: if the version names none, or the one that it names is no longer there.
    """
    named = child.parents.get(f"{asset}/{child.partition}", "")
    number = named.partition(":")[0]
    found = _version(asset, int(number), child.partition, store) if number.isdigit() else None
    if found is None or parents_of(found)[f"{asset}/{child.partition}"] != named:
        raise ValueError(
            f"{child.asset}, partition {child.partition}, version {child.version}: need the "
            f"version of {asset} that it was made from, got {named or 'no name of one'}, which is "
            f"not in the store; materialize {child.asset} again"
        )
    return found


def _version(asset: str, number: int, partition: str, store: Store) -> ManifestVersion | None:
    try:
        return store.manifests.version(asset, number, partition)
    except NoVersionError:
        return None
