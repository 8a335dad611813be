# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What networks of all tasks share: a card, an engine, the way of an image through it."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..cards.card import Channels, ModelCard, Resize, Task
from ..cards.decision import by_reason, guesses
from ..engines.backend import EngineOptions
from ..engines.base import Engine, EngineInfo, PixelsEngine, Precision
from ..engines.on_device import Allocate, AllocatesFrames, DeviceArray
from ..errors import CardError, DecodeError
from ..imaging.device_pixels import AnyPixels
from ..progress import Progress, silent
from ..recognition.find import find_network, or_default
from ..recognition.given_values import read_given
from .fit import fit_served, match_colors, match_labels, output_shapes, read_colors, read_labels
from .image_runner import ImageRunner, Passed
from .images import ImageLike
from .proof import how_to_fix, proof_picture

if TYPE_CHECKING:
    from ..engines.loader import EngineLoader

_LOG = logging.getLogger('ros_deep_learning')
NOT_FINITE_FIX = 'to fix: try precision fp32, or check the weights'
"""What helps if a network gives NaN or infinity, which half precision often causes."""

_DEFAULT_OPTIONS = EngineOptions()

_NetworkT = TypeVar('_NetworkT', bound='Network[Any]')
_SettingsT = TypeVar('_SettingsT')


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
    labels: tuple[str, ...]
    """Name of each class; its number where the card has no labels."""
    _knows_classes = True
    """Whether it is known how many classes there are; else ``labels`` are numbers for many."""
    _has_background = False
    """Whether class 0 is a background that labels may leave out."""
    _by_coco = False
    """Whether such networks use COCO's category numbers if they have its classes."""
    max_batch: int
    """Most images that are worked on together: those of one run (1 where the network's batch is
    fixed), times the runs that TensorRT or a server has on their way."""
    frame_memory: Allocate | None = None
    """Allocates memory whose frames the GPU takes without a copy on the host: pinned memory with
    TensorRT. None where ordinary memory is as good."""
    warnings: tuple[str, ...] = ()
    """What is unlikely about its results for a real picture; empty until ``warm_up``."""
    _is_warm = False

    def __init__(
        self,
        model: str | Path | ModelCard,
        *,
        labels: str | Path | None = None,
        colors: str | Path | None = None,
        decoder: str | None = None,
        resize: Resize | None = None,
        channels: Channels | None = None,
        scale: float | None = None,
        mean: float | Sequence[float] | None = None,
        std: float | Sequence[float] | None = None,
        input_size: tuple[int, int] | None = None,
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
            colors: File of one colour a line, ``red green blue``, each 0..255, in place of the
                card's; None is the card's own, or the palette's.
            decoder: What reads a detector's outputs, in place of what the card says or the file
                suggests, as for the next six; ``docs/models.md`` lists the names.
            resize: How an image is fitted into the input: ``stretch``, ``letterbox`` or ``crop``.
            channels: The network's channel order, such as ``rgb``.
            scale: Factor on the pixel value 0..255, above 0.
            mean: Subtrahend after the scale, one number or one per channel.
            std: Divisor at the end, above 0, one number or one per channel.
            input_size: Width and height of the input, for a network that leaves them open.
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
                colours; or a detector's names no decoder, and its outputs fit none or several; or
                a network file without a card gives impossible results for a real picture.
            SettingsError: A setting is out of its range, or does not fit the network.
            DeepLearningError: The network cannot be fetched, converted or loaded.
        """
        given = read_given(
            decoder=decoder,
            resize=resize,
            channels=channels,
            scale=scale,
            mean=mean,
            std=std,
            input_size=input_size,
        )
        self._card = find_network(
            model, self.task, labels, colors, given=given, loader=loader, progress=progress
        )
        self._check_card()
        named, colors_rgb = read_labels(self._card), read_colors(self._card)
        first: Any = settings or self.settings_type()
        if threshold is not None:
            first = replace(first, **{self.threshold_field: threshold})
        self._engine: Engine = or_default(loader).load(
            self._card, precision=precision, backend=backend, options=options, progress=progress
        )
        try:
            self._card = fit_served(self._card, self._engine.info)
            self._runner = ImageRunner(self._engine, self._card, options.max_batch)
            self.max_batch = self._runner.most_together
            if self._runner.takes_frames and isinstance(self._engine, AllocatesFrames):
                self.frame_memory = self._engine.frame_memory
            self._output_shapes = output_shapes(self._card, self._engine.info)
            count = self._count_classes(named or ())
            self.labels = match_labels(
                self._card,
                named,
                count,
                self.info.metadata,
                background=self._has_background,
                by_coco=self._by_coco,
            )
            self._colors_rgb = match_colors(self._card, colors_rgb, len(self.labels))
            self._look_at_engine()
            self.settings = first
            if self._card.decisions:
                self._say_decisions()
                self.warm_up()
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
    def colors_rgb(self) -> NDArray[np.uint8]:
        """A colour for each class, shape (K, 3), uint8."""
        return self._colors_rgb

    @property
    def class_count_text(self) -> str:
        """How many classes there are, in words."""
        count = len(self.labels)
        if not self._knows_classes:
            return 'number of classes unknown'
        return f'{count} class{"es" * (count != 1)}'

    @property
    def guesses(self) -> tuple[str, ...]:
        """What was guessed about a network file, as one text for each reason."""
        return by_reason(guesses(self._card.decisions))

    def warm_up(self) -> None:
        """Run on a picture that ships with the package, and check what comes out.

        What is unlikely is logged as a warning, and kept in ``warnings``. Another call has no
        effect.

        Raises:
            CardError: The outputs cannot be what the card says; the message has the numbers.
            InferenceError: The engine failed.
        """
        if self._is_warm:
            return
        (passed,) = self._runner.run([proof_picture()])
        try:
            unlikely = self._check_answer(passed)
        except (CardError, DecodeError) as err:
            fix = '' if 'to fix:' in str(err) else f'; {how_to_fix(self.task)}'
            msg = f'{self._card.name}: on a picture of a person, {err}{fix}'
            raise CardError(msg) from err
        self.warnings = tuple(f'on a picture of a person, {text}' for text in unlikely)
        for text in self.warnings:
            _LOG.warning('%s: %s; %s', self._card.name, text, how_to_fix(self.task))
        if isinstance(self._engine, PixelsEngine) and self._runner.takes_frames:
            # Results may be made on the engine's device, where the outputs were not read above.
            list(self._pass([proof_picture()], self._settings))
        self._is_warm = True

    def _say_decisions(self) -> None:
        """Log what was decided about a network file, as a warning if anything was a guess."""
        decisions = self._card.decisions
        fix = f'; if a guess is wrong, {how_to_fix(self.task)}' if self.guesses else ''
        level = logging.WARNING if self.guesses else logging.INFO
        _LOG.log(level, '%s: %s%s', self._card.name, '; '.join(by_reason(decisions)), fix)

    @abstractmethod
    def _check_answer(self, passed: Passed) -> tuple[str, ...]:
        """Check the outputs for one real picture; return what is unlikely about them.

        Raises:
            CardError: They cannot be what the card says.
            DecodeError: They are not what is read.
        """

    def run_device(self, image: ImageLike) -> dict[str, DeviceArray]:
        """Run the network on an image, and leave its outputs where it runs.

        With TensorRT the outputs are new arrays on the GPU, for ``from_dlpack`` of PyTorch, CuPy
        or JAX: ``torch.from_dlpack(net.run_device(image)['logits'])``. The call returns before
        the network is done, and no stream of the caller's waits until it takes an array by
        DLPack or by ``__cuda_array_interface__``; from then on it waits on the GPU. NumPy's
        ``np.asarray`` waits on the host and copies.

        An array belongs to the caller: later calls do not change it, and it outlives the
        network. This costs an allocation on the GPU, a copy within it, and at the end a
        ``cuMemFree``, which waits for the GPU. An image on the GPU is kept as long as it is read;
        it may be overwritten on a stream that has taken an output since, or after an output's
        ``synchronize``.

        With ONNX Runtime, and for a network with more inputs than the image or a fixed batch
        above 1, the outputs are NumPy arrays in host memory, which ``from_dlpack`` takes as well.

        Args:
            image: As ``detect``, ``classify`` or ``segment`` take it.

        Returns:
            Every output of the network by its name, as the network gives it, with the batch axis
            of length 1. NaN is not looked for.

        Raises:
            ImageError: The image has another shape or type, or the file is no picture.
            InferenceError: The engine failed on this image.
            EngineError: The network is closed.
        """
        return self._runner.run_kept(image)

    def _pass(self, images: Iterable[AnyPixels], settings: _SettingsT) -> Iterator[Passed]:
        """Run images; what is found is not read yet."""
        return self._runner.run(images)

    def close(self) -> None:
        """Free the network; closing it again has no effect."""
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
