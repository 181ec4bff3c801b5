"""Which trials of a plan are wanted, and what they need before they can be trained."""

from dataclasses import dataclass

from models.experiment.plan import PHOTOGRAPHS, Plan, Trial


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A part of a plan: its arms, architectures and seeds; what is empty means all."""

    arms: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()

    def trials(self, plan: Plan) -> tuple[Trial, ...]:
        """The trials of the plan that are wanted.

        Raises:
            ValueError: naming what the plan does not have, or if nothing is left.
        """
        _require("arms", self.arms, tuple(plan.arms))
        _require("networks", self.architectures, tuple(plan.networks))
        _require("seeds", self.seeds, tuple(range(plan.n_seeds)))
        found = tuple(
            trial
            for trial in plan.trials()
            if (not self.arms or trial.arm in self.arms)
            and (not self.architectures or trial.architecture in self.architectures)
            and (not self.seeds or trial.seed in self.seeds)
        )
        if not found:
            raise ValueError(f"plan {plan.name}: need a trial, but no wanted network has such arms")
        return found

    def selections(self, plan: Plan) -> list[tuple[str, int, int]]:
        """Kind of data, scenes of a frame and seed of every training set that the trials read."""
        wanted = {
            (arm.data, arm.n_variants, trial.seed)
            for trial in self.trials(plan)
            for arm in (plan.arms[trial.arm],)
            if arm.data not in (None, PHOTOGRAPHS)
        }
        return sorted(((str(data), n, seed) for data, n, seed in wanted), key=_seed_first)

    def rounds(self, plan: Plan) -> list[tuple[str, int]]:
        """Kind of data and seed of every round that the trials learn from."""
        found = {(data, seed): None for data, _, seed in self.selections(plan)}
        return list(found)


def _seed_first(selection: tuple[str, int, int]) -> tuple[int, str, int]:
    data, n_variants, seed = selection
    return seed, data, n_variants


def _require(what: str, wanted: tuple[object, ...], known: tuple[object, ...]) -> None:
    unknown = [str(name) for name in wanted if name not in known]
    if unknown:
        raise ValueError(
            f"need {what} of the plan, {', '.join(map(str, known))}, got {', '.join(unknown)}"
        )
