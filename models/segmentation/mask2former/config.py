"""Shapes of a Mask2Former: the published one and a miniature."""

from dataclasses import dataclass

N_LEVELS = 3
"""Backbone stages that the deformable encoder and the decoder read: all but the finest."""

N_POINTS = 4
"""Points that a head of the deformable encoder samples on every level."""


@dataclass(frozen=True)
class Mask2FormerConfig:
    """Every free size of the network; the defaults are those of the published ResNet-50 form.

    Attributes:
        n_classes: classes without the extra one that means "no object".
        stem_width: channels after the first convolution.
        stage_widths: channels of the four residual stages, fine to coarse; a bottleneck block has
            a quarter of them inside.
        stage_depths: blocks of the four stages.
        has_stem_pool: whether the stem pools. Without it every stage is twice as fine: mask
            features have stride 2 instead of 4, and images are padded to 16 instead of 32.
        hidden_dim: channels of pixel decoder, queries and mask features.
        n_heads: heads of every attention; divides `hidden_dim`.
        n_norm_groups: groups of the pixel decoder's group norms; divides `hidden_dim`.
        n_encoder_layers: deformable layers of the pixel decoder.
        encoder_width: inner width of their feed-forward parts.
        n_queries: masks that an image may have.
        n_decoder_layers: layers in which queries read the image, coarse level first.
        decoder_width: inner width of their feed-forward parts.
    """

    n_classes: int = 19
    stem_width: int = 64
    stage_widths: tuple[int, int, int, int] = (256, 512, 1024, 2048)
    stage_depths: tuple[int, int, int, int] = (3, 4, 6, 3)
    has_stem_pool: bool = True
    hidden_dim: int = 256
    n_heads: int = 8
    n_norm_groups: int = 32
    n_encoder_layers: int = 6
    encoder_width: int = 1024
    n_queries: int = 100
    n_decoder_layers: int = 9
    decoder_width: int = 2048

    def __post_init__(self) -> None:
        """Refuse sizes that do not fit together.

        Raises:
            ValueError: if `hidden_dim` does not split into heads, groups and sine pairs.
        """
        for name, divisor in (
            ("n_heads", self.n_heads),
            ("n_norm_groups", self.n_norm_groups),
            ("4 (sine and cosine of two axes)", 4),
        ):
            if self.hidden_dim % divisor:
                raise ValueError(f"need a multiple of {name} as hidden_dim, got {self.hidden_dim}")

    @property
    def mask_stride(self) -> int:
        """Pixels of the padded image a pixel of the mask logits."""
        return 4 if self.has_stem_pool else 2

    @property
    def size_divisor(self) -> int:
        """Height and width of images are padded to a multiple of this: the coarsest stride."""
        return 8 * self.mask_stride


MINIATURE = Mask2FormerConfig(
    stem_width=32,
    stage_widths=(64, 128, 256, 512),
    stage_depths=(2, 2, 2, 2),
    has_stem_pool=False,
    hidden_dim=64,
    n_heads=4,
    n_norm_groups=8,
    n_encoder_layers=2,
    encoder_width=128,
    n_queries=40,
    n_decoder_layers=3,
    decoder_width=256,
)
"""For images of about 128x256 pixels on a CPU; stride 2, so that thin poles keep their pixels."""
