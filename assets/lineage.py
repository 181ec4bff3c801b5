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

    Where vacuum removed that one, the newest with the same rows stands for it: a child is not made
    again for rows that did not change, so it names the version that held them first.

    Raises:
        ValueError: if the version names none, or its rows are no longer there.
    """
    named = child.parents.get(f"{asset}/{child.partition}", "")
    found = named_version(asset, child.partition, named, store)
    if found is None:
        raise ValueError(
            f"{child.asset}, partition {child.partition}, version {child.version}: need the "
            f"version of {asset} that it was made from, got {named or 'no name of one'}, which is "
            f"not in the store; materialize {child.asset} again"
        )
    return found


def named_version(asset: str, partition: str, named: str, store: Store) -> ManifestVersion | None:
    """The version that `parents_of` names ``named``, or the newest that holds the same rows.

    None where vacuum removed all of them.
    """
    number, _, fingerprint = named.partition(":")
    found = _version(asset, int(number), partition, store) if number.isdigit() else None
    if found is None or found.fingerprint != fingerprint:
        kept = reversed(store.manifests.versions(asset, partition))
        found = next((version for version in kept if version.fingerprint == fingerprint), None)
    return found


def _version(asset: str, number: int, partition: str, store: Store) -> ManifestVersion | None:
    try:
        return store.manifests.version(asset, number, partition)
    except NoVersionError:
        return None
