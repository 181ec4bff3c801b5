"""Where the files of a manifest lie, and how names of assets and partitions become folder names.

``<root>/manifests/<asset>/<partition>/`` holds ``parts/``, ``versions/`` and ``drafts/``.
"""

from urllib.parse import quote, unquote

from upath import UPath

from storage.listing import names

UNPARTITIONED = "all"
VERSIONS_FOLDER = "versions"
DRAFTS_FOLDER = "drafts"
_MAX_NAME_BYTES = 255
_VERSION_DIGITS = 8


def folder_name(key: str) -> str:
    """Folder name of an asset or partition: percent-coded, never hidden, never a way out.

    Raises:
        ValueError: if the key is empty or too long for a file system.
    """
    coded = quote(key, safe="")
    if coded.startswith("."):
        coded = "%2E" + coded[1:]
    if not 0 < len(coded) <= _MAX_NAME_BYTES:
        raise ValueError(
            f"need a name of 1 to {_MAX_NAME_BYTES} bytes in percent coding, got {len(coded)}: "
            f"{key!r}"
        )
    return coded


def key_of_folder(name: str) -> str:
    """The asset or partition that a folder name stands for."""
    return unquote(name)


def partition_folder(manifests: UPath, asset: str, partition: str) -> UPath:
    """Folder of one partition of an asset."""
    return manifests / folder_name(asset) / folder_name(partition)


def pointer_path(folder: UPath, version: int) -> UPath:
    """Pointer of a version below the folder of its partition."""
    return folder / VERSIONS_FOLDER / f"{version:0{_VERSION_DIGITS}d}.json"


def version_numbers(folder: UPath) -> list[int]:
    """Numbers of the versions of a partition, ascending; other files are passed over."""
    stems = (name.removesuffix(".json") for name in names(folder / VERSIONS_FOLDER))
    return sorted(int(stem) for stem in stems if stem.isascii() and stem.isdecimal())
