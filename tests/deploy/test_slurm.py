"""What a SLURM job would run; there is no SLURM here."""

import os
import subprocess
import sys
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
        "--nthreads 1", "--resources GPU=1", "--nanny", f"--tls-cert {cert}", f"--tls-key {key}",
    ):  # fmt: skip
        assert part in said.stdout
