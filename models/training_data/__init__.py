"""Training data of the segmenters: pairs, their transform and batches. Nothing here reads a file.

A pair is the photograph of a frame with its label, and a scene drawn from that frame's layout with
its label; a training without scenes has `Pair.of_photograph`. Way of one sample, in a worker
process and then on the device::

    order = epoch_order(len(samples), seed=seed, epoch=epoch)      # which index comes when
    pair = Pair(sample_id=..., original=..., ...)                  # bytes, as read
    config = PAIR_TRANSFORMS["deeplab"]
    done = transform_pair(pair, objects, config, seed=sample_seed(seed, epoch, index))
    batch = collate([done, ...])                                   # bytes: B originals, B generated
    batch = batch.pin_memory().to("cuda", non_blocking=True)
    output = network(batch.normalized())                           # float32, normalized there
    loss = ...(output, batch.targets)                              # uint8: 0..18, 254, 255

`PairBatch.images` is (2B, 3, H, W) uint8 in channels_last memory, `PairBatch.targets` (2B, H, W)
uint8; row i and row B + i are pair ``sample_ids[i]``. Every draw depends on the sample's seed
alone: not on the order of visits, the worker, the batch or any global generator.
"""

from models.training_data.batch import PairBatch, TransformedPair, collate
from models.training_data.config import (
    PAIR_TRANSFORMS,
    PUBLISHED_TRANSFORMS,
    GeometryConfig,
    MixConfig,
    PairTransformConfig,
    PasteConfig,
    PhotometryConfig,
    WeatherConfig,
)
from models.training_data.order import epoch_order, sample_seed
from models.training_data.pair import Pair, PastedObject
from models.training_data.transform import transform_pair

__all__ = [
    "PAIR_TRANSFORMS",
    "PUBLISHED_TRANSFORMS",
    "GeometryConfig",
    "MixConfig",
    "Pair",
    "PairBatch",
    "PairTransformConfig",
    "PasteConfig",
    "PastedObject",
    "PhotometryConfig",
    "TransformedPair",
    "WeatherConfig",
    "collate",
    "epoch_order",
    "sample_seed",
    "transform_pair",
]
