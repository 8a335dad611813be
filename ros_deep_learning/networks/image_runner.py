# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The way of images through an engine, as many at a time as it takes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from time import perf_counter
from typing import Any, cast

import numpy as np

from ..cards.card import ModelCard
from ..engines.base import Engine, PipelinedEngine, PixelsEngine, Tensors
from ..engines.on_device import DeviceArray, KeepsOnDevice
from ..errors import InferenceError
from ..imaging.device_pixels import AnyPixels
from ..imaging.pixels import Pixels
from ..imaging.placement import Placement
from .device.device_arrays import is_on_gpu
from .fit import check_input
from .images import ImageLike, as_pixels
from .side_inputs import fill_side_inputs, side_inputs

Wait = Callable[[], Sequence[Any]]
"""Waits for a run; returns what came of each of its images."""
OnDevice = Callable[[Sequence[AnyPixels], Sequence[Placement]], Wait]
"""Starts images together, of which the engine makes the results on its device."""


@dataclass(frozen=True, slots=True, eq=False)
class Passed:
    """An image that has passed the network, with what is known of it by then.

    Attributes:
        pixels: The image.
        placement: How it lies in the network's input.
        found: The output tensors by name, without their batch axis; or what the engine has made
            of them on its device.
        preprocess_ms: See ``StageTimes``, as for the next.
        inference_ms: In a batch, the image's share. Of several runs on their way, what was spent
            on starting this one and waiting for it.
    """

    pixels: AnyPixels
    placement: Placement
    found: Any
    preprocess_ms: float
    inference_ms: float


