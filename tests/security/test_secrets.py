"""What a run leaves behind tells no secret of the environment that it ran in."""

from pathlib import Path

import dagster as dg

from assets.engine.resource import Engine
from assets.ood_objects import ood_objects
from assets.resources import DataRoot, ManifestStore
from assets.sources import sources
from pipelines.settings import Settings
from tests.assets.conftest import data_root

__all__ = ["data_root"]

SECRET = "a-word-that-nobody-may-read"
SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "HF_TOKEN", "DAGSTER_POSTGRES_URL")
SECRET_WORDS = ("secret", "token", "password", "credential", "api_key")


def test_a_run_writes_no_secret_to_its_instance_or_its_store(tmp_path, data_root, monkeypatch):
    for name in SECRETS:
        monkeypatch.setenv(name, SECRET)
    home = tmp_path / "instance"
    home.mkdir()
    resources = {
        "store": ManifestStore(root=str(tmp_path / "store")),
        "data": DataRoot(path=str(data_root)),
        "engine": Engine(mode="inline"),
    }
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        run = dg.materialize(
            [ood_objects, sources],
            selection="ood_objects",
            resources=resources,
            instance=instance,
        )
        assert run.success
        stored = instance.get_run_by_id(run.run_id)
        assert SECRET not in dg.serialize_value(stored)
        assert SECRET not in str(stored.run_config)
        events = instance.all_logs(run.run_id)
        assert len(events) > 10
        assert not [event for event in events if SECRET in dg.serialize_value(event)]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]


def test_no_setting_asks_for_a_secret():
    assert not [
        name for name in Settings.model_fields if any(word in name for word in SECRET_WORDS)
    ]


def test_no_deployed_file_holds_a_password():
    """Passwords come from the environment: a file names the variable alone."""
    root = Path(__file__).resolve().parents[2]
    files = [root / "dagster.yaml", *(root / "deploy").rglob("dagster*.yaml")]
    assert len(files) > 1
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            named = line.partition("#")[0].lower()
            assert "password:" not in named.replace(" ", ""), f"{path}: {line}"
            assert "://" not in named or "@" not in named, f"{path}: {line}"
