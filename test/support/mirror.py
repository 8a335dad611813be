# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A vision node whose network is a few lines of NumPy, which tests can hold up and break."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sensor_msgs.msg import Image

from ros_deep_learning.engines.base import EngineInfo
from ros_deep_learning.errors import EngineError, InferenceError, SettingsError
from ros_deep_learning.imaging.image_messages import write_image
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.nodes.lifecycle.vision_node import VisionNode
from ros_deep_learning.nodes.messages.topics import Topic
from ros_deep_learning.nodes.parameters.live_setup import Setup
from ros_deep_learning.nodes.parameters.parameter_table import parameter
from ros_deep_learning.nodes.parameters.vision_settings import VisionSettings
from ros_deep_learning.nodes.stream.camera import Shot
from ros_deep_learning.progress import Progress
from ros_deep_learning.tasks.times import StageTimes

BROKEN = 13
"""A picture whose first value this is breaks the mirror."""


TIMES = StageTimes(1.0, 2.0, 3.0)


def plain(value: int) -> np.ndarray:
    return np.full((4, 6, 3), value, np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorSettings(VisionSettings):
    model: str = parameter('mirror', 'What to load.', reload=True)
    threshold: float = parameter(0.5, 'Unused.', live=True)
    wanted: str = parameter('', 'A label that the mirror must have.', live=True)

    def plan(self, labels: Sequence[str]) -> None:
        if self.wanted and self.wanted not in labels:
            msg = f'{self.wanted!r} is not to be seen in {self.model}'
            raise SettingsError(msg)


@dataclass(frozen=True)
class Flipped:
    array: np.ndarray
    times: StageTimes = TIMES


class Mirror:
    """A network of NumPy that flips images; it fails and waits when the test says so."""

    info = EngineInfo('numpy', np.__version__, 'CPU', 'fp32', (), ())

    warnings: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()
    frame_memory: Any = None

    def __init__(self, labels: tuple[str, ...] = ('left', 'right'), max_batch: int = 4) -> None:
        self.labels = labels
        self.max_batch = max_batch
        self.seen: list[int] = []
        self.batches: list[int] = []
        self.open = True
        self.broken = False
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def flip_batch(self, images: Sequence[Pixels]) -> list[Flipped]:
        self.batches.append(len(images))
        return [Flipped(self.flip(pixels)) for pixels in images]

    def flip(self, pixels: Pixels) -> np.ndarray:
        assert self.open
        self.begun.set()
        assert self.go_on.wait(60)
        if self.broken or pixels.array[0, 0, 0] == BROKEN:
            msg = 'the mirror is broken'
            raise InferenceError(msg)
        self.seen.append(int(pixels.array[0, 0, 0]))
        return pixels.array[:, ::-1]

    def warm_up(self) -> None:
        assert self.open

    def close(self) -> None:
        self.open = False


class MirrorNode(VisionNode):
    default_name = 'mirror'
    settings_type = MirrorSettings
    topics = (*VisionNode.topics, Topic('out', '~/flipped', 'sensor_msgs/Image', 'what it sees'))

    def __init__(self) -> None:
        super().__init__()
        self.made: list[Mirror] = []
        self.refuse_network = self.refuse_outputs = False
        self.opening, self.may_open = threading.Event(), threading.Event()
        self.may_open.set()

    def open_network(self, settings: MirrorSettings, progress: Progress) -> Mirror:
        self.opening.set()
        try:
            while not self.may_open.wait(0.02):
                progress('polishing', 0.5)
        finally:
            # Else the first opening would be taken for a later one.
            self.opening.clear()
        if self.refuse_network or settings.model == 'fog':
            msg = f'no such mirror as {settings.model!r}; buy one'
            raise EngineError(msg)
        if settings.model == 'bug':
            raise ZeroDivisionError
        labels = ('glass',) if settings.model == 'glass' else ('left', 'right')
        self.made.append(Mirror(labels, settings.max_batch))
        return self.made[-1]

    def new_memory(self) -> None:
        if self.refuse_outputs:
            raise RuntimeError

    def infer(self, shots: Sequence[Shot], setup: Setup) -> Iterator[Flipped]:
        yield from setup.network.flip_batch([shot.pixels for shot in shots])

    def publish(self, shot: Shot, result: Flipped, setup: Setup) -> None:
        message = Image(header=shot.frame.header)
        write_image(message, result.array, 'rgb8')
        shot.camera.outputs.publish('flipped', message)