class ImageRunner:
    """Takes images to an engine. Not to be shared between threads.

    Attributes:
        max_batch: Most images in one run: the network's own number where its batch is fixed, at
            most what the engine takes.
        most_together: Most images that are on their way at a time: of one run, or of several.
        batch_axis: Whether the outputs have a batch axis.
        takes_frames: Whether an engine that prepares frames on its device can do so for this
            network.
        keeper: The engine, if it reads this network's frames on its device and leaves results
            there.
        wanted_outputs: Names of the outputs that are read; None is all of them.
    """

    def __init__(self, engine: Engine, card: ModelCard, max_batch: int) -> None:
        """Fit a card to an engine.

        Args:
            engine: The caller's own, which stays the caller's to close.
            card: Of the network that the engine runs.
            max_batch: Most images in one run, where the network's batch is open.

        Raises:
            CardError: The card does not fit the engine's inputs.
        """
        from ..tasks.preprocess import placement, preprocess

        self._engine = engine
        self._card = card
        self._placement, self._preprocess = placement, preprocess
        self._input_name = check_input(card, engine.info)
        self._aside = side_inputs(engine.info)
        image = next(one for one in engine.info.inputs if one.name == self._input_name)
        self._image_shape = image.shape
        self.batch_axis = True
        fixed = [tensor.shape[0] for tensor in engine.info.inputs if tensor.shape[0] != -1]
        self._fixed_batch = max(fixed, default=0) if len(image.shape) == 4 else 1
        self._pipelined = engine if isinstance(engine, PipelinedEngine) else None
        self._in_flight = 1 if self._pipelined is None else self._pipelined.in_flight
        self.limit_batch(self._fixed_batch or min(max_batch, engine.info.max_batch or max_batch))
        plain = self._fixed_batch <= 1 and len(image.shape) == 4
        self.takes_frames = plain and not self._aside
        # To look at a protocol takes as long as some launches of a kernel.
        self._preparing: PixelsEngine | None = None
        if self.takes_frames and isinstance(engine, PixelsEngine):
            self._preparing = engine
        self.keeper: KeepsOnDevice | None = None
        if self.takes_frames and isinstance(engine, KeepsOnDevice):
            self.keeper = engine
        self.wanted_outputs = frozenset(card.outputs.values()) or None

    @property
    def fixed_batch(self) -> int:
        """The network's own number of images in a run, 0 where it is open."""
        return self._fixed_batch

    def limit_batch(self, max_batch: int) -> None:
        """Set ``max_batch``, and ``most_together`` by it."""
        self.max_batch = max_batch
        self.most_together = max_batch * self._in_flight

    def pixels(self, image: ImageLike) -> AnyPixels:
        """Convert an image, which stays on the engine's device if it is there.

        Raises:
            ImageError: It is no image.
        """
        if isinstance(image, Pixels):
            return image
        if self.keeper is not None and is_on_gpu(image):
            there = self.keeper.view_image(image)
            if there is not None:
                return there
        return as_pixels(image)

    def run_kept(self, image: ImageLike) -> dict[str, DeviceArray]:
        """Run an image, and leave all outputs where the network runs.

        Raises:
            ImageError: It is no image.
            InferenceError: The engine failed.
        """
        pixels = self.pixels(image)
        if self.keeper is not None:
            return self.keeper.run_kept(pixels, self._card.input)
        inputs = self._inputs([pixels], [self._placement(pixels.size_wh, self._card.input)])
        outputs = self._engine.run(inputs)
        return dict(self._without_repeats(outputs, 1) if self._fixed_batch > 1 else outputs)

    def run(
        self, images: Iterable[AnyPixels], on_device: OnDevice | None = None
    ) -> Iterator[Passed]:
        """Run images, as many at a time as the network runs together.

        The next ones are taken, prepared and started while earlier ones are on their way, where
        the engine takes them.

        Args:
            images: Of any sizes; they are taken as they are needed.
            on_device: Has the engine do more than running; None reads its outputs.

        Raises:
            InferenceError: The engine failed, or gave outputs for another number of images. The
                results of the images before have been given then, as with an error of ``images``.
        """
        left = iter(images)
        waiting: deque[Callable[[], list[Passed]]] = deque()
        failure: Exception | None = None
        while failure is None:
            if len(waiting) == self._in_flight:
                yield from waiting.popleft()()
            try:
                wait = self._begin(left, on_device)
            except Exception as err:  # noqa: BLE001  raised below, in its turn
                failure = err
            else:
                if wait is None:
                    break
                waiting.append(wait)
        while waiting:
            yield from waiting.popleft()()
        if failure is not None:
            raise failure

    def _begin(
        self, left: Iterator[AnyPixels], on_device: OnDevice | None
    ) -> Callable[[], list[Passed]] | None:
        """Take, prepare and start the images of the next run.

        Returns:
            Waits for the run; None if there are no more images.
        """
        pixels = list(islice(left, self.max_batch))
        if not pixels:
            return None
        begun = perf_counter()
        placements = [self._placement(one.size_wh, self._card.input) for one in pixels]
        preprocess_ms, inputs = 0.0, {}
        if on_device is None and self._preparing is None:
            inputs = self._inputs(pixels, placements)
            preprocess_ms = (perf_counter() - begun) * 1e3 / len(pixels)
        begun = perf_counter()
        if on_device is not None:
            wait = on_device(pixels, placements)
        else:
            wait = self._start(pixels, inputs)
        spent_s = perf_counter() - begun
        return partial(self._finish, wait, spent_s, pixels, placements, preprocess_ms)

    def _start(self, pixels: Sequence[AnyPixels], inputs: Tensors) -> Wait:
        """Start images whose outputs are read here, on an engine that prepares them or not."""
        count = len(pixels)
        if self._preparing is not None:
            spec, wanted = self._card.input, self.wanted_outputs
            wait = self._preparing.start_pixels(pixels, spec, wanted)
        elif self._pipelined is not None:
            wait = self._pipelined.start(inputs, self.wanted_outputs)
        else:
            outputs = self._engine.run(inputs)
            return lambda: self._split(outputs, count)
        return lambda: self._split(wait(), count)

    def _finish(
        self,
        wait: Wait,
        spent_s: float,
        pixels: Sequence[AnyPixels],
        placements: Sequence[Placement],
        preprocess_ms: float,
    ) -> list[Passed]:
        begun = perf_counter()
        found = wait()
        inference_ms = (spent_s + perf_counter() - begun) * 1e3 / len(pixels)
        return [
            Passed(*one, preprocess_ms, inference_ms)
            for one in zip(pixels, placements, found, strict=True)
        ]

    def _inputs(self, pixels: Sequence[AnyPixels], placements: Sequence[Placement]) -> Tensors:
        spec = self._card.input
        # Images stay on a device only for an engine that prepares them there.
        images = self._preprocess(cast('Sequence[Pixels]', pixels), spec, placements)
        if self._fixed_batch > len(images):
            # The last image is repeated up to the network's batch.
            images = np.concatenate(
                [images, np.repeat(images[-1:], self._fixed_batch - len(images), axis=0)]
            )
        inputs = {self._input_name: images if len(self._image_shape) == 4 else images[0]}
        if self._aside:
            inputs |= fill_side_inputs(self._aside, (spec.width, spec.height), len(images))
        return inputs

    def _split(self, outputs: Tensors, count: int) -> list[Tensors]:
        """Take the batch apart."""
        if not self.batch_axis:
            return [outputs]
        wanted = self.wanted_outputs
        if wanted is not None:
            # Others may have no batch axis, or no rows.
            outputs = {name: array for name, array in outputs.items() if name in wanted}
        if self._fixed_batch > count:
            outputs = self._without_repeats(outputs, count)
        for name, array in outputs.items():
            if count > 1 and array.ndim and len(array) != count:
                msg = f'{self._card.name}: {count} images gave {len(array)} of {name!r}'
                raise InferenceError(msg)
        return [
            {name: array[k] if array.ndim else array for name, array in outputs.items()}
            for k in range(count)
        ]

    def _without_repeats(self, outputs: Tensors, count: int) -> Tensors:
        """Take away what belongs to the images that filled up the network's batch."""
        return {
            name: array[:count] if array.ndim and len(array) == self._fixed_batch else array
            for name, array in outputs.items()
        }
