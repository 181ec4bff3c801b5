"""Weather by rules: fog, rain, snow and night laid over a picture that was taken without them.

What can be done to a photograph without knowing its depth, as the corruptions of Hendrycks and
Dietterich 2019 (arXiv 1903.12261) do it for test images. All lengths are shares of the picture's
height. A change is drawn for a whole frame and made on the part that is asked for: every pixel is
the one that the whole frame would have there.
"""

from models.training_data.weather.drawing import Weather, draw_weather, weathered

__all__ = ["Weather", "draw_weather", "weathered"]
