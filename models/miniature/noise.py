"""Smooth random fields that tile."""

import numpy as np
from jaxtyping import Float64


def smooth_noise(
    rng: np.random.Generator, size: int, grain: float
) -> Float64[np.ndarray, "size size"]:
    """A periodic field of mean 0 and deviation 1 whose features are about `grain` cells wide."""
    frequency = np.fft.fftfreq(size)
    squared = frequency[:, None] ** 2 + frequency[None, :] ** 2
    window = np.exp(-2 * (np.pi * grain / 2) ** 2 * squared)
    spectrum = np.fft.fft2(rng.standard_normal((size, size))) * window
    spectrum[0, 0] = 0
    field = np.fft.ifft2(spectrum).real
    smooth: Float64[np.ndarray, "size size"] = field / field.std()
    return smooth
