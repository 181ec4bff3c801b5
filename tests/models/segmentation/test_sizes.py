import pytest
import torch

from models.segmentation import ARCHITECTURES, load_segmenter

MINIATURES = [name for name in ARCHITECTURES if name.endswith("_miniature")]
PUBLISHED = [name for name in ARCHITECTURES if name not in MINIATURES]


def assert_answered(name: str, *sizes: tuple[int, int]) -> None:
    network = load_segmenter(name)
    for size in sizes:
        with torch.inference_mode():
            logits, ood_score = network(torch.randn(1, 3, *size))
        assert logits.shape == (1, 19, *size)
        assert ood_score.shape == (1, *size)
        assert logits.dtype == ood_score.dtype == torch.float32
        assert torch.isfinite(logits).all()
        assert torch.isfinite(ood_score).all()


@pytest.mark.parametrize("name", MINIATURES)
def test_miniatures_answer_at_any_size(name):
    assert_answered(name, (33, 47), (64, 64), (97, 130), (128, 256))


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_networks_answer_small_and_full_frames(name):
    assert_answered(name, (33, 47), (1024, 2048))
