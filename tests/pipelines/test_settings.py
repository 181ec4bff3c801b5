"""Variables are optional, and wrong ones are told in one line."""

from pathlib import Path

import pytest

from pipelines.settings import STATE_ROOT, Settings, read_settings


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    for name in ("DATA_ROOT", "STORE_ROOT", "ENGINE_MODE", "ENGINE_WORKERS"):
        monkeypatch.delenv(f"MULTISHIFT_{name}", raising=False)
    read_settings.cache_clear()
    yield
    read_settings.cache_clear()


def test_no_variable_has_to_be_set():
    settings = read_settings()
    assert Path(settings.data_root) == STATE_ROOT / "data"
    assert settings.engine_mode == "inline"


def test_relative_roots_mean_the_folder_where_the_command_was_typed(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MULTISHIFT_DATA_ROOT", "world")
    monkeypatch.setenv("MULTISHIFT_STORE_ROOT", "s3://lab/store")
    assert read_settings().data_root == str(tmp_path / "world")
    assert read_settings().store_root == "s3://lab/store"


def test_every_wrong_variable_is_named_with_what_it_needs(monkeypatch):
    monkeypatch.setenv("MULTISHIFT_ENGINE_MODE", "foo")
    monkeypatch.setenv("MULTISHIFT_ENGINE_WORKERS", "-1")
    monkeypatch.setenv("MULTISHIFT_DATA_ROOT", "")
    with pytest.raises(ValueError, match=r"MULTISHIFT_ENGINE_MODE.*inline.*got 'foo'") as error:
        read_settings()
    assert "MULTISHIFT_ENGINE_WORKERS" in str(error.value)
    assert "MULTISHIFT_DATA_ROOT" in str(error.value)
    assert "\n" not in str(error.value)


def test_settings_can_be_given_directly():
    assert Settings(data_root="/d").data_root == "/d"


@pytest.mark.parametrize("name", ["DATA_ROOT", "MODELS_ROOT", "SELECTIONS_ROOT", "WORK_ROOT"])
def test_only_the_store_may_be_an_address(monkeypatch, name):
    monkeypatch.setenv(f"MULTISHIFT_{name}", "s3://lab/data")
    with pytest.raises(ValueError, match=rf"MULTISHIFT_{name}.*mount the bucket.*'s3://lab/data'"):
        read_settings()
