"""Small networks of the architecture of Stable Diffusion 1, and their tensors in a single file.

No table of the original names is kept: candidates are spelled by their grammar, and diffusers' own
conversion tells which of them each tensor has.
"""

import json
from itertools import product

import torch
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from models.generation.single_file import _CONVERTERS, CONFIGS, PREFIXES

NARROW = {
    "unet": {"block_out_channels": (32,) * 4, "cross_attention_dim": 32, "attention_head_dim": 2},
    "controlnet": {
        "block_out_channels": (32,) * 4,
        "cross_attention_dim": 32,
        "attention_head_dim": 2,
        "conditioning_embedding_out_channels": (4, 4, 8, 8),
    },
    "vae": {"block_out_channels": (8,) * 4, "norm_num_groups": 4},
    "text_encoder": {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    },
}
"""What is changed in the published configurations."""

CLASSES = {
    "unet": UNet2DConditionModel,
    "controlnet": ControlNetModel,
    "vae": AutoencoderKL,
    "text_encoder": CLIPTextModel,
}

_RESNET = ["in_layers.0", "in_layers.2", "emb_layers.1", "out_layers.0", "out_layers.3"]
_ATTENTION = [
    *("norm", "proj_in", "proj_out"),
    *(f"transformer_blocks.0.norm{n}" for n in (1, 2, 3)),
    *("transformer_blocks.0.ff.net.0.proj", "transformer_blocks.0.ff.net.2"),
    *(
        f"transformer_blocks.0.attn{n}.{name}"
        for n, name in product((1, 2), ("to_q", "to_k", "to_v", "to_out.0"))
    ),
]
_VAE_RESNET = ["norm1", "conv1", "norm2", "conv2", "nin_shortcut"]


def write_configs(folder):
    """The published configurations with narrow widths, in the folders that they have."""
    for part, changes in {**NARROW, "scheduler": {}}.items():
        name = "scheduler_config.json" if part == "scheduler" else "config.json"
        config = json.loads((CONFIGS / part / name).read_text())
        (folder / part).mkdir(parents=True)
        (folder / part / name).write_text(json.dumps({**config, **changes}))
    return folder


def narrow_networks(configs, seed):
    """Part -> network with random weights, none of them zero."""
    torch.manual_seed(seed)
    networks = {
        part: CLASSES[part].from_config(CLASSES[part].load_config(str(configs / part)))
        for part in _CONVERTERS
    }
    config = CLIPTextConfig.from_pretrained(configs / "text_encoder")
    networks["text_encoder"] = CLIPTextModel(config)
    for network in networks.values():
        for tensor in network.parameters():
            tensor.data = 0.1 * torch.randn_like(tensor)
        network.eval()
    return networks


def single_file_state(networks, configs):
    """Original name -> tensor of the networks."""
    state = {}
    for part, network in networks.items():
        if part == "text_encoder":
            prefix = "cond_stage_model.transformer.text_model."
            text = {key.removeprefix("text_model."): t for key, t in network.state_dict().items()}
            state |= {prefix + key: tensor for key, tensor in text.items()}
            state[f"{prefix}embeddings.position_ids"] = torch.arange(77)[None]
            continue
        names = _original_names(part, CLASSES[part].load_config(str(configs / part)))
        for key, tensor in network.state_dict().items():
            is_image_attention = part == "vae" and ".attn_1." in names[key] and tensor.ndim == 2
            state[names[key]] = tensor[..., None, None] if is_image_attention else tensor
    return {key: tensor.clone() for key, tensor in state.items()}


def _original_names(part, config):
    candidates = _vae_names() if part == "vae" else _unet_names()
    names = [f"{PREFIXES[part]}{name}.{kind}" for name in candidates for kind in ("weight", "bias")]
    marks = {name: torch.empty(1, 1, 1, 1, device="meta") for name in names}
    found = _CONVERTERS[part][1](checkpoint=dict(marks), config=config)
    by_mark = {id(mark): name for name, mark in marks.items()}
    return {
        key: by_mark[id(mark if mark._base is None else mark._base)]
        for key, mark in found.items()
        if mark is not None
    }


def _unet_names():
    yield from ("time_embed.0", "time_embed.2", "input_blocks.0.0", "out.0", "out.2")
    yield "middle_block_out.0"
    yield from (f"input_hint_block.{2 * n}" for n in range(8))
    for side, n in product(("input_blocks", "output_blocks"), range(12)):
        if (side, n) != ("input_blocks", 0):
            yield from _unet_block(f"{side}.{n}", is_down=side == "input_blocks" and n % 3 == 0)
        yield f"zero_convs.{n}.0"
    for n in range(3):
        yield from (f"middle_block.{n}.{name}" for name in (_ATTENTION if n == 1 else _RESNET))


def _unet_block(name, *, is_down):
    if is_down:
        yield f"{name}.0.op"
        return
    yield from (f"{name}.0.{layer}" for layer in (*_RESNET, "skip_connection"))
    yield from (f"{name}.1.{layer}" for layer in _ATTENTION)
    yield from (f"{name}.1.conv", f"{name}.2.conv")


def _vae_names():
    yield from ("quant_conv", "post_quant_conv")
    for side, way, step in (("encoder", "down", "downsample"), ("decoder", "up", "upsample")):
        yield from (f"{side}.{name}" for name in ("conv_in", "norm_out", "conv_out"))
        for level in range(4):
            yield f"{side}.{way}.{level}.{step}.conv"
            for block, layer in product(range(3), _VAE_RESNET):
                yield f"{side}.{way}.{level}.block.{block}.{layer}"
        for block, layer in product((1, 2), _VAE_RESNET):
            yield f"{side}.mid.block_{block}.{layer}"
        yield from (f"{side}.mid.attn_1.{layer}" for layer in ("norm", "q", "k", "v", "proj_out"))
