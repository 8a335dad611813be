# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What networks of all tasks share: a card, an engine, the way of an image through it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..engines.backend import EngineOptions
from ..engines.base import Engine, EngineInfo, PixelsEngine, Precision, Tensors
from ..errors import InferenceError
from ..imaging.pixels import Pixels
from ..models.card import ModelCard, Task
from ..progress import Progress, silent
from .find import find_network, or_default
from .fit import (
    check_input,
    match_colors,
    match_labels,
    output_shapes,
    read_colors,
    read_labels,
    sizes_input,
)
from .images import ImageLike, as_pixels

if TYPE_CHECKING:
    from ..engines.loader import EngineLoader

_DEFAULT_OPTIONS = EngineOptions()

_NetworkT = TypeVar('_NetworkT', bound='Network[Any]')
_SettingsT = TypeVar('_SettingsT')
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


class Network(ABC, Generic[_SettingsT]):
    """A loaded network and its card: what all tasks share. Not to be shared between threads.

    Attributes:
        task: What the network is made for.
        settings_type: Its settings.
        threshold_field: The field of the settings that the constructor's ``threshold`` stands for.
    """

    task: ClassVar[Task]
    settings_type: ClassVar[type[Any]]
    threshold_field: ClassVar[str] = 'score_threshold'

    def __init__(
        self,
        model: str | Path | ModelCard,
        *,
        labels: str | Path | None = None,
        threshold: float | None = None,
        settings: _SettingsT | None = None,
        loader: EngineLoader | None = None,
        precision: Precision = 'auto',
        backend: str = 'auto',
        options: EngineOptions = _DEFAULT_OPTIONS,
        progress: Progress = silent,
    ) -> None:
        """Load a network.

        Args:
            model: A card, a name of the zoo, or the path of a card or of an ``.onnx`` file.
            labels: File of one label a line in place of the card's; None is the card's own.
            threshold: Least score or confidence, 0..1; None is the settings' own.
            settings: How outputs become results; None is the defaults.
            loader: Shares engines between networks; None is the process's default loader.
            precision: What to run in; ``auto`` is the backend's choice.
            backend: A backend's name, or ``auto`` for the best one that can run here.
            options: How the engine is loaded; ``max_batch`` is the most images, or tiles of one,
                in one run.
            progress: Told of downloads, conversions and builds; may raise to cancel.

        Raises:
            ModelNotFoundError: There is no such card.
            CardError: The card is made for another task, or does not fit its network, labels or
                colours; or a detector's names no decoder, and its outputs tell none or several.
            SettingsError: A setting is out of its range, or does not fit the network.
            DeepLearningError: The network cannot be fetched, converted or loaded.
        """
        self._card = find_network(model, self.task, labels, loader=loader, progress=progress)
        self._check_card()
        named, colors_rgb = read_labels(self._card), read_colors(self._card)
        first: Any = settings or self.settings_type()
        if threshold is not None:
            first = replace(first, **{self.threshold_field: threshold})
        self._stats = StageTimes()
        self._batch_stats: list[StageTimes] = []
        self._engine: Engine = or_default(loader).load(
            self._card, precision=precision, backend=backend, options=options, progress=progress
        )
        try:
            self._input_name = check_input(self._card, self._engine.info)
            self._sizes_input = sizes_input(self._engine.info)
            self._output_shapes = output_shapes(self._card, self._engine.info)
            self._wanted_outputs = frozenset(self._card.outputs.values()) or None
            open_batch = all(tensor.shape[0] == -1 for tensor in self._engine.info.inputs)
            self._max_batch = options.max_batch if open_batch else 1
            count = self._count_classes(named or ())
            self._labels = match_labels(self._card, named, count, self.info.metadata)
            self._colors_rgb = match_colors(self._card, colors_rgb, len(self._labels))
            self._look_at_engine()
            self.settings = first
        except BaseException:
            self._engine.close()
            raise

    @abstractmethod
    def _check_card(self) -> None:
        """Raise CardError where the card cannot be of such a network; nothing is loaded yet."""

    @abstractmethod
    def _count_classes(self, named: tuple[str, ...]) -> int | None:
        """Count the classes by the engine's outputs and the card's labels; None if untold.

        Raises:
            CardError: The outputs are not those of such a network.
        """

    def _look_at_engine(self) -> None:
        """Settle what the engine is to do beside running, once the classes are known."""

    def _check_settings(self, settings: _SettingsT) -> None:
        """Raise SettingsError where settings do not fit the network."""

    @property
    def settings(self) -> _SettingsT:
        """How outputs become results; may be replaced between images.

        Raises:
            SettingsError: When set: they name a class that the network does not have.
        """
        return self._settings

    @settings.setter
    def settings(self, settings: _SettingsT) -> None:
        self._check_settings(settings)
        self._settings: _SettingsT = settings

    @property
    def card(self) -> ModelCard:
        """The network's card."""
        return self._card

    @property
    def engine(self) -> Engine:
        """What runs it."""
        return self._engine

    @property
    def info(self) -> EngineInfo:
        """What was really loaded."""
        return self._engine.info

    @property
    def labels(self) -> tuple[str, ...]:
        """Name of each class; its number where the card has no labels."""
        return self._labels

    @property
    def colors_rgb(self) -> NDArray[np.uint8]:
        """A colour for each class, shape (K, 3), uint8."""
        return self._colors_rgb

    @property
    def stats(self) -> StageTimes:
        """Stage times of the last image, in a batch its share; zeros before the first."""
        return self._stats

    @property
    def batch_stats(self) -> tuple[StageTimes, ...]:
        """Stage times of each image of the last call that took several."""
        return tuple(self._batch_stats)

    @property
    def max_batch(self) -> int:
        """Most images in one run: 1 where the network's batch is fixed."""
        return self._max_batch

    def warm_up(self) -> None:
        """Run once on a black image, for what is made at the first run only.

        Raises:
            InferenceError: The engine failed.
        """
        size = (self._card.input.height, self._card.input.width, 3)
        self._run_as_frames([Pixels(np.zeros(size, np.uint8))])
        self._stats = StageTimes()
        self._batch_stats = []

    def _run_as_frames(self, pixels: Sequence[Pixels]) -> None:
        """Run images in the way that frames go, and forget what was found."""
        self._run_batch(pixels)

    def close(self) -> None:
        """Free the network; twice is harmless."""
        self._engine.close()

    def __enter__(self: _NetworkT) -> _NetworkT:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, pixels: Pixels) -> Tensors:
        """Run one image; answers the outputs without their batch axis."""
        return self._run_batch([pixels])[0]

    def _run_each(
        self,
        images: Sequence[ImageLike],
        run: Run[_Found],
        part: Callable[[Pixels], Pixels] | None = None,
    ) -> Iterator[tuple[Pixels, _Found]]:
        """Run images, as many at a time as the network takes, in order.

        Args:
            images: As the public methods take them.
            run: ``_run_batch``, or what does more on the device.
            part: Picks the part of an image that the network is to see; None is all of it.
        """
        self._batch_stats = []
        for start in range(0, len(images), self._max_batch):
            batch = [as_pixels(image) for image in images[start : start + self._max_batch]]
            seen = batch if part is None else [part(pixels) for pixels in batch]
            for pair in zip(batch, run(seen), strict=True):
                yield pair
                # The postprocessing of this image has been counted meanwhile.
                self._batch_stats.append(self._stats)

    def _run_parts(self, parts: Sequence[Pixels], run: Run[_Found]) -> list[_Found]:
        """Run the parts of one image, as many at a time as the network takes.

        The stage times become those of all of them.
        """
        outputs: list[_Found] = []
        preprocess_ms = inference_ms = 0.0
        for start in range(0, len(parts), self._max_batch):
            done = run(parts[start : start + self._max_batch])
            outputs += done
            preprocess_ms += self._stats.preprocess_ms * len(done)
            inference_ms += self._stats.inference_ms * len(done)
        self._stats = StageTimes(preprocess_ms, inference_ms)
        return outputs

    def _on_device(
        self, pixels: Sequence[Pixels], run: Callable[[], list[_Found]]
    ) -> list[_Found]:
        """Have the engine do all of it; its time is that of the inference."""
        started = perf_counter()
        found = run()
        share_ms = 1e3 / len(pixels)
        self._stats = StageTimes(0.0, (perf_counter() - started) * share_ms)
        return found

    def _run_batch(self, pixels: Sequence[Pixels]) -> list[Tensors]:
        started = perf_counter()
        if isinstance(self._engine, PixelsEngine) and self._sizes_input is None:
            prepared = started
            wanted = self._wanted_outputs
            outputs = self._engine.run_pixels(pixels, self._card.input, wanted)
        else:
            from ..tasks.preprocess import preprocess

            tensor = preprocess(pixels, self._card.input)
            prepared = perf_counter()
            outputs = self._engine.run({self._input_name: tensor, **self._sizes(len(pixels))})
        share_ms = 1e3 / len(pixels)
        done = perf_counter()
        self._stats = StageTimes((prepared - started) * share_ms, (done - prepared) * share_ms)
        batched = {name: array for name, array in outputs.items() if array.ndim}
        for name, array in batched.items():
            if len(pixels) > 1 and len(array) != len(pixels):
                msg = f'{self._card.name}: {len(pixels)} images gave {len(array)} of {name!r}'
                raise InferenceError(msg)
        return [{name: array[k] for name, array in batched.items()} for k in range(len(pixels))]

    def _sizes(self, count: int) -> Tensors:
        """Ask for boxes in the pixels of the network's input, as all decoders give them."""
        if self._sizes_input is None:
            return {}
        spec, sizes = self._card.input, self._sizes_input
        return {sizes.name: np.tile(np.array((spec.width, spec.height), sizes.dtype), (count, 1))}

    def _count_postprocessing(self, started: float) -> None:
        """Add to the stats what was done since ``started``, as ``perf_counter`` tells it."""
        self._stats = replace(self._stats, postprocess_ms=(perf_counter() - started) * 1e3)
