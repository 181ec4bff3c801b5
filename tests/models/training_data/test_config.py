from dataclasses import replace

import pytest

from models.training_data import (
    PAIR_TRANSFORMS,
    PUBLISHED_TRANSFORMS,
    GeometryConfig,
    MixConfig,
    PasteConfig,
    PhotometryConfig,
)

TENTHS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def test_published_numbers_of_deeplab():
    config = PUBLISHED_TRANSFORMS["deeplab"]
    assert config.mix.max_original_share == 0.3
    assert config.photometry is None
    assert config.geometry.crop == (700, 700)
    chances = [value for name, value in vars(config.geometry).items() if "probability" in name]
    assert chances == [0, 0, 0, 0]
    assert config.paste.scales == TENTHS


def test_published_numbers_of_mask2former():
    config = PUBLISHED_TRANSFORMS["mask2former"]
    assert config.mix.max_original_share == 0.3
    colors = config.photometry
    assert (colors.brightness, colors.contrast, colors.saturation, colors.hue) == (0.8,) * 3 + (
        0.2,
    )
    assert (colors.blur_px, colors.blur_sigma_px, colors.sharpness) == (9, (0.1, 5.0), (0.0, 2.0))
    assert colors.probability == 0.5
    geometry = config.geometry
    assert (geometry.crop, geometry.scales) == ((700, 700), (0.7, 0.8, 0.9, 1.0))
    assert geometry.max_angle == 10
    chances = [value for name, value in vars(geometry).items() if "probability" in name]
    assert chances == [0.5, 0.5, 0.5, 0.5]
    assert config.paste.scales == TENTHS


def test_ours_are_the_published_ones_without_upside_down_streets():
    published, own = PUBLISHED_TRANSFORMS["mask2former"], PAIR_TRANSFORMS["mask2former"]
    upright = replace(published.geometry, vertical_flip_probability=0.0)
    assert own == replace(published, geometry=upright)
    assert PAIR_TRANSFORMS["deeplab"] == PUBLISHED_TRANSFORMS["deeplab"]
    for name in ("deeplab_miniature", "mask2former_miniature"):
        geometry = PAIR_TRANSFORMS[name].geometry
        assert geometry.crop == (96, 192)
        assert geometry.vertical_flip_probability == 0
        smallest = min(geometry.scales) if geometry.resize_probability else 1
        assert smallest * 128 >= 96, "a miniature frame is never smaller than the crop"


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: MixConfig(max_original_share=1.5), "max_original_share"),
        (lambda: PhotometryConfig(brightness=-0.1), "brightness"),
        (lambda: PhotometryConfig(probability=2), "probability"),
        (lambda: PhotometryConfig(hue=0.6), "hue"),
        (lambda: PhotometryConfig(blur_px=8), "odd blur_px"),
        (lambda: PhotometryConfig(blur_sigma_px=(0.0, 1.0)), "blur_sigma_px above 0"),
        (lambda: PhotometryConfig(sharpness=(2.0, 1.0)), "sharpness"),
        (lambda: GeometryConfig(crop=(0, 5)), "crop"),
        (lambda: GeometryConfig(scales=()), "scales"),
        (lambda: GeometryConfig(scales=(0.5, -1.0)), "scales"),
        (lambda: GeometryConfig(max_angle=200), "max_angle"),
        (lambda: GeometryConfig(rotate_probability=1.1), "rotate_probability"),
        (lambda: PasteConfig(scales=(0.0,)), "scales"),
    ],
)
def test_impossible_settings_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
