# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What an engine may do on its device after the network, so that less is copied back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..cards.box_table import BoxTable
    from ..cards.card import InputSpec
    from ..imaging.device_pixels import AnyPixels, DevicePixels
    from ..imaging.placement import Placement

Allocate = Callable[[int], NDArray[np.uint8]]
"""Returns memory of at least so many bytes, shape (N,); raises MemoryError."""

HEADROOM = 512
"""Free bytes before each image in ``DeviceMask.memory``."""


@dataclass(frozen=True, slots=True)
class ScoreGrid:
    """How an output holds a segmentation network's scores.

    Attributes:
        output: The tensor's name.
        kind: What the scores are; ``scores`` may be logits or probabilities and are looked at.
        planes: Scores a cell, 1 to 255; a single one is that of the second of two classes.
        channels_last: Whether a cell's scores lie side by side; else there is a plane a class.
    """

    output: str
    kind: Literal['logits', 'probabilities', 'scores']
    planes: int
    channels_last: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class MaskSpec:
    """A mask that is wanted of one frame, and what to make of it.

    Attributes:
        placement: How the frame lies in the network's input, stretched to the mask's size where
            that is another one.
        on_grid: Whether the mask has the network's grid instead of that size.
        linear: Interpolate the probabilities between the grid's cells; else the nearest cell.
        ignored: A class that no pixel gets; None ignores none.
        min_confidence: Probability below which a pixel has no class; 0 leaves out 0 alone.
        confidence: What confidences are wanted: float32, or uint8 for 255 times as much.
        counts: Whether the pixels of each class are to be counted.
        colors_rgb: Shape (K, 3), uint8: each pixel's colour is wanted; None is not.
        overlay_rgba: Shape (K, 4), uint8: the colours are wanted over the frame, with an opacity
            a class; None is not.
    """

    placement: Placement
    on_grid: bool = False
    linear: bool = True
    ignored: int | None = None
    min_confidence: float = 0.0
    confidence: Literal['float32', 'uint8'] | None = None
    counts: bool = False
    colors_rgb: NDArray[np.uint8] | None = None
    overlay_rgba: NDArray[np.uint8] | None = None


class DeviceArray(Protocol):
    """An array that ``from_dlpack`` of PyTorch, CuPy, JAX and NumPy takes without a copy.

    On a GPU it also has ``__cuda_array_interface__``; in host memory it is NumPy's.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Its NumPy type."""

    def __dlpack__(self, *, stream: None = None) -> Any:
        """Return DLPack's capsule; see ``GpuArray``."""

    def __dlpack_device__(self) -> tuple[Any, Any]:
        """Return DLPack's type and number of the device."""


_ArrayT_co = TypeVar('_ArrayT_co', covariant=True)


@dataclass(frozen=True, slots=True, eq=False)
class DeviceMask(Generic[_ArrayT_co]):
    """What was made of a ``MaskSpec``, in new arrays; None was not asked for.

    Attributes:
        class_ids: Shape (H, W), uint8; 255 where a pixel has no class or was not seen.
        confidences: Same shape, float32 0..1 or uint8 0..255; 0 where it was not seen.
        counts: Shape (256,), uint32: pixels of each class; the last has none.
        colors_rgb: Shape (H, W, 3), uint8; black for no class.
        overlay_rgb: Shape of the frame, uint8, rgb.
        memory: Shape (N,), uint8: where all of them lie, each image behind ``HEADROOM`` bytes for
            what a message begins with, to be sent without a copy; None where they lie apart.
        has_score: Shape (1,), uint32: 1 where the network gave any class of any cell a score above
            0, also the ignored one; made where one is ignored and float32 confidences are wanted.
    """

    class_ids: _ArrayT_co
    confidences: _ArrayT_co | None = None
    counts: _ArrayT_co | None = None
    colors_rgb: _ArrayT_co | None = None
    overlay_rgb: _ArrayT_co | None = None
    memory: NDArray[np.uint8] | None = None
    has_score: _ArrayT_co | None = None


