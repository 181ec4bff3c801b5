"""Which arm of the plan stands for which published method, and how the paper's tables are laid out.

The arms are those of the shipped plan; of another plan, arms that have other names have no
counterpart. Numbers of the paper rest on photographs, those of the arms on drawings: what can be
compared is the direction of differences.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from storage.published_results import PublishedResult, published_results

DEEPLAB, MASK2FORMER = "deeplab", "mask2former"
"""Families of networks, which the names of architectures here and in print begin with."""

PAPER = "gao2024"
"""Begins the sources of the paper that is reproduced."""

_PRINTED_METRICS = {"mean_iou": "miou"}


@dataclass(frozen=True, kw_only=True)
class PaperColumn:
    """A column of one of the paper's tables, with the split that its number rests on there."""

    benchmark: str
    split: str
    metric: str


@dataclass(frozen=True, kw_only=True)
class PaperTable:
    """One of the paper's tables, of one family of networks.

    Attributes:
        number: in the paper.
        title: what it is about.
        family: of the printed numbers.
        columns: in the paper's order, with our own additions.
        methods: published method that an arm stands for, by arm.
        arms: that are shown; all of the plan if empty.
        others: published methods that no arm stands for.
        measured: family of the arms, where it is not that of print.
        remark: what must be known of it.
    """

    number: str
    title: str
    family: str
    columns: tuple[PaperColumn, ...]
    methods: Mapping[str, str]
    arms: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    measured: str = ""
    remark: str = ""
    name: str = field(init=False)

    def __post_init__(self) -> None:
        """Name it after its number and family."""
        object.__setattr__(self, "name", f"Table {self.number} · {self.family}")

    @property
    def arms_family(self) -> str:
        """Family of the networks whose arms are shown."""
        return self.measured or self.family


class Printed:
    """Published numbers of the paper, found by what they are of."""

    def __init__(self, published: tuple[PublishedResult, ...] | None = None) -> None:
        """Sort the rows; by default those of the project's table."""
        rows = published_results() if published is None else published
        self._found = {
            (_family(r), r.method, r.benchmark, r.split, r.domain, r.metric, r.class_name): r
            for r in rows
            if r.source.startswith(f"{PAPER}:")
        }

    def find(
        self,
        family: str,
        method: str,
        column: PaperColumn,
        *,
        domain: str = "all",
        class_name: str = "",
    ) -> PublishedResult | None:
        """The number of a method; None where none was printed."""
        metric = _PRINTED_METRICS.get(column.metric, column.metric)
        place = (column.benchmark, column.split, domain, metric, class_name)
        return self._found.get((family, method, *place))


def _family(row: PublishedResult) -> str:
    known = (name for name in (DEEPLAB, MASK2FORMER) if row.architecture.startswith(name))
    return next(known, row.architecture)


STANDS_FOR = {
    "baseline": "the closed-set baseline: no second training, the score of an untrained copy of "
    "the class layer.",
    "paste": "RPL+CoroCL (DeepLab) and Mask2Anomaly (Mask2Former): training on pasted objects, the "
    "field's default. The loss here is outlier exposure of energies, theirs are their own.",
    "rule_based": "OOD+RuleAug: pasted objects, photographs changed by rules of weather and light.",
    "objects_only": "table 4, data of POC: generated objects, conditions of the training set. POC "
    "paints into photographs, here whole scenes are generated.",
    "two_step": "table 4, domain and semantic shift in two steps.",
    "full_no_head": "table 5, without a learned OOD head.",
    "full_no_selection": "table 5, without selection by loss.",
    "full_absolute": "table 5, absolute instead of relative loss.",
    "full_old_loss": "RPL+CoroCL and Mask2Anomaly trained on CG-Aug: generated data, former loss.",
    "full": "MultiShiftSeg, the whole method.",
}
"""What each arm stands for, and where it differs from what was published."""

_JOINT = ("ap", "fpr95", "mean_iou", "pixel_accuracy", "mean_class_accuracy")
_DETECTION = ("ap", "fpr95")
_TRAINED = {
    DEEPLAB: {
        "baseline": "Closed-set baseline",
        "paste": "RPL+CoroCL",
        "rule_based": "OOD+RuleAug",
        "full": "MultiShiftSeg",
    },
    MASK2FORMER: {
        "paste": "Mask2Anomaly",
        "rule_based": "OOD+RuleAug",
        "full": "MultiShiftSeg",
    },
}
_NEW_DATA = {
    DEEPLAB: {
        "paste": "RPL+CoroCL",
        "full_old_loss": "RPL+CoroCL trained on CG-Aug",
        "full": "MultiShiftSeg",
    },
    MASK2FORMER: {
        "paste": "Mask2Anomaly",
        "full_old_loss": "Mask2Anomaly trained on CG-Aug",
        "full": "MultiShiftSeg",
    },
}
_OTHERS_1 = {
    DEEPLAB: ("MSP", "Mahalanobis", "SynBoost", "Maximized entropy", "PEBAL", "DenseHybrid"),
    MASK2FORMER: ("RbA", "EAM"),
}
_OTHERS_2 = {DEEPLAB: ("RuleAug", "RobustNet", "PEBAL"), MASK2FORMER: ()}


