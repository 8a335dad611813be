# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Raw frames on their way into a network's input, prepared on the GPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ....errors import InferenceError
from ....imaging.pixels import Pixels
from ....imaging.placement import Placement, place
from ..kernels.arguments import ELEMENT_TYPES, DeviceFrame, ElementType
from ..target import Target
from .cuda import GpuContext
from .frame_ways import FrameWay, GatheredRows, ReadThere, ways_for
from .memory import ExchangeBuffer, GrowingBuffer, Room
from .pinned import pinned_address, pinned_frames
from .quickest import WORTH_CHOOSING, quickest
from .resized_here import ResizedHere

if TYPE_CHECKING:
    from ....cards.card import InputSpec
    from ....imaging.device_pixels import AnyPixels, DevicePixels

_ALIGNMENT = 256
_MOST_KINDS = 16
"""Kinds of frames, such as sizes, that a way is remembered for."""


Choose = Callable[[Sequence[tuple[FrameWay, Callable[[], None]]], FrameWay | None], FrameWay]
"""Chooses a way, each of which comes with a function that runs it once; see ``quickest``."""


@dataclass(frozen=True, slots=True, eq=False)
class InputTensor:
    """Where the frames go; a key, by itself rather than by what it holds.

    Attributes:
        spec: The card's input.
        pointer: Device address of the input tensor.
        dtype: What the tensor holds.
        element: The same for the kernels.
        shape: Of a batch entry.
    """

    spec: InputSpec
    pointer: int
    dtype: np.dtype[Any]
    element: ElementType
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, spec: InputSpec, pointer: int, dtype: np.dtype[Any]) -> InputTensor:
        """Describe an input.

        Raises:
            InferenceError: Its type is not one that the kernels write.
        """
        if dtype.name not in ELEMENT_TYPES:
            msg = f'the input is {dtype}; frames become {", ".join(ELEMENT_TYPES)}'
            raise InferenceError(msg)
        width, height, depth = spec.width, spec.height, spec.depth
        shape = (depth, height, width) if spec.layout == 'nchw' else (height, width, depth)
        return cls(spec, pointer, dtype, cast('ElementType', dtype.name), shape)

    def read(self) -> bytes:
        """Copy the first batch entry to the host, once the stream's work is done."""
        from pycuda import driver

        values = self.spec.depth * self.spec.width * self.spec.height
        entry = np.empty(values, self.dtype)
        driver.memcpy_dtoh(entry, self.pointer)
        return entry.tobytes()

    def place(self, size_wh: tuple[int, int]) -> Placement:
        """Compute where a frame lies in the input, by the card."""
        spec = self.spec
        return place(
            size_wh,
            (spec.width, spec.height),
            spec.resize,
            crop_fraction=spec.crop_fraction,
            align=spec.align,
            rounding=spec.rounding,
        )


@dataclass(slots=True, eq=False)
class _Kind:
    """Frames that are alike but for their address.

    Attributes:
        way: How they are sent.
        nbytes: The room for each, so that the next one begins at a round address.
        launch: Starts the kernel on one of them; None before the first.
    """

    way: FrameWay
    nbytes: int
    launch: Callable[[int, int, Any], None] | None = None


