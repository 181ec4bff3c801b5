"""Event files as TensorBoard's own reader reads them."""

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from storage.event_files import EventFile, StepEvent
from storage.png import png_bytes

PNG = png_bytes(np.zeros((3, 5, 3), np.uint8), {})


def read(folder):
    found = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
    return found.Reload()


def event(step, **changes):
    return StepEvent(
        **{"step": step, "unix_s": 100.5 + step, "numbers": {"a/b": step / 4}, **changes}
    )


def test_what_is_added_can_be_read(tmp_path):
    file = EventFile(tmp_path / "run")
    file.add(event(2))
    file.add(event(4, pictures={"seen": PNG}))
    found = read(tmp_path / "run")
    assert found.Tags()["scalars"] == ["a/b"]
    assert [(s.step, s.value, s.wall_time) for s in found.Scalars("a/b")] == [
        (2, 0.5, 102.5),
        (4, 1.0, 104.5),
    ]
    (picture,) = found.Images("seen")
    assert (picture.step, picture.height, picture.width) == (4, 3, 5)
    assert picture.encoded_image_string == PNG


def test_a_folder_holds_each_step_once(tmp_path):
    for steps in ((1, 2, 3), (1, 2)):
        file = EventFile(tmp_path / "run", [event(step) for step in steps])
        file.add(event(9))
    assert [scalar.step for scalar in read(tmp_path / "run").Scalars("a/b")] == [1, 2, 9]
    assert len([path for path in (tmp_path / "run").iterdir() if path.stat().st_size]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_reader_that_is_there_forgets_what_was_written_before(tmp_path):
    EventFile(tmp_path / "run", [event(step) for step in (1, 2, 3)])
    reader = read(tmp_path / "run")
    file = EventFile(tmp_path / "run", [event(1)])
    file.add(event(2, numbers={"a/b": 7.0}))
    reader.Reload()
    assert [(s.step, s.value) for s in reader.Scalars("a/b")] == [(1, 0.25), (2, 7.0)]


def test_former_events_that_fail_leave_the_former_file(tmp_path):
    EventFile(tmp_path / "run", [event(1)])

    def broken():
        yield event(5)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        EventFile(tmp_path / "run", broken())
    assert [scalar.step for scalar in read(tmp_path / "run").Scalars("a/b")] == [1]


def test_a_record_that_was_cut_off_hides_nothing_else(tmp_path):
    EventFile(tmp_path / "run", [event(1), event(2)])
    (path,) = (tmp_path / "run").iterdir()
    path.write_bytes(path.read_bytes()[:-3])
    assert [scalar.step for scalar in read(tmp_path / "run").Scalars("a/b")] == [1]
