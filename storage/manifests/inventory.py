"""Everything that lies below the manifests of a store, sorted by what it is."""

from collections import defaultdict
from dataclasses import dataclass, field

from upath import UPath

from storage.atomic import TEMPORARY_PREFIX
from storage.listing import StoredFile, files_below
from storage.manifests.history import History
from storage.manifests.layout import DRAFTS_FOLDER, VERSIONS_FOLDER, key_of_folder
from storage.manifests.parts import PARTS_FOLDER

PartitionKey = tuple[str, str]
"""Asset and partition, as their owner names them."""

DraftKey = tuple[str, str, str]
"""Folders of asset, partition and draft, one below the other."""


@dataclass(frozen=True)
class Inventory:
    """Files by what they are; those that fit nowhere are left out, so that nobody removes them.

    ``pointers``: by partition, then version. ``drafts``: by partition and draft folder.
    """

    pointers: defaultdict[PartitionKey, dict[int, StoredFile]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    parts: list[StoredFile] = field(default_factory=list)
    drafts: defaultdict[DraftKey, list[StoredFile]] = field(
        default_factory=lambda: defaultdict(list)
    )
    temporary_files: list[StoredFile] = field(default_factory=list)


def take_inventory(manifests: History) -> Inventory:
    """Sort every file below the manifests, committed or not."""
    inventory = Inventory()
    for file in files_below(manifests.folder):
        match file.name.split("/"):
            case [*_, name] if name.startswith(TEMPORARY_PREFIX):
                inventory.temporary_files.append(file)
            case [asset, partition, folder, name] if folder == VERSIONS_FOLDER:
                number = name.removesuffix(".json")
                if number.isascii() and number.isdecimal():
                    key = key_of_folder(asset), key_of_folder(partition)
                    inventory.pointers[key][int(number)] = file
            case [_, _, folder, _] if folder == PARTS_FOLDER:
                inventory.parts.append(file)
            case [asset, partition, folder, draft, *_] if folder == DRAFTS_FOLDER:
                inventory.drafts[asset, partition, draft].append(file)
    return inventory


def draft_folder(manifests: History, key: DraftKey) -> UPath:
    """Folder of a draft, as the inventory names it."""
    asset, partition, draft = key
    return manifests.folder / asset / partition / DRAFTS_FOLDER / draft
