"""Stages that train the networks around the generator, each on the rendered scenes alone."""

from pathlib import Path
from typing import TYPE_CHECKING

from assets.miniature_set.fitting import Curve, read_network, run_fit, write_network, write_state
from assets.miniature_set.scenes import load_tensors, specs_of
from assets.miniature_set.workshop import Facts, Workshop

if TYPE_CHECKING:
    from models.generation.training.conditions import ConditionClassifier
    from models.generation.training.fit import FitConfig
    from models.generation.training.segmenters import StreetSegmenter
    from models.segmentation.deeplab import DeepLabConfig

WEIGHTS = "weights.safetensors"
DETECTOR = "deeplab_miniature"
SAM = "sam_miniature"


def train_feature_segmenter(shop: Workshop, out: Path) -> Facts:
    """Stage: the segmenter that the autoencoder listens to."""
    from models.generation.training.segmenters import FEATURE_CONFIG

    config = shop.recipe.feature_segmenter
    return _train_segmenter(shop, "feature_segmenter", FEATURE_CONFIG, config, out)


def train_judge(shop: Workshop, out: Path) -> Facts:
    """Stage: the segmenter that measures and is used nowhere else."""
    from models.generation.training.segmenters import JUDGE_CONFIG

    return _train_segmenter(shop, "judge", JUDGE_CONFIG, shop.recipe.judge, out)


def _train_segmenter(
    shop: Workshop, stage: str, shape: "DeepLabConfig", config: "FitConfig", out: Path
) -> Facts:
    from models.generation.training.segmenters import build_street_segmenter, segmenter_fit

    network = build_street_segmenter(shape, seed=config.seed).to(shop.device)
    scenes = load_tensors(shop)
    facts = run_fit(shop, stage, segmenter_fit(network, scenes.images, scenes.labels, config), out)
    write_network(out / WEIGHTS, network)
    return facts


def load_feature_segmenter(shop: Workshop) -> "StreetSegmenter":
    """What its stage left."""
    from models.generation.training.segmenters import FEATURE_CONFIG

    return _load_segmenter(shop, "feature_segmenter", FEATURE_CONFIG)


def load_judge(shop: Workshop) -> "StreetSegmenter":
    """What its stage left."""
    from models.generation.training.segmenters import JUDGE_CONFIG

    return _load_segmenter(shop, "judge", JUDGE_CONFIG)


def _load_segmenter(shop: Workshop, stage: str, shape: "DeepLabConfig") -> "StreetSegmenter":
    from models.generation.training.segmenters import build_street_segmenter

    network = build_street_segmenter(shape, seed=0)
    read_network(shop.output(stage) / WEIGHTS, network, shop.device)
    return network


def train_detector(shop: Workshop, out: Path) -> Facts:
    """Stage: the filter's detector of unknown objects."""
    from models.generation.training.segmenters import detector_fit
    from models.segmentation.architectures import build

    config, scenes = shop.recipe.detector, load_tensors(shop)
    network = build(DETECTOR, seed=config.seed).to(shop.device)
    facts = run_fit(
        shop, "detector", detector_fit(network, scenes.images, scenes.labels, config), out
    )
    write_state(out / WEIGHTS, network.published_state())
    return facts


def train_small_sam(shop: Workshop, out: Path) -> Facts:
    """Stage: the filter's SAM; it has no checkpoints and begins anew after an interruption."""
    import torch

    from models.filtering.sam.door import load_sam
    from models.filtering.sam.training import train_sam

    config, scenes = shop.recipe.sam, load_tensors(shop)
    network = load_sam(SAM, seed=config.seed).to(shop.device)
    curve = Curve(shop, "sam", config.n_steps, torch.empty(0))
    for loss in train_sam(network, scenes.images, scenes.instances, config):
        curve.add(loss)
    write_state(out / WEIGHTS, network.sam.state_dict())
    return curve.facts(out)


def train_classifier(shop: Workshop, out: Path) -> Facts:
    """Stage: the classifier of weather and time, which only measures."""
    import torch

    from models.generation.training.conditions import build_condition_classifier, condition_fit
    from models.generation.training.examples import condition_numbers

    config = shop.recipe.classifier
    network = build_condition_classifier(seed=config.seed).to(shop.device)
    conditions = torch.from_numpy(condition_numbers(specs_of(shop, "training"))).to(shop.device)
    fit = condition_fit(network, load_tensors(shop).images, conditions, config)
    facts = run_fit(shop, "classifier", fit, out)
    write_network(out / WEIGHTS, network)
    return facts


def load_classifier(shop: Workshop) -> "ConditionClassifier":
    """What its stage left."""
    from models.generation.training.conditions import build_condition_classifier

    network = build_condition_classifier(seed=0)
    read_network(shop.output("classifier") / WEIGHTS, network, shop.device)
    return network
