import numpy as np
import pytest
import torch
from torch import nn

from models.filtering import (
    SamSegmenter,
    SamTrainingConfig,
    load_sam,
    mask_box,
    mask_iou,
    train_sam,
)
from models.filtering.sam.training import logits_in_boxes

SIZE = (32, 64)


def tiny(seed: int = 0) -> SamSegmenter:
    """The same code as the miniature's for pictures of 32x64, in milliseconds."""
    from models.filtering.sam.library import (
        ImageEncoderViT,
        MaskDecoder,
        PromptEncoder,
        Sam,
        TwoWayTransformer,
    )

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        sam = Sam(
            ImageEncoderViT(
                img_size=64, patch_size=4, embed_dim=32, depth=2, num_heads=2, out_chans=32,
                norm_layer=nn.LayerNorm, use_rel_pos=True, window_size=8, global_attn_indexes=(1,),
            ),
            PromptEncoder(
                embed_dim=32, image_embedding_size=(16, 16), input_image_size=(64, 64),
                mask_in_chans=4,
            ),
            MaskDecoder(
                transformer_dim=32, num_multimask_outputs=0, iou_head_hidden_dim=32,
                transformer=TwoWayTransformer(depth=2, embedding_dim=32, num_heads=2, mlp_dim=64),
            ),
        )  # fmt: skip
    return SamSegmenter(sam, architecture="tiny").eval()


def bright_ellipses(n_images: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise with two bright ellipses; a box's corners alone would not tell their outline."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 120, (n_images, *SIZE, 3), dtype=np.uint8)
    instances = np.zeros((n_images, *SIZE), dtype=np.uint8)
    ys, xs = np.indices(SIZE)
    for k in range(n_images):
        for number, left in ((1, 0), (7, 32)):
            ry, rx = rng.uniform(4, 10), rng.uniform(4, 12)
            y, x = rng.uniform(ry, 31 - ry), left + rng.uniform(rx, 31 - rx)
            is_inside = ((ys - y) / ry) ** 2 + ((xs - x) / rx) ** 2 < 1
            images[k, is_inside], instances[k, is_inside] = rng.integers(200, 255, 3), number
    return torch.from_numpy(images), torch.from_numpy(instances)


def train(segmenter, n_steps, **options):
    config = SamTrainingConfig(n_steps=n_steps, batch_size=4, n_boxes=2, **options)
    return [float(loss) for loss in train_sam(segmenter, *bright_ellipses(64), config)]


@pytest.mark.slow
def test_it_learns_to_find_bright_ellipses():
    segmenter = tiny()
    losses = train(segmenter, 150, learning_rate=5e-3)
    assert len(losses) == 150
    assert np.mean(losses[-10:]) < 0.2 * np.mean(losses[:10])
    segmenter.eval()
    images, instances = (tensor.numpy() for tensor in bright_ellipses(8, seed=1))
    masks = [[of_image == number for number in (1, 7)] for of_image in instances]
    boxes = [[mask_box(mask) for mask in of_image] for of_image in masks]
    found = segmenter.masks_in_boxes(images, boxes)
    ious = np.array(
        [
            [mask_iou(*pair) for pair in zip(answer.masks, of_image, strict=True)]
            for answer, of_image in zip(found, masks, strict=True)
        ]
    )
    assert ious.mean() > 0.88  # the boxes themselves reach 0.79
    assert np.abs(ious - [answer.predicted_ious for answer in found]).mean() < 0.1


def test_the_same_seed_gives_the_same_weights():
    first, again, other = tiny(), tiny(), tiny()
    train(first, 2)
    train(again, 2)
    train(other, 2, seed=1)
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name
    assert any(
        not torch.equal(t, other.state_dict()[name]) for name, t in first.state_dict().items()
    )


def test_training_sees_what_the_filter_sees():
    """The one pass over all boxes of all images is the predictor's, box by box."""
    segmenter = load_sam("sam_miniature", seed=1)
    images = torch.randint(0, 256, (2, 128, 256, 3), generator=torch.Generator().manual_seed(0))
    images = images.to(torch.uint8)
    boxes = torch.tensor(
        [[[5.0, 6, 70, 80], [100, 20, 200, 110]], [[0, 0, 255, 127], [30, 30, 31, 31]]]
    )
    with torch.inference_mode():
        logits, ious = logits_in_boxes(segmenter, images, boxes, is_mixed=False)
    listed = [[tuple(box) for box in of_image] for of_image in boxes.tolist()]
    for k, found in enumerate(segmenter.masks_in_boxes(images.numpy(), listed)):
        assert np.allclose(found.predicted_ious, ious[k], atol=1e-5)
        is_clear = (logits[k].abs() > 1e-4).numpy()
        assert np.array_equal(found.masks[is_clear], (logits[k] > 0).numpy()[is_clear])


def test_images_without_instances_do_not_harm():
    segmenter = tiny()
    before = {name: tensor.clone() for name, tensor in segmenter.state_dict().items()}
    images, instances = bright_ellipses(2)
    config = SamTrainingConfig(n_steps=2, batch_size=2, weight_decay=0)
    losses = list(train_sam(segmenter, images, torch.zeros_like(instances), config))
    assert losses == [0, 0]
    assert all(torch.equal(t, before[name]) for name, t in segmenter.state_dict().items())


def test_mixed_precision_gives_nearly_the_same_loss():
    exact, mixed = (
        next(
            train_sam(
                tiny(),
                *bright_ellipses(2),
                SamTrainingConfig(n_steps=1, batch_size=2, is_mixed=is_mixed),
            )
        )
        for is_mixed in (False, True)
    )
    assert exact.dtype == mixed.dtype == torch.float32
    assert float(mixed) == pytest.approx(float(exact), rel=0.02)
    assert float(mixed) != float(exact)


def test_images_that_do_not_fit_are_refused():
    images, instances = bright_ellipses(4)
    with pytest.raises(ValueError, match="at least a batch of 32 images, got 4"):
        next(train_sam(tiny(), images, instances, SamTrainingConfig()))
    with pytest.raises(ValueError, match="longer side is 64 pixels, got 32x32"):
        next(train_sam(tiny(), images[:, :, :32], instances[:, :, :32], SamTrainingConfig()))
