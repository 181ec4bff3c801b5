"""Bundles named by hub ids: found in the local cache of the hub, never on the network."""

import re
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError

from models.generation.bundle import BundleError
from models.generation.layout import Layout, find_parts
from models.generation.quiet import quiet

FETCH = "run multishift fetch generator, where there is a network, and name what it fetched"
_NAME = r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*"
_UNPINNED = re.compile(rf"{_NAME}(@[^/+\s]*)?(\+{_NAME}(@[^/+\s]*)?){{0,2}}")
_PINNED = re.compile(rf"({_NAME})@([0-9a-f]{{40}})")
_ELSEWHERE = ("controlnet", "edge_controlnet")
_FORM = (
    "org/name@revision or org/base@revision+org/controlnet@revision, and +org/edges@revision for a "
    "ControlNet of edges, revisions of 40 hex digits"
)


@dataclass(frozen=True)
class PinnedRepo:
    """A repository of the hub at one commit."""

    name: str
    revision: str


def looks_like_hub_id(source: str) -> bool:
    """Whether a text could name one to three repositories; a path may look so too."""
    return _UNPINNED.fullmatch(source) is not None


def parse_hub_ids(source: str) -> tuple[PinnedRepo, ...]:
    """One repository that holds all parts, or the base, then those of its ControlNets.

    The first ControlNet takes layouts, the second one edges.

    Raises:
        BundleError: if a revision is missing or is a name that can move, such as a branch.
    """
    matches = [_PINNED.fullmatch(text) for text in source.split("+")]
    if not all(matches) or len(matches) > 1 + len(_ELSEWHERE):
        fact = f"need {_FORM}; found no such file or folder, and no such hub id"
        cure = f"check the path, or pin the revision; to read revisions, {FETCH}"
        raise BundleError(source, fact, cure)
    return tuple(PinnedRepo(match[1], match[2]) for match in matches if match)


def find_in_cache(source: str) -> Layout:
    """Where the parts of a bundle named by hub ids lie in the cache of this machine.

    Raises:
        BundleError: if the ids are not pinned, or the cache lacks a repository or a part.
    """
    base, *others = (_snapshot(source, repo) for repo in parse_hub_ids(source))
    cure = f"the cache holds it in part: {FETCH}"
    return find_parts(source, base, cure, elsewhere=dict(zip(_ELSEWHERE, others, strict=False)))


def _snapshot(source: str, repo: PinnedRepo) -> Path:
    try:
        with quiet():
            folder = snapshot_download(repo.name, revision=repo.revision, local_files_only=True)
    except LocalEntryNotFoundError as error:
        # A snapshot of some files is no mistake: the cache may lack weights that nobody needs.
        partial = getattr(error, "snapshot_path", None)
        if partial is None:
            fact = f"need {repo.name} at {repo.revision} in the local hub cache, found nothing"
            raise BundleError(source, fact, FETCH) from error
        folder = str(partial)
    return Path(folder)
