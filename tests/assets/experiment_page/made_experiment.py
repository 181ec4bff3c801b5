"""Rows of an experiment that never was: draws by digest around levels that are plainly invented."""

import hashlib
import json

from assets.experiment_page.contents import ExperimentRows
from models.experiment.plan import Plan
from models.experiment.statistics import compare_family
from storage.experiment_records import (
    ALL_SLICES,
    KNOWN_SLICE,
    UNSEEN_SLICE,
    ExperimentClaim,
    ExperimentResult,
    ExperimentTrial,
)

DEEPLAB, MASK2FORMER = "deeplab_miniature", "mask2former_miniature"
BENCHMARKS = (
    "road_anomaly",
    "road_anomaly_21",
    "road_obstacle_21",
    "fishyscapes_lost_and_found",
    "fishyscapes_static",
    "muad",
    "acdc_poc",
    "acdc",
    "cityscapes",
)
WITHOUT_OBJECTS = ("acdc", "cityscapes")
DOMAINS = {"acdc_poc": ("fog", "night", "rain", "snow"), "acdc": ("fog", "night", "rain", "snow")}
CLASSES = ("road", "sidewalk", "sky", "person", "car")
LEVELS = {"baseline": 0.2, "paste": 0.5, "rule_based": 0.55, "objects_only": 0.6, "two_step": 0.7}
FULL, OTHER = 0.8, 0.65
VERSIONS = {"experiment_results": 4, "experiment_trials": 2}


def digest(*parts):
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def noise(*parts):
    """A draw in [-0.02, 0.02] that depends on the parts alone."""
    return 0.04 * (int(digest(*parts)[:8], 16) / 2**32 - 0.5)


def level(arm):
    return LEVELS.get(arm, FULL if arm.startswith("full") else OTHER)


def trial(plan, architecture, arm, seed, **changes):
    data = plan.arms[arm].data
    values = {
        "plan": plan.digest,
        "architecture": architecture,
        "arm": arm,
        "seed": seed,
        "data": data,
        "training_set": f"exp-{plan.name}-{data}-{seed}-1x@1" if data in plan.data else None,
        "training_set_fingerprint": digest("set", data, seed) if data in plan.data else None,
        "n_pairs": 300,
        "configuration": json.dumps({"seed": seed}),
        "start_sha256": digest(architecture, "baseline", seed) if data else None,
        "checkpoint_sha256": digest(architecture, arm, seed),
        "n_steps": 500,
        "last_loss": 1.25,
        "seconds": 48.0 + seed,
        "device": "made card",
        "versions": "torch 0",
        "code_version": "1",
        "trial": digest("trial", architecture, arm, seed),
    }
    return ExperimentTrial(**(values | changes))


def result(plan, world, of, benchmark, domain=ALL_SLICES, slice_=ALL_SLICES, **changes):
    architecture, arm, seed = of
    at = level(arm) + noise(*of, benchmark, domain, slice_) - 0.1 * (slice_ == UNSEEN_SLICE)
    has_objects = benchmark not in WITHOUT_OBJECTS
    has_rules = benchmark in ("road_anomaly_21", "road_obstacle_21")
    miou = 0.3 + at / 2
    values = {
        "plan": plan.digest,
        "world": world,
        "architecture": architecture,
        "arm": arm,
        "seed": seed,
        "benchmark": benchmark,
        "domain": domain,
        "slice": slice_,
        "measurement": digest("measurement", *of, world),
        "checkpoint_sha256": digest(architecture, arm, seed),
        "score": plan.arms[arm].score,
        "n_images": 40,
        "n_in": 10_000,
        "n_ood": 500 if has_objects else 0,
        "auroc": 0.5 + at / 2 if has_objects else None,
        "ap": at if has_objects else None,
        "fpr95": 1 - at if has_objects else None,
        "f1_star": at / 2 if has_rules else None,
        "mean_iou": miou,
        "mean_class_accuracy": miou + 0.1,
        "pixel_accuracy": miou + 0.2,
        "class_names": CLASSES,
        "class_ious": tuple(miou - 0.05 * n for n in range(len(CLASSES))),
        "world_seed": 2002,
        "world_version": "2",
        "code_version": "1",
    }
    return ExperimentResult(**(values | changes))


