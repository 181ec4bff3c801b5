"""TensorBoard's event files: numbers and pictures by step, for people who look at curves.

An event file is a copy of what is kept elsewhere: it is made anew when whoever writes it begins,
so that no step is in it twice, however often that one was killed.

Reference: tensorflow/core/util/event.proto for the records, and for the frame around each
tensorflow/core/lib/io/record_writer.h, both as the package tensorboard has them.
"""

import io
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from storage.folders import replaced_folder

_FORMAT = "brain.Event:2"
_RGB = 3
_PREFIX = "events.out.tfevents."


@dataclass(frozen=True, kw_only=True)
class StepEvent:
    """What is shown of a step.

    Attributes:
        step: its number.
        unix_s: when it was, in seconds since 1970.
        numbers: by tag; a slash in a tag makes a group.
        pictures: PNG files by tag.
    """

    step: int
    unix_s: float
    numbers: Mapping[str, float]
    pictures: Mapping[str, bytes] = field(default_factory=dict)


class EventFile:
    """The event file of a folder; those before it are empty."""

    def __init__(self, folder: Path, former: Iterable[StepEvent] = ()) -> None:
        """Make the folder hold nothing but the former events, whole or not at all."""
        now = time.time()
        # TensorBoard, where it is at work, goes from the file that it knows to the next by name.
        name = f"{_PREFIX}{now:.6f}"
        with replaced_folder(folder) as staged:
            for known in folder.glob(f"{_PREFIX}*"):
                (staged / known.name).touch()
            self._path = staged / name
            self._write(Event(wall_time=now, file_version=_FORMAT))
            # It is told by this to forget what it knows from step 0 on.
            start = SessionLog(status=SessionLog.START)
            self._write(Event(wall_time=now, step=0, session_log=start))
            for event in former:
                self.add(event)
        self._path = folder / name

    def add(self, event: StepEvent) -> None:
        """Append a step; it is in the file when this returns."""
        values = [
            Summary.Value(tag=tag, simple_value=value) for tag, value in event.numbers.items()
        ]
        values += [Summary.Value(tag=tag, image=_image(png)) for tag, png in event.pictures.items()]
        self._write(Event(wall_time=event.unix_s, step=event.step, summary=Summary(value=values)))

    def _write(self, record: Event) -> None:
        framed = io.BytesIO()
        RecordWriter(framed).write(record.SerializeToString())
        with self._path.open("ab") as file:
            file.write(framed.getvalue())


def _image(png: bytes) -> Summary.Image:
    with Image.open(io.BytesIO(png)) as picture:
        width, height = picture.size
    return Summary.Image(height=height, width=width, colorspace=_RGB, encoded_image_string=png)