@runtime_checkable
class SegmentsOnDevice(Protocol):
    """An engine that takes raw frames and makes masks of the scores on its device."""

    def start_masks(
        self,
        pixels: Sequence[AnyPixels],
        spec: InputSpec,
        grid: ScoreGrid,
        masks: Sequence[Sequence[MaskSpec]],
    ) -> Callable[[], list[list[DeviceMask[NDArray[Any]]]]]:
        """Prepare frames, start the network and make masks; no output tensor is copied.

        Args:
            pixels: The frames, one a batch entry.
            spec: The card's input.
            grid: Which output holds the scores, and how; float32 or float16.
            masks: The masks of each frame.

        Returns:
            Waits for them, and returns a mask for each one asked for, frame by frame.

        Raises:
            InferenceError: The output has another shape or type than the grid says.
            DeepLearningError: As ``PixelsEngine.start_pixels``.
        """


@dataclass(frozen=True, slots=True, eq=False)
class DeviceCandidates:
    """The candidates of one frame that reach a threshold, best first.

    Attributes:
        rows: Shape (N,), int32: which candidate of the table.
        class_ids: Shape (N,), int32.
        scores: Shape (N,), float32.
        coordinates: Shape (N, 4), float32, as the network gives them.
        has_nan: Whether any score or coordinate that was looked at is NaN, also of others.
    """

    rows: NDArray[np.int32]
    class_ids: NDArray[np.int32]
    scores: NDArray[np.float32]
    coordinates: NDArray[np.float32]
    has_nan: bool = False


@runtime_checkable
class GathersOnDevice(Protocol):
    """An engine that takes raw frames and picks the candidates over a threshold on its device."""

    def start_candidates(
        self, pixels: Sequence[AnyPixels], spec: InputSpec, table: BoxTable, least: float
    ) -> Callable[[], list[DeviceCandidates]]:
        """Prepare frames, start the network and gather candidates; no output tensor is copied.

        Args:
            pixels: The frames, one a batch entry.
            spec: The card's input.
            table: Which outputs hold boxes and scores, and how; float32 or float16.
            least: Least score, inclusive, compared in float32; NaN never reaches it.

        Returns:
            Waits for them, and returns all that reach it, for each frame.

        Raises:
            InferenceError: The outputs have other shapes or types than the table says.
            DeepLearningError: As ``PixelsEngine.start_pixels``.
        """


@runtime_checkable
class KeepsOnDevice(Protocol):
    """An engine that reads frames on its device, and leaves results there."""

    def view_image(self, image: object) -> DevicePixels | None:
        """View another library's image where it lies, if that is on the engine's device.

        The frame is for the next run only, which waits on the device for what writes the image.

        Returns:
            None if it lies elsewhere, or if its pixels are not three bytes side by side.

        Raises:
            ImageError: Its library does not hand it out.
        """

    def run_kept(self, pixels: AnyPixels, spec: InputSpec) -> dict[str, DeviceArray]:
        """Prepare a frame, run the network and copy all outputs within the device.

        The call returns before the work is done; see ``GpuArray`` for who waits.

        Returns:
            New arrays, with the batch axis.

        Raises:
            DeepLearningError: As ``PixelsEngine.start_pixels``.
        """

    def run_mask_kept(
        self, pixels: AnyPixels, spec: InputSpec, grid: ScoreGrid, mask: MaskSpec
    ) -> DeviceMask[DeviceArray]:
        """Prepare a frame, run the network and make a mask that stays on the device.

        The call returns before the work is done, as ``run_kept``.
        """


@runtime_checkable
class AllocatesFrames(Protocol):
    """An engine that reads frames without a copy if they are in memory of its allocator."""

    @property
    def frame_memory(self) -> Allocate:
        """Allocates memory that is freed with the last array of it.

        Any thread may call it, at any time. It is equal for engines that share their memory.
        """
