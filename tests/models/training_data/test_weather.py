from dataclasses import replace

import cv2
import numpy as np
import pytest

from models.training_data import (
    PAIR_TRANSFORMS,
    Pair,
    PhotometryConfig,
    WeatherConfig,
    transform_pair,
)
from models.training_data.weather import Weather, draw_weather, weathered
from models.training_data.weather.fog import veil_of
from models.training_data.windows import Window
from tests.models.training_data.streets import labels, object_of, pair_of, smooth

FRAME = (64, 96)
NEVER = {"fog": 0.0, "rain": 0.0, "snow": 0.0, "night": 0.0}
KINDS = {name: WeatherConfig(**{**NEVER, name: 1.0}) for name in NEVER}
KINDS["rainy night"] = WeatherConfig(**{**NEVER, "rain": 1.0, "night": 1.0})
each_kind = pytest.mark.parametrize("config", KINDS.values(), ids=KINDS)


def picture_of(frame=FRAME, seed=0):
    return smooth(frame, np.random.default_rng(seed))


def whole(picture, weather):
    return weathered(picture, weather, Window(0, 0, *picture.shape[:2]))


@each_kind
@pytest.mark.parametrize("frame", [FRAME, (130, 70), (7, 9), (1, 1)])
def test_a_window_is_that_of_the_whole_frame_to_the_last_bit(config, frame):
    picture, draws = picture_of(frame), np.random.default_rng(3)
    for seed in range(6):
        weather = draw_weather(config, frame, seed=seed)
        expected = whole(picture, weather)
        top, left = (int(draws.integers(side)) for side in frame)
        bottom, right = (
            int(draws.integers(first + 1, side, endpoint=True))
            for first, side in zip((top, left), frame, strict=True)
        )
        window = Window(top, left, bottom, right)
        found = weathered(picture, weather, window)
        np.testing.assert_array_equal(found, expected[top:bottom, left:right])
        thinned = weathered(picture, weather, window, 3)
        np.testing.assert_array_equal(thinned, expected[top:bottom:3, left:right:3])


@each_kind
def test_a_seed_decides_every_byte_and_the_picture_stays(config):
    picture = picture_of()
    copy = picture.copy()
    picture.flags.writeable = False
    first = [whole(picture, draw_weather(config, FRAME, seed=seed)) for seed in range(5)]
    again = [whole(picture, draw_weather(config, FRAME, seed=seed)) for seed in range(5)]
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not any(np.array_equal(first[0], other) for other in [*first[1:], picture])
    np.testing.assert_array_equal(picture, copy)


@pytest.mark.parametrize("name", ["deeplab_miniature", "mask2former_miniature", "equalized"])
@each_kind
def test_the_transform_is_that_of_a_frame_that_had_the_weather(config, name):
    """Crop, blur and statistics of the whole frame included."""
    curves = PhotometryConfig(probability=1.0, blur_px=3, blur_sigma_px=(0.1, 0.7))
    plain = PAIR_TRANSFORMS[name if name in PAIR_TRANSFORMS else "deeplab_miniature"]
    plain = plain if name in PAIR_TRANSFORMS else replace(plain, photometry=curves)
    pair = pair_of((128, 256), is_painted=False)
    for seed in range(4):
        weather = draw_weather(config, (128, 256), seed=seed)
        in_weather = replace(pair, generated=whole(pair.generated, weather))
        expected = transform_pair(in_weather, [object_of()], plain, seed=seed)
        found = transform_pair(pair, [object_of()], replace(plain, weather=config), seed=seed)
        np.testing.assert_array_equal(found.images, expected.images)
        np.testing.assert_array_equal(found.targets, expected.targets)


def test_large_frames_take_their_statistics_in_the_weather_too():
    config = replace(
        PAIR_TRANSFORMS["deeplab_miniature"], photometry=PhotometryConfig(probability=1.0)
    )
    pair, weather = pair_of((600, 610), is_painted=False), KINDS["rainy night"]
    drawn = draw_weather(weather, (600, 610), seed=2)
    expected = transform_pair(
        replace(pair, generated=whole(pair.generated, drawn)), [object_of()], config, seed=2
    )
    found = transform_pair(pair, [object_of()], replace(config, weather=weather), seed=2)
    np.testing.assert_array_equal(found.images, expected.images)


def test_the_original_of_a_photograph_pair_stays_as_it_is():
    label = labels((128, 256))
    pair = Pair.of_photograph("street", picture_of((128, 256)), label)
    plain = replace(PAIR_TRANSFORMS["deeplab_miniature"], mix=None, paste=None)
    for seed in range(4):
        without = transform_pair(pair, (), plain, seed=seed)
        done = transform_pair(pair, (), replace(plain, weather=KINDS["fog"]), seed=seed)
        np.testing.assert_array_equal(without.images[0], without.images[1])
        np.testing.assert_array_equal(done.images[0], without.images[0])
        assert (done.images[1] != without.images[1]).any()
        np.testing.assert_array_equal(done.targets, without.targets)


