"""Which trainings a plan asks for, from which data; no picture is opened here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from assets.experiment.config import TrialsConfig
from assets.experiment.configurations import configuration_of_trial
from assets.experiment.item import Objects, TrainedOn, TrialItem
from assets.experiment.names import training_set_name
from assets.lineage import parents_of
from assets.resources import DataRoot, ManifestStore
from assets.retracting.retractions import read_retracted
from assets.segmenters.crops import BANK, kept_crops
from assets.selecting.samples import ASSET as TRAINING_SET
from assets.selecting.samples import data_version_of
from models.experiment.plan import PHOTOGRAPHS, Plan, Trial
from storage.manifests.pointers import ManifestVersion
from storage.store import Store
from storage.world import MARKER, read_marker

_SHOWN = 3
_Name = TypeVar("_Name", str, int)


@dataclass(frozen=True, kw_only=True)
class TrialsOrder:
    """The trainings of a plan.

    Attributes:
        plan: that asks for them.
        items: every trial whose data are there, starts first; blobs of starts are not yet named.
        wanted: digests of those that this run is about.
        sources: versions that are learned from.
    """

    plan: Plan
    items: tuple[TrialItem, ...]
    wanted: frozenset[str]
    sources: tuple[ManifestVersion, ...]

    @property
    def starts(self) -> tuple[TrialItem, ...]:
        """Trainings on the known classes that this run is about."""
        return tuple(one for one in self.items if one.start is None and one.trial in self.wanted)

    @property
    def others(self) -> tuple[TrialItem, ...]:
        """Trainings that begin where those end."""
        return tuple(one for one in self.items if one.start and one.trial in self.wanted)

    @property
    def parents(self) -> dict[str, str]:
        """The versions that are learned from."""
        return parents_of(*self.sources)


def plan_trials(
    plan: Plan, config: TrialsConfig, data: DataRoot, store: ManifestStore, *, device: str
) -> TrialsOrder:
    """The trainings that a configuration chooses, and all others of the plan that could be run.

    Raises:
        FileNotFoundError: if there is no data root.
        ValueError: if it holds another world than the plan names, a choice is not in the plan, or
            training sets or objects of chosen trials are missing.
    """
    chosen = _chosen(plan, config)
    finding = _Finding(
        plan=plan,
        base={
            "plan": plan.digest,
            "world": _training_world(plan, data),
            "store_root": store.root,
            "single_writer": store.single_writer,
            "data_root": str(data.folder),
            "device": device,
        },
        store=store.open(),
        found={},
    )
    items = finding.items(plan.trials())
    missing = [one for one in chosen if one not in items]
    if missing:
        raise ValueError(finding.complaint(missing))
    return TrialsOrder(
        plan=plan,
        items=tuple(sorted(items.values(), key=lambda item: item.start is not None)),
        wanted=frozenset(items[one].trial for one in chosen),
        sources=finding.sources(list(items.values())),
    )


@dataclass(frozen=True, kw_only=True)
class _Finding:
    """Looks up what trials learn from; versions are looked up once."""

    plan: Plan
    base: Mapping[str, Any]
    store: Store
    found: dict[str, ManifestVersion | None]

    def items(self, trials: Sequence[Trial]) -> dict[Trial, TrialItem]:
        """Items of the trials whose data are there, in the order of the trials."""
        first = {network: start_arm(self.plan, network) for network in self.plan.networks}
        starts = {
            (one.architecture, one.seed): self._item(one)
            for one in trials
            if one.arm == first[one.architecture]
        }
        items: dict[Trial, TrialItem] = {}
        for trial in trials:
            item, arm = self._item(trial), self.plan.arms[trial.arm]
            if arm.data is not None:
                if self._lacks(trial, item):
                    continue
                start = starts[trial.architecture, trial.seed].trial
                item = replace(item, start=start, pairs=self._pairs(trial))
            items[trial] = item
        return items

    def complaint(self, missing: Sequence[Trial]) -> str:
        """What trials lack, and what to do."""
        names = sorted({name for one in missing if (name := self._set_of(one))})
        names = [name for name in names if self._version(TRAINING_SET, name) is None]
        if names:
            shown = ", ".join(names[:_SHOWN])
            return (
                f"plan {self.plan.name}: need its training sets, {len(names)} are missing, such as "
                f"{shown}; `multishift experiment` makes them, or choose other arms"
            )
        return (
            f"{self.store.root}: need kept objects to paste that may be used, got none; materialize"
            f" {BANK}, or paste none: settings: {{transform: {{paste: null}}}} in the plan"
        )

    def sources(self, items: Sequence[TrialItem]) -> tuple[ManifestVersion, ...]:
        """Versions that items learn from."""
        names = {(TRAINING_SET, item.pairs.selection) for item in items if item.pairs}
        names |= {(BANK, "") for item in items if item.objects}
        found = (self._version(*name) for name in sorted(names))
        return tuple(version for version in found if version is not None)

    def _item(self, trial: Trial) -> TrialItem:
        configuration, arm = configuration_of_trial(self.plan, trial), self.plan.arms[trial.arm]
        bank = self._version(BANK, "") if _pastes(configuration) else None
        return TrialItem(
            **self.base,
            architecture=trial.architecture,
            arm=trial.arm,
            seed=trial.seed,
            configuration=configuration,
            data=arm.data,
            objects=Objects(version=bank.version, fingerprint=bank.fingerprint) if bank else None,
        )

    def _lacks(self, trial: Trial, item: TrialItem) -> bool:
        name = self._set_of(trial)
        lacks_pairs = bool(name) and self._version(TRAINING_SET, name) is None
        return lacks_pairs or (_pastes(item.configuration) and item.objects is None)

    def _set_of(self, trial: Trial) -> str:
        """Name of the training set of a trial; empty where it has none."""
        arm = self.plan.arms[trial.arm]
        if arm.data in (None, PHOTOGRAPHS):
            return ""
        return training_set_name(self.plan.name, str(arm.data), trial.seed, arm.n_variants)

    def _pairs(self, trial: Trial) -> TrainedOn | None:
        name = self._set_of(trial)
        version = self._version(TRAINING_SET, name) if name else None
        if version is None:
            return None
        return TrainedOn(
            selection=name,
            version=version.version,
            fingerprint=version.fingerprint,
            rows_fingerprint=data_version_of(version),
        )

    def _version(self, asset: str, partition: str) -> ManifestVersion | None:
        place = f"{asset}/{partition}"
        if place not in self.found:
            self.found[place] = self._bank() if asset == BANK else self._latest(partition)
        return self.found[place]

    def _latest(self, selection: str) -> ManifestVersion | None:
        return self.store.manifests.latest(TRAINING_SET, selection)

    def _bank(self) -> ManifestVersion | None:
        """The latest bank, if it has objects and all of them may be used."""
        bank = self.store.manifests.latest(BANK)
        crops = kept_crops(self.store, bank.version) if bank else ()
        retracted = read_retracted(self.store)
        is_usable = crops and not any(retracted.has_object(name) for name, _ in crops)
        return bank if is_usable else None


def _chosen(plan: Plan, config: TrialsConfig) -> list[Trial]:
    """The trials that are chosen, and those that they begin with."""
    arms = _among("arms", config.arms, list(plan.arms))
    seeds = _among("seeds", config.seeds, list(range(plan.n_seeds)))
    networks = _among("architectures", config.architectures, list(plan.networks))
    chosen = [
        one
        for one in plan.trials()
        if one.arm in arms and one.seed in seeds and one.architecture in networks
    ]
    begun = {(one.architecture, one.seed) for one in chosen if plan.arms[one.arm].data is not None}
    starts = [
        Trial(architecture=network, arm=start_arm(plan, network), seed=seed)
        for network, seed in sorted(begun)
    ]
    return list(dict.fromkeys([*starts, *chosen]))


def start_arm(plan: Plan, architecture: str) -> str:
    """The arm whose weights all other arms of a network begin with.

    Raises:
        ValueError: if every arm of the network has data.
    """
    for name in plan.arms_of(architecture):
        if plan.arms[name].data is None:
            return name
    raise ValueError(
        f"plan {plan.name}: need an arm of {architecture} without data, which the others begin "
        "with, got none; add one, such as baseline: {title: known classes only}"
    )


def _among(what: str, wanted: Sequence[_Name], known: Sequence[_Name]) -> Sequence[_Name]:
    if unknown := [name for name in wanted if name not in known]:
        names = ", ".join(map(str, known))
        raise ValueError(f"{what}: need some of {names}, got {unknown[0]!r}")
    return wanted or known


def _pastes(configuration: Mapping[str, Any]) -> bool:
    """Whether objects are pasted; `StartConfig` pastes none."""
    return configuration.get("transform", {}).get("paste") is not None


def _training_world(plan: Plan, data: DataRoot) -> dict[str, Any]:
    """What decides on every photograph of the training world.

    Raises:
        ValueError: if the data root holds another world.
    """
    facts = read_marker(data.folder) or {}
    wanted = plan.worlds.training.model_dump()
    if {name: facts.get(name) for name in wanted} != wanted or not facts.get("is_complete"):
        found = {name: facts.get(name) for name in (*wanted, "is_complete")}
        raise ValueError(
            f"{data.folder / MARKER}: need the training world of the plan {plan.name}, {wanted}, "
            f"got {found if facts else 'no miniature world'}; `multishift miniature` renders it"
        )
    return {"world_version": facts["world_version"], **wanted}
