"""What tests of bundles ask of them."""

import json

import torch
from safetensors.torch import load_file, save_file


class OneStep:
    """A scheduler of one time step, whose outcome is what the networks gave."""

    order, init_noise_sigma = 1, 1.0

    def __init__(self, timestep):
        self.timesteps = torch.tensor([timestep])

    def set_timesteps(self, n_steps, device=None):
        assert n_steps == 1

    def scale_model_input(self, sample, timestep):
        return sample

    def step(self, output, timestep, sample, return_dict):
        return (output,)


def equal_networks(first, second):
    """Whether two bundles hold the same networks with the same tensors."""
    states = [
        {part: network.state_dict() for part, network in bundle.modules.items()}
        for bundle in (first, second)
    ]
    return states[0].keys() == states[1].keys() and all(
        state.keys() == states[1][part].keys()
        and all(torch.equal(state[key], states[1][part][key]) for key in state)
        for part, state in states[0].items()
    )


def edit_json(path, **changes):
    """Set keys of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def edit_weights(path, edit):
    """Rewrite a safetensors file after ``edit`` changed its tensors in place."""
    tensors = {key: tensor.clone() for key, tensor in load_file(path).items()}
    edit(tensors)
    save_file(tensors, path, metadata={"format": "pt"})
