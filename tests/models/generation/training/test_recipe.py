from dataclasses import replace

import pytest

from models.generation.training.recipe import FULL, PROBE, RECIPES, SceneCounts


def test_recipes_are_found_by_their_name():
    assert {name: recipe.name for name, recipe in RECIPES.items()} == {
        name: name for name in ("full", "probe", "tiny")
    }


def test_the_probe_is_the_full_recipe_but_short():
    assert PROBE.sizes == FULL.sizes
    assert PROBE.drawing == FULL.drawing
    assert PROBE.diffusion.fit.batch_size == FULL.diffusion.fit.batch_size
    assert PROBE.diffusion.fit.n_steps < FULL.diffusion.fit.n_steps


def test_only_accelerators_train_in_mixed_precision():
    tiny, full = RECIPES["tiny"], RECIPES["full"]
    for recipe, is_mixed in ((tiny, False), (full, True)):
        fits = (recipe.feature_segmenter, recipe.detector, recipe.sam, recipe.judge)
        fits += (recipe.classifier, recipe.autoencoder.fit, recipe.diffusion.fit)
        assert {fit.is_mixed for fit in fits} == {is_mixed}


def test_the_judge_is_seeded_otherwise_than_the_feature_segmenter():
    assert FULL.judge.seed != FULL.feature_segmenter.seed


@pytest.mark.parametrize("field", ["n_training", "n_measured", "n_a_chunk"])
def test_counts_of_nothing_are_refused(field):
    with pytest.raises(ValueError, match=f"need {field} of"):
        replace(SceneCounts(n_training=4, n_measured=4), **{field: 0})
