"""What a SLURM job would run; there is no SLURM here."""

import importlib.util
import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

pytest.importorskip("dask_jobqueue")

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "slurm" / "start_cluster.py"


def run(folder, *arguments, **files):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MULTISHIFT_ENGINE")}
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        env={**environment, **{f"MULTISHIFT_ENGINE_TLS_{k}": v for k, v in files.items()}},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("start_cluster", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("walltime", "seconds"),
    [("08:00:00", 28200), ("1-00:00:00", 85800), ("48:30:10", 174010), ("00:15:01", 301)],
)
def test_workers_leave_before_their_jobs_are_killed(script, walltime, seconds):
    assert script.lifetime_of(walltime) == seconds
    assert script.STAGGER_S < script.MARGIN_S


@pytest.mark.parametrize("walltime", ["480", "00:15:00", "8h", "", "1-"])
def test_a_time_limit_that_is_none_is_told(script, walltime):
    with pytest.raises(SystemExit, match="need a walltime such as 08:00:00, longer than 15 min"):
        script.lifetime_of(walltime)


def test_jobs_that_end_are_asked_for_again(script, monkeypatch, capsys):
    """Fewest and most jobs are the same, so that Dask fills up what is missing, and adds none."""
    asked = []

    class Cluster:
        scheduler_address = "tls://node:8786"

        def adapt(self, **how):
            asked.append(how)
            signal.raise_signal(signal.SIGTERM)

    former = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    monkeypatch.setattr(script, "open_cluster", lambda _: nullcontext(Cluster()))
    monkeypatch.setattr("sys.argv", ["start_cluster", "--jobs", "3"])
    try:
        script.main()
    finally:
        signal.signal(signal.SIGINT, former[0])
        signal.signal(signal.SIGTERM, former[1])
    assert asked == [{"minimum_jobs": 3, "maximum_jobs": 3, "interval": "30s"}]
    assert "MULTISHIFT_ENGINE_ADDRESS=tls://node:8786" in capsys.readouterr().out


def test_without_certificates_nothing_starts(tmp_path):
    said = run(tmp_path, "--script")
    assert said.returncode == 1
    assert "need a PEM file for MULTISHIFT_ENGINE_TLS_CA" in said.stderr


def test_a_job_is_one_guarded_worker_with_one_gpu(tmp_path):
    cert, key = str(tmp_path / "cluster.pem"), str(tmp_path / "cluster.key")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=multishift"),
            *("-keyout", key, "-out", cert),
        ],
        check=True,
        capture_output=True,
    )
    said = run(
        tmp_path,
        *("--script", "--port", "0", "--partition", "gpu", "--interface", "lo"),
        CA=cert,
        CERT=cert,
        KEY=key,
    )
    assert said.returncode == 0, said.stderr
    for part in (
        "#SBATCH -p gpu", "#SBATCH --gres=gpu:1", "#SBATCH --cpus-per-task=8", "tls://127.0.0.1:",
        "--nthreads 1", "--resources GPU=1", "--nanny",
        "--lifetime 28200s --lifetime-stagger 300s", f"--tls-cert {cert}", f"--tls-key {key}",
    ):  # fmt: skip
        assert part in said.stdout
