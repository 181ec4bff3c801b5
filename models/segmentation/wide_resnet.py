"""WideResNet38, the trunk of the published DeepLabv3+: pre-activation blocks in seven modules.

Module and parameter names are those of the published checkpoints. Wu et al. 2016 (arXiv
1611.10080) describe the widths; the first three strides are pools and one strided block, the
later modules dilate instead.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class ModuleConfig:
    """One of the modules 2 to 7: equal residual blocks, the first of which may stride.

    Attributes:
        n_blocks: residual blocks.
        widths: output channels of a block's convolutions: two 3x3, or 1x1, 3x3, 1x1.
        stride: of the first block.
        dilation: of every 3x3 convolution.
        dropout_frac: share of channels dropped before the last convolution while training.
    """

    n_blocks: int
    widths: tuple[int, ...]
    stride: int = 1
    dilation: int = 1
    dropout_frac: float = 0.0


PUBLISHED_STEM_WIDTH = 64
PUBLISHED_MODULES = (
    ModuleConfig(n_blocks=3, widths=(128, 128)),
    ModuleConfig(n_blocks=3, widths=(256, 256)),
    ModuleConfig(n_blocks=6, widths=(512, 512), stride=2),
    ModuleConfig(n_blocks=3, widths=(512, 1024), dilation=2),
    ModuleConfig(n_blocks=1, widths=(512, 1024, 2048), dilation=4, dropout_frac=0.3),
    ModuleConfig(n_blocks=1, widths=(1024, 2048, 4096), dilation=4, dropout_frac=0.5),
)


class ResidualBlock(nn.Module):
    """Pre-activation block (He et al. 2016, arXiv 1603.05027) of two or three convolutions.

    Where the shape changes, the shortcut is a projection of the activated input; else it is the
    input itself.
    """

    def __init__(self, in_width: int, module: ModuleConfig, *, stride: int) -> None:
        super().__init__()
        self.bn1 = norm_relu(in_width)
        self.convs = nn.Sequential(_convolutions(in_width, module, stride))
        out_width = module.widths[-1]
        self.proj_conv: nn.Conv2d | None = None
        if stride != 1 or in_width != out_width:
            self.proj_conv = nn.Conv2d(in_width, out_width, 1, stride=stride, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C_in, H, W) to (B, C_out, H / stride, W / stride)."""
        activated = self.bn1(features)
        shortcut = features if self.proj_conv is None else self.proj_conv(activated)
        out: Tensor = self.convs(activated) + shortcut
        return out


class WideResNet(nn.Module):
    """The trunk: its second module's features, at stride 2, and its last, at stride 8."""

    def __init__(self, stem_width: int, modules: Sequence[ModuleConfig]) -> None:
        super().__init__()
        self.mod1 = nn.Sequential(
            OrderedDict(conv1=nn.Conv2d(3, stem_width, 3, padding=1, bias=False))
        )
        in_width = stem_width
        for number, module in enumerate(modules, start=2):
            self.add_module(f"mod{number}", _residual_module(in_width, module))
            in_width = module.widths[-1]
        self.n_modules = 1 + len(modules)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)

    def extract(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Fine features (B, C_2, H/2, W/2) and deep ones (B, C_7, H/8, W/8), both rounded up."""
        fine: Tensor = self.get_submodule("mod2")(self.pool(self.mod1(images)))
        deep: Tensor = self.get_submodule("mod3")(self.pool(fine))
        for number in range(4, self.n_modules + 1):
            deep = self.get_submodule(f"mod{number}")(deep)
        return fine, deep


def norm_relu(width: int) -> nn.Sequential:
    """Batch normalization, then ReLU; the published names put the normalization at index 0."""
    return nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(inplace=True))


def _residual_module(in_width: int, module: ModuleConfig) -> nn.Sequential:
    blocks: OrderedDict[str, nn.Module] = OrderedDict()
    for index in range(module.n_blocks):
        stride = module.stride if index == 0 else 1
        width = in_width if index == 0 else module.widths[-1]
        blocks[f"block{index + 1}"] = ResidualBlock(width, module, stride=stride)
    return nn.Sequential(blocks)


def _convolutions(in_width: int, module: ModuleConfig, stride: int) -> OrderedDict[str, nn.Module]:
    is_bottleneck = len(module.widths) == len(("1x1", "3x3", "1x1"))
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, width in enumerate(module.widths, start=1):
        if number > 1:
            layers[f"bn{number}"] = norm_relu(in_width)
        if number == len(module.widths) and module.dropout_frac:
            layers["dropout"] = nn.Dropout2d(module.dropout_frac)
        size = 1 if is_bottleneck and number in (1, 3) else 3
        layers[f"conv{number}"] = nn.Conv2d(
            in_width,
            width,
            size,
            stride=stride if number == 1 else 1,
            padding=module.dilation if size > 1 else 0,
            dilation=module.dilation if size > 1 else 1,
            bias=False,
        )
        in_width = width
    return layers