def results_of(plan, world, of, benchmarks=BENCHMARKS):
    for benchmark in benchmarks:
        for slice_ in (ALL_SLICES, KNOWN_SLICE, UNSEEN_SLICE):
            for domain in ("all", *DOMAINS.get(benchmark, ())):
                yield result(plan, world, of, benchmark, domain, slice_)


def claims_of(plan, world, results):
    """The headline family by the project's own statistics, on the made numbers."""
    line = plan.headline
    found = {}
    for against in line.against:
        for metric in line.metrics:
            pairs = [averaged(plan, results, arm, metric) for arm in (line.arm, against)]
            seeds = [seed for seed in pairs[0] if seed in pairs[1]]
            if len(seeds) > 1:
                found[against, metric] = [[pair[seed] for seed in seeds] for pair in pairs]
    differences = {
        "/".join(key): [a - b for a, b in zip(*pair, strict=True)] for key, pair in found.items()
    }
    compared = compare_family(differences) if differences else {}
    return [claim(plan, world, key, pair, compared["/".join(key)]) for key, pair in found.items()]


def averaged(plan, results, arm, metric):
    line = plan.headline
    names = line.benchmarks_of(metric)
    seeds = {}
    for row in results:
        place = (row.architecture, row.arm, row.domain, row.slice)
        if place == (line.architecture, arm, "all", "all") and row.benchmark in names:
            seeds.setdefault(row.seed, []).append(getattr(row, metric))
    return {seed: sum(values) / len(values) for seed, values in sorted(seeds.items())}


def claim(plan, world, key, pair, compared, **changes):
    against, metric = key
    values = {
        "plan": plan.digest,
        "world": world,
        "architecture": plan.headline.architecture,
        "arm": plan.headline.arm,
        "against": against,
        "metric": metric,
        "slice": ALL_SLICES,
        "benchmarks": plan.headline.benchmarks_of(metric),
        "is_headline": True,
        "n_pairs": compared.n_pairs,
        "mean_arm": sum(pair[0]) / len(pair[0]),
        "mean_against": sum(pair[1]) / len(pair[1]),
        "difference": compared.mean,
        "low": compared.low,
        "high": compared.high,
        "level": compared.level,
        "p_value": compared.p_value,
        "p_holm": compared.p_holm,
        "holds": compared.n_pairs == plan.n_seeds
        and compared.holds(is_higher_better=metric != "fpr95"),
    }
    return ExperimentClaim(**(values | changes))


def experiment(plan, *, world="report", leaves_out=(), benchmarks=BENCHMARKS, **changes):
    """Rows of all trials of a plan but those left out, as (architecture, arm, seed)."""
    wanted = [(t.architecture, t.arm, t.seed) for t in plan.trials()]
    wanted = [of for of in wanted if of not in leaves_out]
    results = [row for of in wanted for row in results_of(plan, world, of, benchmarks)]
    values = {
        "plan": plan,
        "world": world,
        "trials": tuple(trial(plan, *of) for of in wanted),
        "results": tuple(results),
        "claims": tuple(claims_of(plan, world, results)),
        "versions": VERSIONS,
        "n_plans_tried": 3,
        "n_plans_scored": 1,
        "n_runs": 2,
    }
    return ExperimentRows(**(values | changes))


def tiny_plan(**changes):
    """Two seeds, three arms, one network."""
    world = {"n_train": 4, "others_frac": 0.1}
    values = {
        "name": "tiny",
        "worlds": {
            "training": world | {"seed": 0},
            "selection": world | {"seed": 1},
            "report": world | {"seed": 2},
        },
        "n_seeds": 2,
        "data": {"full": {}},
        "arms": {
            "baseline": {"title": "known classes only"},
            "paste": {"title": "pasted objects", "data": "photographs"},
            "full": {"title": "the whole method", "data": "full"},
        },
        "networks": {DEEPLAB: {"seconds": 30.0}},
        "headline": {
            "architecture": DEEPLAB,
            "arm": "full",
            "against": ["baseline", "paste"],
            "metrics": ["ap", "fpr95", "mean_iou"],
            "unknown": ["road_anomaly", "acdc_poc"],
            "shifted": ["acdc_poc", "acdc"],
        },
    }
    return Plan.model_validate(values | changes)
