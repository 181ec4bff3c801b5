"""Published parameter names of a Mask2Former, of the names that its modules have here.

Published files follow detectron2, where a convolution holds its norm. Only the backbone is named
otherwise here, because it comes from transformers; every other module has the published names.
Split or merged tensors there are none.
"""

import re

_FIRST_STAGE = 2
"""Stages are counted by their stride: res2 has a stride of two to the power of two."""

_STEM = ("backbone.embedder.embedder.", "backbone.stem.conv1.")
_BLOCK = re.compile(r"backbone\.encoder\.stages\.(\d+)\.layers\.(\d+)\.")
_CONVOLUTION = re.compile(r"\.layer\.(\d)\.")
_PARTS = ((".convolution.", "."), (".normalization.", ".norm."))


def published_name(name: str) -> str:
    """Name in published files of a parameter or buffer of `Mask2Former`.

    | here, after `backbone.`                     | published, after `backbone.` |
    | ------------------------------------------- | ---------------------------- |
    | `embedder.embedder.convolution.weight`      | `stem.conv1.weight`          |
    | `embedder.embedder.normalization.bias`      | `stem.conv1.norm.bias`       |
    | `encoder.stages.0.layers.1.layer.2.` ...    | `res2.1.conv3.` ...          |
    | `encoder.stages.0.layers.0.shortcut.` ...   | `res2.0.shortcut.` ...       |
    """
    if not name.startswith("backbone."):
        return name
    name = name.replace(*_STEM)
    name = _BLOCK.sub(lambda at: f"backbone.res{int(at[1]) + _FIRST_STAGE}.{at[2]}.", name)
    name = _CONVOLUTION.sub(lambda at: f".conv{int(at[1]) + 1}.", name)
    for here, published in _PARTS:
        name = name.replace(here, published)
    return name