class FrameBuffer:
    """Brings the frames of one run to the GPU; its memory grows to the largest it has seen.

    All ways are tried when the first frame of a kind comes, and the quickest is kept. All methods
    need the GPU's context current.

    Attributes:
        chosen: The way of each kind of frames, for people.
    """

    def __init__(self, gpu: GpuContext, target: Target, choose: Choose = quickest) -> None:
        """Load the kernels.

        Args:
            gpu: The context.
            target: The GPU.
            choose: Chooses the way of a kind of frames.

        Raises:
            BackendUnavailableError: There is no compiler for the kernels.
        """
        self._kernels = gpu.kernels()
        self._pinned = pinned_frames(gpu)
        self._shared = target.integrated
        self._choose = choose
        self._memory = GrowingBuffer(partial(ExchangeBuffer, shared=self._shared))
        self._kinds: dict[tuple[Any, ...], _Kind] = {}
        self.chosen: tuple[str, ...] = ()

    def prepare(
        self,
        pixels: Sequence[AnyPixels],
        tensor: InputTensor,
        stream: Any,
        *,
        whole: bool = False,
        leaves: bool = False,
    ) -> list[DeviceFrame]:
        """Bring frames to the GPU, and make a network's input of them.

        Those on the GPU are read where they are.

        Args:
            pixels: The frames, one a batch entry.
            tensor: Where they go.
            stream: Where the work is put; the caller waits for it before a call with a frame of
                the host.
            whole: Whether the caller reads all of the returned frames.
            leaves: Whether frames may be overwritten before the work is done.

        Returns:
            Where the frames are until then; unless ``whole``, only their sizes mean something.
        """
        hosted = [image for image in pixels if isinstance(image, Pixels)]
        kinds = [self._kind(image, tensor, stream, whole, leaves) for image in hosted]
        buffer = self._memory.sized(sum([kind.nbytes for kind, _ in kinds]))
        frames, start, left = [], 0, iter(kinds)
        for slot, image in enumerate(pixels):
            if isinstance(image, Pixels):
                kind, pinned = next(left)
                frame = kind.way.send(image, Room(buffer, start, stream, pinned))
                start += kind.nbytes
                if kind.launch is None:
                    kind.launch = self._preprocessing(frame, tensor, kind.way)
                kind.launch(frame.pointer, slot, stream)
            else:
                frame, placement = _there(image), tensor.place(image.size_wh)
                self._kernels.preprocess(
                    frame,
                    tensor.spec,
                    placement,
                    tensor.pointer,
                    tensor.element,
                    slot=slot,
                    stream=stream,
                )
            frames.append(frame)
        if len(self._kinds) > _MOST_KINDS:
            self._forget_oldest(stream)
        return frames

    def free(self) -> None:
        """Free the memory; freeing it again has no effect."""
        self._memory.free()
        for kind in self._kinds.values():
            _free(kind.way)
        self._kinds.clear()

    def _kind(
        self, image: Pixels, tensor: InputTensor, stream: Any, whole: bool, leaves: bool
    ) -> tuple[_Kind, int]:
        """Return the kind of a frame, and the GPU's address of a frame that is pinned.

        The first frame of its kind is taken every way.
        """
        array = image.array
        large = array.size >= WORTH_CHOOSING
        pinned = 0
        if large and not leaves and _is_rows_of_pixels(array):
            pinned = pinned_address(array, self._pinned)
        key = (array.shape, array.strides, image.order, pinned != 0, whole, tensor)
        kind = self._kinds.get(key)
        if kind is not None:
            return kind, pinned
        ways = ways_for(
            image,
            tensor.place(image.size_wh),
            tensor.spec,
            pinned=pinned != 0,
            whole=whole,
            shared=self._shared,
            stream=stream,
        )
        way = None
        try:
            several = len(ways) > 1
            way = self._chosen(image, ways, tensor, stream, pinned) if several else ways[0]
        finally:
            # The tables of the others may be on their way to the GPU.
            stream.synchronize()
            for other in ways:
                if other is not way:
                    _free(other)
        kind = self._kinds[key] = _Kind(way, -(-way.nbytes // _ALIGNMENT) * _ALIGNMENT)
        self._describe()
        return kind, pinned

    def _forget_oldest(self, stream: Any) -> None:
        """Forget ways that are too many; not before a batch is sent, which may need them."""
        # The work that was put there may still read their tables.
        stream.synchronize()
        while len(self._kinds) > _MOST_KINDS:
            _free(self._kinds.pop(next(iter(self._kinds))).way)
        self._describe()

    def _describe(self) -> None:
        self.chosen = tuple(
            f'{width}x{height}{" on the whole" if whole else ""}: {kind.way}'
            for ((height, width, _), *_, whole, _), kind in self._kinds.items()
        )

    def _chosen(
        self,
        image: Pixels,
        ways: Sequence[FrameWay],
        tensor: InputTensor,
        stream: Any,
        pinned: int,
    ) -> FrameWay:
        buffer = self._memory.sized(max(way.nbytes for way in ways))
        room = Room(buffer, 0, stream, pinned)

        def run(way: FrameWay, image: Pixels) -> None:
            frame = way.send(image, room)
            self._preprocessing(frame, tensor, way)(frame.pointer, 0, stream)
            stream.synchronize()

        def input_by(way: FrameWay) -> bytes:
            run(way, noise)
            return tensor.read()

        # Builds of OpenCV for other processors may round otherwise.
        resizes = [way for way in ways if isinstance(way, ResizedHere)]
        if resizes:
            noise = Pixels(
                np.random.default_rng(0).integers(0, 256, image.array.shape, np.uint8), image.order
            )
            wanted = input_by(ways[0])
            ways = [way for way in ways if way not in resizes or input_by(way) == wanted]
        lean = next((way for way in ways if isinstance(way, ReadThere)), None)
        return self._choose([(way, partial(run, way, image)) for way in ways], lean)

    def _preprocessing(
        self, frame: DeviceFrame, tensor: InputTensor, way: FrameWay
    ) -> Callable[[int, int, Any], None]:
        return self._kernels.preprocessing(
            frame,
            tensor.spec,
            way.placement,
            tensor.pointer,
            tensor.element,
            rows=way.rows,
        )


def _there(image: DevicePixels) -> DeviceFrame:
    """View a frame that is on the GPU."""
    width, height = image.size_wh
    return DeviceFrame(image.pointer, width, height, image.step, image.order)


def _is_rows_of_pixels(array: NDArray[np.uint8]) -> bool:
    """Return whether rows rise in memory, and the pixels of each lie side by side."""
    step, *within = array.strides
    return step > 0 and within == [3, 1]


def _free(way: FrameWay) -> None:
    if isinstance(way, GatheredRows):
        way.free()
