"""An instance full of partitions, and a server that never outlives its benchmark."""

import subprocess
import sys
import time

import dagster as dg
import pytest

from benchmarks.answering import end

pytest.importorskip("playwright")

from benchmarks import many_partitions


def test_every_stage_is_materialized_for_every_partition(tmp_path):
    (tmp_path / "dagster.yaml").write_text(many_partitions.INSTANCE)
    assert many_partitions.fill(tmp_path, 6) == 8
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        for stage in many_partitions.STAGES:
            made = instance.get_materialized_partitions(dg.AssetKey(stage))
            assert len(made) == 8
            assert "city-3|round-1" in made


@pytest.mark.parametrize("ignored", ["SIG_IGN", "SIG_DFL"])
def test_a_server_ends_also_if_it_takes_no_notice(ignored):
    code = f"import signal, time; signal.signal(15, signal.{ignored}); print(1, flush=True)"
    words = [sys.executable, "-c", f"{code}; time.sleep(60)"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as server:
        server.stdout.readline()
        began = time.monotonic()
        end(server, longest_s=1)
        assert time.monotonic() - began < 10
    assert server.returncode == (-9 if ignored == "SIG_IGN" else -15)