def _columns(benchmark: str, split: str, *metrics: str) -> tuple[PaperColumn, ...]:
    return tuple(PaperColumn(benchmark=benchmark, split=split, metric=m) for m in metrics)


def _road_anomaly(*metrics: str) -> tuple[PaperColumn, ...]:
    return _columns("road_anomaly", "test", *metrics)


def _tracks(split: str, *metrics: str) -> tuple[PaperColumn, ...]:
    names = ("road_anomaly_21", "road_obstacle_21")
    return tuple(c for name in names for c in _columns(name, split, *metrics))


def _first(family: str) -> PaperTable:
    return PaperTable(
        number="1",
        title="anomaly benchmarks",
        family=family,
        columns=(
            *_road_anomaly("auroc", "ap", "fpr95"),
            *_tracks("test", "ap", "fpr95", "f1_star"),
        ),
        methods=_TRAINED[family],
        others=_OTHERS_1[family],
        remark="Printed numbers of both tracks are of their hidden test images; F1* is printed in "
        "the paper's table 10.",
    )


def _second(family: str) -> PaperTable:
    return PaperTable(
        number="2",
        title="known classes and unknown objects together",
        family=family,
        columns=(*_columns("acdc_poc", "val", *_JOINT), *_columns("muad", "test", *_JOINT)),
        methods=_TRAINED[family],
        others=_OTHERS_2[family],
        remark="What print calls mAcc is the share of all pixels (pixel acc.) by the released "
        "code; the mean of the classes' own accuracies (class acc.) is ours alone.",
    )


def _data_against_training(number: str, family: str) -> PaperTable:
    return PaperTable(
        number=number,
        title="data against training",
        family=family,
        columns=(*_road_anomaly(*_DETECTION), *_tracks("val", *_DETECTION)),
        methods=_NEW_DATA[family],
        arms=("paste", "full_old_loss", "full"),
        remark="The former training, the same on generated data, and both data and training new.",
    )


def _eleventh(family: str) -> PaperTable:
    names = ("fishyscapes_lost_and_found", "fishyscapes_static")
    return PaperTable(
        number="11",
        title="Fishyscapes",
        family=family,
        columns=tuple(c for name in names for c in _columns(name, "val", *_DETECTION)),
        methods=_NEW_DATA[family],
    )


_FOURTH = PaperTable(
    number="4",
    title="design of the data",
    family=MASK2FORMER,
    measured=DEEPLAB,
    columns=(
        *_road_anomaly("auroc", "ap", "fpr95"),
        *_columns("acdc_poc", "val", "ap", "fpr95", "mean_iou"),
    ),
    methods={
        "objects_only": "MultiShiftSeg: data of POC",
        "two_step": "MultiShiftSeg: domain and semantic shift in two steps",
        "full": "MultiShiftSeg",
    },
    arms=("objects_only", "conditions_only", "two_step", "full"),
    others=("MultiShiftSeg: domain or semantic shift",),
    remark="Printed for Mask2Former, on RoadAnomaly alone; the arms here are of DeepLab. Print has "
    "no training on generated conditions alone.",
)

_FIFTH = PaperTable(
    number="5",
    title="parts of the method",
    family=DEEPLAB,
    columns=(
        *_tracks("val", *_DETECTION),
        *_columns("muad", "test", *_JOINT[:4]),
        *_columns("acdc_poc", "val", *_JOINT[:4]),
    ),
    methods={
        "full_no_head": "MultiShiftSeg: without a learned OOD head",
        "full_absolute": "MultiShiftSeg: absolute instead of relative loss",
        "full_no_selection": "MultiShiftSeg: without selection by loss",
        "full": "MultiShiftSeg",
    },
    arms=("full_no_filter", "full_no_head", "full_absolute", "full_no_selection", "full"),
    remark="The paper does not show training without the filter of scenes.",
)

PAPER_TABLES = (
    _first(DEEPLAB),
    _first(MASK2FORMER),
    _second(DEEPLAB),
    _second(MASK2FORMER),
    _data_against_training("3", MASK2FORMER),
    _FOURTH,
    _FIFTH,
    _data_against_training("7", DEEPLAB),
    _eleventh(DEEPLAB),
    _eleventh(MASK2FORMER),
)
"""Tables whose lines are methods; tables 8, 9 and 12 are laid out by domain and by class."""

NO_TABLE_6 = (
    "Table 6 of the paper varies the margins of the loss. The plan of this experiment has no arm "
    "for that, so there is nothing to show."
)
