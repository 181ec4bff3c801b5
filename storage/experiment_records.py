"""Rows of the experiment: trials, what each measures, and the claims that rest on them.

The conventions are those of `storage.records`. Shares are in [0, 1], never in percent.
"""

from dataclasses import dataclass
from typing import Annotated

from storage.records import BlobRef, Key

ALL_SLICES, KNOWN_SLICE, UNSEEN_SLICE = "all", "known", "unseen"
"""Images of a benchmark: all; without, and with, a place or object kind that is reserved."""

SELECTION_WORLD, REPORT_WORLD = "selection", "report"


@dataclass(frozen=True, kw_only=True)
class ExperimentTrial:
    """One arm of one architecture under one seed, trained to its end."""

    plan: Annotated[str, "digest of the plan", Key]
    architecture: Annotated[str, "name in `models.segmentation.ARCHITECTURES`", Key]
    arm: Annotated[str, "name of the arm in the plan", Key]
    seed: Annotated[int, "of first weights, order of the data and generated round", Key]
    trial: Annotated[str, "digest of all that decides on the weights"]
    data: Annotated[str | None, "kind of data of the plan, 'photographs', or None"]
    training_set: Annotated[
        str | None, "partition and version of the training set, such as 'full-0@1'; None without"
    ]
    training_set_fingerprint: Annotated[str | None, "fingerprint of that version"]
    n_pairs: Annotated[int, "pairs that were learned from; photographs for the known classes"]
    configuration: Annotated[str, "configuration of the training as JSON, sorted by key"]
    start_sha256: Annotated[
        str | None, "checkpoint that it began with; None where it began with random weights"
    ]
    checkpoint_sha256: Annotated[str, "blob of the trained weights (safetensors)", BlobRef]
    n_steps: Annotated[int, "steps of the optimizer"]
    last_loss: Annotated[float, "mean of the loss over the last epoch"]
    seconds: Annotated[float, "wall time of the training"]
    device: Annotated[str, "that trained it, such as 'cpu' or the name of the card"]
    versions: Annotated[str, "of torch and its build"]
    code_version: Annotated[str, "version of the training code"]


@dataclass(frozen=True, kw_only=True)
class ExperimentResult:
    """What a trial's network measures on one slice of one benchmark of one world."""

    plan: Annotated[str, "digest of the plan", Key]
    world: Annotated[str, "'selection' or 'report'", Key]
    architecture: Annotated[str, "as in `ExperimentTrial`", Key]
    arm: Annotated[str, "as in `ExperimentTrial`", Key]
    seed: Annotated[int, "as in `ExperimentTrial`", Key]
    benchmark: Annotated[str, "name of the data set in `storage.datasets`", Key]
    domain: Annotated[str, "'all', or one of the benchmark's domains", Key]
    slice: Annotated[str, "'all', 'known' to the generator or 'unseen' by all", Key]
    measurement: Annotated[str, "digest of all that decides on the numbers"]
    checkpoint_sha256: Annotated[str, "blob of the weights that were measured", BlobRef]
    score: Annotated[str, "name of the score"]
    n_images: Annotated[int, "images that the numbers rest on"]
    n_in: Annotated[int, "in-distribution pixels"]
    n_ood: Annotated[int, "OOD pixels"]
    auroc: Annotated[float | None, "area under the ROC curve; None without both kinds of pixels"]
    ap: Annotated[float | None, "average precision, all pixels together, ties counted exactly"]
    fpr95: Annotated[float | None, "false-positive rate where recall first reaches 95 %"]
    f1_star: Annotated[float | None, "component F1, mean over overlaps; None without size rules"]
    mean_iou: Annotated[float | None, "mIoU over the classes that some label holds"]
    mean_class_accuracy: Annotated[float | None, "mean of the classes' own accuracies"]
    pixel_accuracy: Annotated[float | None, "share of known pixels named right"]
    class_names: Annotated[tuple[str, ...], "known classes that some label holds"]
    class_ious: Annotated[tuple[float, ...], "IoU of each of them"]
    world_seed: Annotated[int, "seed of the world of the benchmark"]
    world_version: Annotated[str, "version of the miniature world"]
    code_version: Annotated[str, "version of the measuring code"]


@dataclass(frozen=True, kw_only=True)
class ExperimentClaim:
    """One comparison of two arms over their common seeds, within the family of the plan."""

    plan: Annotated[str, "digest of the plan", Key]
    world: Annotated[str, "'selection' or 'report'", Key]
    architecture: Annotated[str, "of both arms", Key]
    arm: Annotated[str, "that is claimed to be better", Key]
    against: Annotated[str, "that it is compared with", Key]
    metric: Annotated[str, "'ap', 'fpr95', 'mean_iou' or another of the plan", Key]
    slice: Annotated[str, "'all', 'known' or 'unseen'", Key]
    benchmarks: Annotated[tuple[str, ...], "over which the metric is averaged"]
    is_headline: Annotated[bool, "whether it belongs to the family that the plan states"]
    n_pairs: Annotated[int, "seeds that both arms have"]
    mean_arm: Annotated[float, "mean over the seeds of the arm"]
    mean_against: Annotated[float, "mean over the seeds of the other"]
    difference: Annotated[float, "mean of the paired differences"]
    low: Annotated[float, "lower end of the interval of the difference"]
    high: Annotated[float, "upper end of it"]
    level: Annotated[float, "of the interval, by the claim's rank in its family (Holm)"]
    p_value: Annotated[float, "of the two-sided paired t test"]
    p_holm: Annotated[float, "the same, adjusted for its family"]
    holds: Annotated[bool, "whether the arm is better, at a chance of 5 % for the family"]
