"""One process per accelerator by torch's launcher; all end when this process ends.

It is the launcher that accelerate's own command calls, without the user's configuration files and
without MPI on a CPU; what runs in the processes is `assets.segmenters.processes`.

torch's store of addresses listens on every interface, whatever address it is told. So launcher and
processes meet in files, and what they then exchange goes through the loopback interface alone.
"""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from upath import UPath

from assets.engine.cluster import LOOPBACK
from assets.segmenters.item import TrainingItem, item_to_json
from storage.atomic import write_atomically

ITEM, REASON, LOG = "item.json", "reason.txt", "processes.log"
"""Files of the work folder: what is trained, why a process refused it, what the processes said."""

GRACE_S = 20.0
_ROOT = Path(__file__).resolve().parents[2]
_TAIL_CHARS = 300


def launch_training(item: TrainingItem) -> None:
    """Train in processes of their own and wait for them; they end with this one, however it ends.

    Raises:
        ValueError: if a process refused the training; the message is its own.
        RuntimeError: if a process died for another reason.
    """
    folder = item.folder
    (folder / REASON).unlink(missing_ok=True)
    write_atomically(UPath(folder / ITEM), item_to_json(item).encode())
    # A folder of this machine: files of a network disk may not be locked.
    with TemporaryDirectory(prefix="multishift-") as meeting, (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            command(item, Path(meeting)),
            # Their standard input is a pipe from here: when this process dies, they read its end.
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=_environment(),
        )
        try:
            status = process.wait()
        finally:
            _end(process)
    if status:
        _tell(folder, status)


def command(item: TrainingItem, meeting: Path) -> list[str]:
    """What starts the processes of an item, which meet in an empty folder of this machine."""
    n_processes, start = item.wish.n_processes, [sys.executable, "-m"]
    if n_processes > 1:
        start += [
            "torch.distributed.run",
            "--rdzv-backend",
            "c10d",
            "--rdzv-conf",
            "store_type=file",
        ]
        start += ["--rdzv-endpoint", str(meeting / "launcher"), "--rdzv-id", meeting.name]
        start += ["--local-addr", LOOPBACK, "--max-restarts", "0"]
        start += ["--nproc-per-node", str(n_processes), "--module"]
    return [*start, "assets.segmenters.processes", str(item.folder / ITEM), str(meeting / "group")]


def _environment() -> dict[str, str]:
    """This process's own, with its code on the path of the others."""
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
    here = {
        "PYTHONPATH": path,
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
        "GLOO_SOCKET_IFNAME": _loopback(),
        "NCCL_SOCKET_IFNAME": _loopback(),
    }
    return {"OMP_NUM_THREADS": "1", **os.environ, **here}


def _loopback() -> str:
    """Name of the loopback interface: macOS calls it otherwise than Linux."""
    names = {name for _, name in socket.if_nameindex()}
    return "lo" if "lo" in names else "lo0"


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Leave nothing of the group: it is asked first, then made to."""
    if process.stdin is not None:
        process.stdin.close()
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tell(folder: Path, status: int) -> None:
    reason = folder / REASON
    if reason.is_file():
        raise ValueError(reason.read_text(encoding="utf-8"))
    said = (folder / LOG).read_text(encoding="utf-8", errors="replace").strip()[-_TAIL_CHARS:]
    raise RuntimeError(
        f"{folder / LOG}: need training processes that end well, got status {status}; the last "
        f"that they said: {said}"
    )