def test_kinds_come_as_often_as_they_are_asked_for():
    config = WeatherConfig(fog=0.1, rain=0.2, snow=0.3, night=0.25)
    counts = dict.fromkeys(["Fog", "Rain", "Snow", "Night", "none"], 0)
    n_draws = 3000
    for seed in range(n_draws):
        names = [type(change).__name__ for change in draw_weather(config, FRAME, seed=seed).changes]
        assert len([name for name in names if name != "Night"]) <= 1
        for name in names or ["none"]:
            counts[name] += 1
    expected = {"Fog": 0.1, "Rain": 0.2, "Snow": 0.3, "Night": 0.25, "none": 0.4 * 0.75}
    for name, share in expected.items():
        assert abs(counts[name] / n_draws - share) < 4 * (share * (1 - share) / n_draws) ** 0.5


def test_weather_moves_no_other_draw():
    config = replace(PAIR_TRANSFORMS["deeplab_miniature"], mix=None)
    pair = pair_of((128, 256))
    for seed in range(4):
        plain = transform_pair(pair, [object_of()], config, seed=seed)
        done = transform_pair(
            pair, [object_of()], replace(config, weather=WeatherConfig()), seed=seed
        )
        np.testing.assert_array_equal(done.images[0], plain.images[0])
        np.testing.assert_array_equal(done.targets, plain.targets)


def changed(name, value=(120, 120, 120), strength=0.7, frame=(128, 256)):
    """A frame of one color in the weather, at one strength and with the horizon at 0.45."""
    config = replace(KINDS[name], strength=(strength, strength), horizon=(0.45, 0.45))
    picture = np.full((*frame, 3), value, np.uint8)
    return whole(picture, draw_weather(config, frame, seed=1)).astype(float)


def test_fog_is_thickest_at_the_horizon():
    heights = np.linspace(0, 1, 201)
    veil = veil_of(heights, 0.45, 0.04)
    assert heights[veil.argmax()] == pytest.approx(0.45)
    below = veil[heights > 0.45]
    assert (np.diff(below) < 0).all()
    assert veil.max() > 0.75 > 0.3 > below[-1]
    rows = changed("fog", (0, 0, 0)).mean((1, 2))
    assert abs(rows.argmax() / 128 - 0.45) < 0.1
    assert rows[-1] < 0.5 * rows.max()


def test_rain_darkens_and_has_streaks():
    found = changed("rain")
    assert np.median(found) < 110
    assert (found.max(axis=-1) > np.median(found) + 15).mean() > 0.02
    assert changed("rain", strength=1.0).mean() < changed("rain", strength=0.3).mean()


def test_rain_makes_soft():
    picture = np.zeros((*FRAME, 3), np.uint8)
    picture[:, 48:] = 200
    weather = draw_weather(replace(KINDS["rain"], strength=(1.0, 1.0)), FRAME, seed=0)
    assert weather.blur_px == pytest.approx(0.005 * 64)
    soft = weathered(picture, Weather(frame=FRAME, blur_px=0.8), Window(0, 0, *FRAME))
    assert 0 < soft[5, 47, 0] < 100 < soft[5, 48, 0] < 200


def test_snow_whitens_the_lower_half():
    found = changed("snow", (60, 70, 60)).mean(-1)
    assert np.median(found[-30:]) > np.median(found[:30]) + 30
    assert (found[:50] > np.median(found[:50]) + 40).mean() > 0.003, "flakes"


def test_night_is_dark_and_blue_and_keeps_lamps():
    found = changed("night")
    red, green, blue = found.mean((0, 1))
    assert blue > green > red
    assert found.mean() < 60
    lamp = changed("night", (255, 60, 30))
    assert lamp[..., 0].mean() > 230
    sky = changed("night", (90, 160, 250))
    assert sky.mean() < 100


@pytest.mark.parametrize("name", ["rain", "snow"])
def test_particles_are_of_the_size_of_the_frame(name):
    """The same weather on twice the frame covers the same share of it."""
    config = replace(KINDS[name], strength=(0.6, 0.6))
    shares = []
    for height in (128, 512):
        frame = (height, 2 * height)
        (fall,) = draw_weather(config, frame, seed=4).changes
        covered = fall.streaks if name == "rain" else fall.flakes
        shares.append(covered.mean() / 255)
    assert shares[1] == pytest.approx(shares[0], rel=0.5)


def test_a_frame_of_another_size_is_refused():
    weather = draw_weather(KINDS["rain"], (10, 10), seed=0)
    with pytest.raises(ValueError, match=r"need a frame of \(10, 10\), got \(64, 96\)"):
        weathered(picture_of(), weather, Window(0, 0, 5, 5))


def test_no_thread_of_opencv_changes_a_byte():
    weather, before = draw_weather(KINDS["rain"], (300, 400), seed=0), cv2.getNumThreads()
    pictures = []
    try:
        for n_threads in (0, 2):
            cv2.setNumThreads(n_threads)
            pictures.append(whole(picture_of((300, 400)), weather))
    finally:
        cv2.setNumThreads(before)
    np.testing.assert_array_equal(*pictures)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fog": 1.5}, "fog"),
        ({"night": -0.1}, "night"),
        ({"fog": 0.5, "rain": 0.4, "snow": 0.2}, "together have a probability of 1 at most"),
        ({"strength": (0.5, 1.5)}, "strength"),
        ({"strength": (0.5, 0.4)}, "strength"),
        ({"horizon": (0.5, 1.1)}, "horizon"),
    ],
)
def test_impossible_weather_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        WeatherConfig(**change)
