# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The way of images through an engine, as many at a time as it takes, and what each cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TypeVar

import numpy as np

from ..cards.card import ModelCard
from ..engines.base import Engine, PixelsEngine, Tensors
from ..errors import InferenceError
from ..imaging.pixels import Pixels
from .fit import check_input, sizes_input
from .images import ImageLike, as_pixels

_Found = TypeVar('_Found')
Run = Callable[[Sequence[Pixels]], Sequence[_Found]]
"""Runs images together, and answers what was found in each."""


@dataclass(frozen=True, slots=True)
class StageTimes:
    """What one image cost, in milliseconds.

    Attributes:
        preprocess_ms: From the image to the input tensor; 0 where the engine does that itself.
        inference_ms: The engine's run, with what it does before and after on its device.
        postprocess_ms: From the output tensors to the result.
    """

    preprocess_ms: float = 0.0
    inference_ms: float = 0.0
    postprocess_ms: float = 0.0


class ImageRunner:
    """Takes images to an engine and counts what each cost. Not to be shared between threads.

    Attributes:
        max_batch: Most images in one run: 1 where the network's batch is fixed.
        stats: Stage times of the last image, in a batch its share; zeros before the first.
        batch_stats: Stage times of each image of the last call that took several.
        wanted_outputs: Names of the outputs that ``run`` is to answer; None is all of them.
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
        self._engine = engine
        self._card = card
        self._input_name = check_input(card, engine.info)
        self._sizes_input = sizes_input(engine.info)
        open_batch = all(tensor.shape[0] == -1 for tensor in engine.info.inputs)
        self.max_batch = max_batch if open_batch else 1
        self.wanted_outputs = frozenset(card.outputs.values()) or None
        self.stats = StageTimes()
        self.batch_stats: list[StageTimes] = []

    @property
    def takes_frames(self) -> bool:
        """Whether an engine that prepares frames on its device can do so for this network."""
        return self._sizes_input is None

    def forget(self) -> None:
        """Set all times back to nothing."""
        self.stats = StageTimes()
        self.batch_stats = []

    def run(self, pixels: Sequence[Pixels]) -> list[Tensors]:
        """Run up to ``max_batch`` images together; answers the outputs without their batch axis.

        Raises:
            InferenceError: The engine failed, or gave outputs for another number of images.
        """
        started = perf_counter()
        if isinstance(self._engine, PixelsEngine) and self.takes_frames:
            prepared = started
            outputs = self._engine.run_pixels(pixels, self._card.input, self.wanted_outputs)
        else:
            from ..tasks.preprocess import preprocess

            tensor = preprocess(pixels, self._card.input)
            prepared = perf_counter()
            outputs = self._engine.run({self._input_name: tensor, **self._sizes(len(pixels))})
        share_ms = 1e3 / len(pixels)
        done = perf_counter()
        self.stats = StageTimes((prepared - started) * share_ms, (done - prepared) * share_ms)
        batched = {name: array for name, array in outputs.items() if array.ndim}
        for name, array in batched.items():
            if len(pixels) > 1 and len(array) != len(pixels):
                msg = f'{self._card.name}: {len(pixels)} images gave {len(array)} of {name!r}'
                raise InferenceError(msg)
        return [{name: array[k] for name, array in batched.items()} for k in range(len(pixels))]

    def on_device(self, pixels: Sequence[Pixels], run: Callable[[], list[_Found]]) -> list[_Found]:
        """Have the engine do all of it; its time is that of the inference."""
        started = perf_counter()
        found = run()
        self.stats = StageTimes(0.0, (perf_counter() - started) * 1e3 / len(pixels))
        return found

    def run_each(
        self,
        images: Sequence[ImageLike],
        run: Run[_Found],
        part: Callable[[Pixels], Pixels] | None = None,
    ) -> Iterator[tuple[Pixels, _Found]]:
        """Run images, as many at a time as the network takes, in order.

        Args:
            images: As a network's public methods take them.
            run: ``run``, or what does more on the device.
            part: Picks the part of an image that the network is to see; None is all of it.
        """
        self.batch_stats = []
        for start in range(0, len(images), self.max_batch):
            batch = [as_pixels(image) for image in images[start : start + self.max_batch]]
            seen = batch if part is None else [part(pixels) for pixels in batch]
            for pair in zip(batch, run(seen), strict=True):
                yield pair
                # The postprocessing of this image has been counted meanwhile.
                self.batch_stats.append(self.stats)

    def run_parts(self, parts: Sequence[Pixels], run: Run[_Found]) -> list[_Found]:
        """Run the parts of one image, as many at a time as the network takes.

        The stage times become those of all of them.
        """
        outputs: list[_Found] = []
        preprocess_ms = inference_ms = 0.0
        for start in range(0, len(parts), self.max_batch):
            done = run(parts[start : start + self.max_batch])
            outputs += done
            preprocess_ms += self.stats.preprocess_ms * len(done)
            inference_ms += self.stats.inference_ms * len(done)
        self.stats = StageTimes(preprocess_ms, inference_ms)
        return outputs

    def count_postprocessing(self, started: float) -> None:
        """Add to the stats what was done since ``started``, as ``perf_counter`` tells it."""
        self.stats = replace(self.stats, postprocess_ms=(perf_counter() - started) * 1e3)

    def _sizes(self, count: int) -> Tensors:
        """Ask for boxes in the pixels of the network's input, as all decoders give them."""
        if self._sizes_input is None:
            return {}
        spec, sizes = self._card.input, self._sizes_input
        return {sizes.name: np.tile(np.array((spec.width, spec.height), sizes.dtype), (count, 1))}
