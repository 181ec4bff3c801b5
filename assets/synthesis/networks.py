"""Which networks draw and judge scenes, and how they compute."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import dagster as dg
from pydantic import Field

from assets.synthesis.presets import MINIATURE_SET, Preset, paper_preset, read_preset
from storage.datasets.fingerprint import fingerprint_files
from storage.weights import content_digest
from storage.world import World

SHOWN_DIGITS = 12


@dataclass(frozen=True, kw_only=True)
class NetworkSources:
    """Where the networks are loaded from; workers see the same paths.

    Attributes:
        generator: folder, single file or pinned hub id, for `models.generation.load_bundle`.
        sam: file or name, for `models.filtering.load_sam`.
        detector: checkpoint of the OOD detector.
        detector_architecture: its name, for `models.segmentation.load_segmenter`.
    """

    generator: str
    sam: str
    detector: str
    detector_architecture: str

    def digests(self) -> dict[str, str]:
        """Digest of the content of each source, or the pinned id of one on the hub.

        Raises:
            ValueError: if there is no such file, folder or pinned id.
        """
        return {
            "generator": _digest(self.generator),
            "sam": _digest(self.sam),
            "detector": f"{self.detector_architecture}:{_digest(self.detector)}",
        }

    def stamp(self) -> tuple[str, ...]:
        """Names, sizes and times of the files of each source: what changes with their content.

        Other than `digests` it costs nothing, so that a worker can look before every item.
        """
        return tuple(map(_stamp, (self.generator, self.sam, self.detector)))


@dataclass(frozen=True, kw_only=True)
class Compute:
    """How networks compute; what is ``auto`` or 0 is decided on the machine that computes."""

    device: str
    dtype: str
    batch_size: int
    n_threads: int


class Networks(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Generator, SAM and OOD detector of one profile; single ones can be replaced."""

    models_root: str = Field(description="Folder that `multishift fetch` puts weights into.")
    miniature_set: str = Field(
        default=str(MINIATURE_SET),
        description="Folder of the miniature's networks and their settings.",
    )
    profile: Literal["world", "miniature", "paper"] = Field(
        default="world",
        description="miniature: the small networks that multishift ships; paper: Stable Diffusion "
        "1.5 with ControlNet-seg, SAM ViT-H and the published DeepLabv3+, as `multishift fetch` "
        "puts them into models_root; world: that of the data root's world.",
    )
    generator: str = Field(
        default="",
        description="Another generator: folder, single file, or hub id with its revision.",
    )
    sam: str = Field(
        default="", description="Another SAM: sam_vit_h_4b8939.pth, mobile_sam.pt or ours."
    )
    detector: str = Field(
        default="", description="Another OOD detector: checkpoint of a segmenter."
    )
    detector_architecture: str = Field(default="", description="Architecture of that checkpoint.")
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="auto: cuda where a worker has one."
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto",
        description="Numbers of the generator; auto: bfloat16 on cuda, else float32.",
    )
    batch_size: int = Field(
        default=0, ge=0, description="Pictures of a pass; 0: 8 on cuda, 1 on the CPU."
    )
    n_threads: int = Field(
        default=2, ge=1, description="Threads that a worker computes with on the CPU."
    )

    def profile_for(self, world: World) -> str:
        """Name of the profile for a data root of this world."""
        return world.name if self.profile == "world" else self.profile

    def sources_for(self, world: World) -> NetworkSources:
        """The networks for a data root of this world; nothing is opened."""
        root, small = Path(self.models_root), Path(self.miniature_set)
        if self.profile_for(world) == "miniature":
            usual = NetworkSources(
                generator=str(small / "generator"),
                sam=str(small / "sam.safetensors"),
                detector=str(small / "detector.safetensors"),
                detector_architecture="deeplab_miniature",
            )
        else:
            usual = NetworkSources(
                generator=str(root / "generator" / "control_sd15_seg.pth"),
                sam=str(root / "filter" / "sam_vit_h_4b8939.pth"),
                detector=str(root / "segmenters" / "DeepLab_best.pth"),
                detector_architecture="deeplab_wrn38",
            )
        return NetworkSources(
            **{name: getattr(self, name) or value for name, value in asdict(usual).items()}
        )

    def preset_for(self, world: World) -> Preset:
        """Settings that the profile recommends for its networks.

        Raises:
            ValueError: if the miniature's cannot be read.
        """
        if self.profile_for(world) == "miniature":
            return read_preset(Path(self.miniature_set) / "settings.json")
        return paper_preset()

    @property
    def compute(self) -> Compute:
        """How the networks compute."""
        return Compute(
            device=self.device,
            dtype=self.dtype,
            batch_size=self.batch_size,
            n_threads=self.n_threads,
        )


def revision(source: str, digest: str) -> str:
    """Name of a network for people: its file or folder, and the start of its digest."""
    if digest == source:
        return source
    return f"{Path(source).name}@{digest[:SHOWN_DIGITS]}"


def _digest(source: str) -> str:
    path = Path(source)
    if path.exists():
        return content_digest(path)
    if "@" in source:  # pinned on the hub: the revision is a digest already
        return source
    raise ValueError(
        f"{source}: need the weights of a network, got no such file or folder; fetch them with "
        "`multishift fetch generator`, `multishift fetch filter` and `multishift fetch "
        "segmenters`, or train the miniature's with the job train_miniature_bundle"
    )


def _stamp(source: str) -> str:
    path = Path(source)
    if path.is_dir():
        return fingerprint_files(path)
    if not path.is_file():
        return source
    facts = path.stat()
    return f"{facts.st_size} {facts.st_mtime_ns}"
