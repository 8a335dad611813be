# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What networks of all tasks share: a card, an engine, the way of an image through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..engines.backend import EngineOptions
from ..engines.base import Engine, EngineInfo, PixelsEngine, Precision, Tensors
from ..errors import CardError, InferenceError
from ..imaging.palettes import class_colors
from ..imaging.pixels import Pixels
from ..models.card import ModelCard, Task
from ..models.completion import is_complete
from ..progress import Progress, silent
from .device_arrays import CudaArray, is_on_gpu, to_host
from .fit import check_input, match_labels, output_shapes, sizes_input

if TYPE_CHECKING:
    from ..engines.loader import EngineLoader

ImageLike = ArrayLike | CudaArray | Pixels
"""An RGB array of shape (H, W, 3), uint8, in host memory or on a GPU; or pixels."""

_NetworkT = TypeVar('_NetworkT', bound='Network')
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


class Network:
    """A loaded network and its card: what all tasks share. Not to be shared between threads."""

    def __init__(
        self,
        card: ModelCard,
        *,
        loader: EngineLoader | None,
        precision: Precision,
        backend: str,
        options: EngineOptions,
        progress: Progress,
    ) -> None:
        self._card = card
        self._stats = StageTimes()
        self._labels: tuple[str, ...] = ()
        self._colors_rgb = class_colors(0)
        self._engine: Engine = _or_default(loader).load(
            card, precision=precision, backend=backend, options=options, progress=progress
        )
        try:
            self._input_name = check_input(card, self._engine.info)
            self._sizes_input = sizes_input(self._engine.info)
            self._output_shapes = output_shapes(card, self._engine.info)
            open_batch = all(tensor.shape[0] == -1 for tensor in self._engine.info.inputs)
            self._max_batch = options.max_batch if open_batch else 1
            self._wanted_outputs: frozenset[str] | None = (
                frozenset(card.outputs.values()) if card.outputs else None
            )
        except BaseException:
            self._engine.close()
            raise

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

    def _name_classes(self, named: tuple[str, ...] | None, count: int | None) -> None:
        """Settle labels and colours; raises CardError where they do not fit the network."""
        self._labels = match_labels(self._card, named, count, self.info.metadata)
        self._colors_rgb = class_colors(len(self._labels))

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
        for start in range(0, len(images), self._max_batch):
            batch = [as_pixels(image) for image in images[start : start + self._max_batch]]
            seen = batch if part is None else [part(pixels) for pixels in batch]
            yield from zip(batch, run(seen), strict=True)

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


def find_network(
    model: str | Path | ModelCard,
    task: Task,
    labels: str | Path | None = None,
    *,
    loader: EngineLoader | None = None,
    progress: Progress = silent,
) -> ModelCard:
    """Find the card of a network: itself, by a name of the zoo, or by a path.

    Where only the network's own files tell all of it, they are fetched and converted.

    Args:
        model: The card, its name or its path.
        task: What it must be made for.
        labels: A file of labels in place of the card's own.
        loader: Where its files come from; None is the process's default loader.
        progress: Told of downloads and conversions; may raise to cancel.

    Raises:
        ModelNotFoundError: There is no such card.
        CardError: It is malformed, or made for another task.
        DeepLearningError: The network cannot be fetched or converted.
    """
    if isinstance(model, ModelCard):
        card = model
    else:
        from ..models.zoo import find_card

        card = find_card(model)
    if card.task != task:
        msg = f'{card.name} is made for {card.task}, not for {task}'
        raise CardError(msg)
    if not is_complete(card):
        card = _or_default(loader).complete(card, progress)
    return card if labels is None else replace(card, labels=Path(labels).expanduser())


def _or_default(loader: EngineLoader | None) -> EngineLoader:
    if loader is not None:
        return loader
    from ..engines.loader import default_loader

    return default_loader()


def as_pixels(image: ImageLike) -> Pixels:
    """Take an RGB array of shape (H, W, 3), uint8, or pixels as they are.

    Nothing is copied but an image on a GPU.

    Raises:
        ImageError: The array has another shape or type, or cannot be copied from its GPU.
    """
    if isinstance(image, Pixels):
        return image
    # PyTorch's arrays on a GPU have a method __array__ too, but it only raises.
    array: NDArray[Any] = to_host(image) if is_on_gpu(image) else np.asarray(image)
    # The usual frame[..., ::-1] of OpenCV's images: OpenCV would copy such a view pixel by pixel.
    if array.ndim == 3 and array.strides[2] == -1:
        return Pixels(array[..., ::-1], 'bgr')
    return Pixels(array)
