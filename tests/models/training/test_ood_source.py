from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from models.losses import relative_contrastive_terms
from models.losses.mask2former import training_ood_score
from models.losses.settings import contrastive_config
from models.segmentation.architectures import build
from models.segmentation.closed_set import copy_class_layer
from models.training.objectives import make_objective
from models.training.ood_source import ood_layer_of, ood_score_from
from models.training.published import PUBLISHED, without_head
from models.training.selection import ood_score_of, selection_score
from tests.models.training.toys import (
    STAGES,
    changed,
    toy_batch,
    toy_config,
    toy_trainer,
    weights_of,
)

DEEPLAB, MASK2FORMER = "deeplab_miniature", "mask2former_miniature"


def images_and_targets():
    batch = toy_batch(2)
    return batch.normalized(), batch.targets


def network_of(architecture):
    network = build(architecture, seed=3)
    copy_class_layer(network)
    return network


def loss_of(architecture, reference, targets):
    exposure = {"ce_weights": (0.0, 0.0), "selection_ratio": None}
    base = PUBLISHED[architecture].loss.keywords()
    return contrastive_config(
        {**base, **exposure, "reference": reference, "score_targets": targets}
    )


@pytest.mark.parametrize("architecture", [DEEPLAB, MASK2FORMER])
def test_the_layer_is_the_network_s_own(architecture):
    assert ood_layer_of(architecture) == build(architecture, seed=0).ood_layer


@pytest.mark.parametrize("source", ["head", "logits"])
def test_deeplab_descends_the_same_terms_as_the_loss_gives(source):
    """With the head the objective is what it was, to the last bit."""
    network, config = network_of(DEEPLAB), PUBLISHED[DEEPLAB]
    images, targets = images_and_targets()
    config = config if source == "head" else without_head(config)
    with torch.no_grad():
        output = network(images)
        found = make_objective(network, config)(images, targets, torch.Generator().manual_seed(1))
    score = output.ood_score if source == "head" else -output.logits.logsumexp(1)
    wanted = relative_contrastive_terms(
        output.logits,
        score,
        targets,
        **config.loss.keywords(),
        generator=torch.Generator().manual_seed(1),
    )
    assert found == wanted._asdict()


@pytest.mark.parametrize("source", ["head", "logits"])
def test_mask2former_reads_the_layer_of_the_source(source):
    network = build(MASK2FORMER, seed=3)
    with torch.no_grad():
        network.sem_seg_head.predictor.class_embed2.weight.mul_(3)
        images, targets = images_and_targets()
        prediction = network.predict(images)
        own = {"class_logits": prediction.class_logits} if source == "logits" else {}
        score = training_ood_score(
            prediction, stride=network.config.mask_stride, size=(33, 65), **own
        )
        loss = loss_of(MASK2FORMER, "absolute", (-0.9, -0.1))
        config = toy_config(MASK2FORMER, PUBLISHED[MASK2FORMER].stages, loss=loss)
        config = config if source == "head" else without_head(config)
        terms = make_objective(network, config)(images, targets, torch.Generator())
    known = score[1:][targets[1:] < 99]
    torch.testing.assert_close(terms["hinge_generated"], (known + 0.9).relu().mean())
    unknown = score[targets == 254]
    torch.testing.assert_close(terms["hinge_unknown"], (-0.1 - unknown).relu().mean())


def test_the_score_of_logits_is_the_one_that_evaluation_has():
    images, _ = images_and_targets()
    for architecture, shift in ((DEEPLAB, None), (MASK2FORMER, 1.0)):
        network = network_of(architecture)
        with torch.no_grad():
            output = network(images)
        found = ood_score_from(network, output, "logits")
        assert ood_score_from(network, output, "head") is output.ood_score
        if shift is None:
            torch.testing.assert_close(found, -output.logits.logsumexp(1))
        else:  # the layer is still the copy, and differs by the one that is left out
            torch.testing.assert_close(found + shift, output.ood_score)


def test_without_head_leaves_the_second_stage_of_deeplab():
    config = without_head(PUBLISHED[DEEPLAB])
    (stage,) = config.stages
    assert stage == replace(
        PUBLISHED[DEEPLAB].stages[1], trainable=("aspp", "bot_fine", "bot_aspp")
    )
    assert config.ood_source == "logits"
    both = without_head(PUBLISHED[MASK2FORMER])
    assert both.stages == PUBLISHED[MASK2FORMER].stages[1:]
    with pytest.raises(ValueError, match="need one stage or more"):
        without_head(toy_config(stages=STAGES[:1]))


def test_a_stage_that_names_the_layer_is_refused():
    with pytest.raises(ValueError, match=r"need stages without ood_head .* got it in stage 0"):
        toy_config(ood_source="logits")


@pytest.mark.parametrize("architecture", [DEEPLAB, MASK2FORMER])
def test_training_without_head_leaves_the_layer_and_lowers_the_loss(architecture):
    stages = STAGES if architecture == DEEPLAB else PUBLISHED[MASK2FORMER].stages
    config = without_head(toy_config(architecture, stages))
    config = replace(config, stages=(replace(config.stages[0], n_epochs=1),))
    trainer = toy_trainer(config)
    before = weights_of(trainer)
    assert len(list(trainer)) == 3
    moved = changed(before, weights_of(trainer))
    layer = ood_layer_of(architecture)
    assert moved
    assert not any(name.startswith(layer + ".") for name in moved)
    if architecture == DEEPLAB:
        assert not any(name.startswith("final") for name in moved), "the class layer is fixed"


@pytest.mark.parametrize("reference", ["absolute", "outlier_exposure"])
def test_an_overfit_pair_is_learned_with_either_reference(reference):
    loss = contrastive_config(
        {
            "margins": (10.0, 5.0, 5.0),
            "ce_weights": (5.0, 5.0),
            "selection_ratio": None,
            "reference": reference,
            "score_targets": (-6.0, -1.0),
        }
    )
    stages = (replace(STAGES[1], n_epochs=25, learning_rate=1e-2),)
    batch = toy_batch(1, n_pairs=2)
    reports = list(toy_trainer(toy_config(stages=stages, loss=loss), lambda *_: iter([batch])))
    first, last = reports[0].terms, reports[-1].terms
    assert float(last["total"]) < 0.5 * float(first["total"])
    known = "hinge_original" if reference == "absolute" else "bound_known"
    assert float(last[known]) < float(first[known])


def test_held_out_images_are_scored_by_the_source():
    network = network_of(DEEPLAB)
    with torch.no_grad():
        network.ood_head.weight.neg_()
    draws = np.random.default_rng(0)
    image = draws.integers(0, 256, (33, 65, 3), dtype=np.uint8)
    label = draws.choice(np.array([0, 1, 254, 255], np.uint8), (33, 65))
    scores = {name: ood_score_of(network, image, ood_source=name) for name in ("head", "logits")}
    assert not np.allclose(scores["head"], scores["logits"])
    for name, score in scores.items():
        found = selection_score(network, [(image, label)], ood_source=name)
        is_seen = label < 255
        wanted = average_precision_score(label[is_seen] == 254, score[is_seen])
        assert found.average_precision == pytest.approx(wanted, rel=1e-9)
