"""One training as an item of the engine: trained, its weights in the store, its row given back.

Stays light: what needs torch is imported when an item runs.
"""

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from assets.devices import device_of, prepare_device
from assets.experiment.item import TrialItem
from assets.experiment.names import TRIALS, TRIALS_CODE
from assets.worker_store import store_of_item
from storage.experiment_records import ExperimentTrial
from storage.weights import write_weights

if TYPE_CHECKING:
    from models.segmentation import Segmenter


def run_trial(item: TrialItem) -> ExperimentTrial:
    """The row of a trained trial; a pure function of its item, on the CPU to the last bit.

    Raises:
        DivergedError: if a loss is not finite.
        ValueError: if an input is missing, damaged, or another than was named.
    """
    import torch

    from assets.experiment.training import train_second, train_start

    here = replace(item, device=device_of(item.device))
    prepare_device(here.device)
    trained = (train_start if here.data is None else train_second)(here)
    store = store_of_item(item.store_root, item.single_writer)
    sha256 = store.blobs.put(_weights_file(item, trained.network), ".safetensors")
    return ExperimentTrial(
        plan=item.plan,
        architecture=item.architecture,
        arm=item.arm,
        seed=item.seed,
        trial=item.trial,
        data=item.data,
        training_set=item.pairs.told if item.pairs else None,
        training_set_fingerprint=item.pairs.fingerprint if item.pairs else None,
        n_pairs=trained.n_pairs,
        configuration=json.dumps(item.configuration, sort_keys=True),
        start_sha256=item.start_sha256,
        checkpoint_sha256=sha256,
        n_steps=trained.n_steps,
        last_loss=trained.last_loss,
        seconds=trained.seconds,
        device=_name_of(here.device),
        versions=f"torch {torch.__version__}",
        code_version=TRIALS_CODE,
    )


def _weights_file(item: TrialItem, network: "Segmenter") -> bytes:
    """Safetensors with the published names; the metadata ``multishift`` says what they are made of.

    Equal trials give equal bytes: nothing of the plan's other arms, of place or time is in it.
    """
    from assets.segmenters.weights import library_versions

    facts = {
        "asset": TRIALS,
        "trial": item.trial,
        "architecture": item.architecture,
        "arm": item.arm,
        "seed": item.seed,
        "configuration": item.configuration,
        "data": item.data,
        "world": item.world,
        "initial_sha256": item.start_sha256,
        "rows_fingerprint": item.pairs and item.pairs.rows_fingerprint,
        "selection": item.pairs and item.pairs.selection,
        "objects_fingerprint": item.objects and item.objects.fingerprint,
        "code_version": TRIALS_CODE,
        "libraries": library_versions(),
    }
    state = network.published_state()
    arrays = {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in state.items()}
    text = json.dumps(facts, sort_keys=True)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trial.safetensors"
        write_weights(path, arrays, {"format": "pt", "multishift": text})
        return path.read_bytes()


def _name_of(device: str) -> str:
    """The card's own name, or the kind of device."""
    import torch

    is_cuda = torch.device(device).type == "cuda"
    return str(torch.cuda.get_device_name(device)) if is_cuda else device
