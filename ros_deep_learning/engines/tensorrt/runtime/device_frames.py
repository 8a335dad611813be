# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Raw frames on their way into a network's input, prepared on the GPU."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ....errors import InferenceError
from ....imaging.pixels import Pixels
from ....imaging.placement import place
from ..kernels.arguments import ELEMENT_TYPES, DeviceFrame, ElementType
from ..target import Target
from .cuda import GpuContext
from .memory import ExchangeBuffer, GrowingBuffer

if TYPE_CHECKING:
    from ....cards.card import InputSpec
    from ....imaging.device_pixels import AnyPixels


class FrameBuffer:
    """Holds the frames of one run, one behind the other; it grows to the largest it has seen.

    All methods need the GPU's context current.
    """

    def __init__(self, gpu: GpuContext, target: Target) -> None:
        """Load the kernels.

        Raises:
            BackendUnavailableError: There is no compiler for them.
        """
        self._kernels = gpu.kernels()
        self._memory = GrowingBuffer(partial(ExchangeBuffer, shared=target.integrated))

    def prepare(
        self,
        pixels: Sequence[AnyPixels],
        spec: InputSpec,
        tensor: int,
        dtype: np.dtype[Any],
        stream: Any,
    ) -> list[DeviceFrame]:
        """Upload frames as they are, and make a network's input of them.

        Those on the GPU are read where they are.

        Args:
            pixels: The frames, one a batch entry.
            spec: The card's input.
            tensor: Device address of the input tensor.
            dtype: What the tensor holds.
            stream: Where the work is put; the caller waits for it before a call with a frame of
                the host.

        Returns:
            Where the frames are until then.

        Raises:
            InferenceError: The tensor's type is not one that the kernels write.
        """
        if dtype.name not in ELEMENT_TYPES:
            msg = f'the input is {dtype}; frames become {", ".join(ELEMENT_TYPES)}'
            raise InferenceError(msg)
        frames = self._on_device(pixels, stream)
        for slot, (image, frame) in enumerate(zip(pixels, frames, strict=True)):
            self._kernels.preprocess(
                frame,
                spec,
                place(
                    image.size_wh,
                    (spec.width, spec.height),
                    spec.resize,
                    crop_fraction=spec.crop_fraction,
                    align=spec.align,
                    rounding=spec.rounding,
                ),
                tensor,
                cast('ElementType', dtype.name),
                slot=slot,
                stream=stream,
            )
        return frames

    def _on_device(self, pixels: Sequence[AnyPixels], stream: Any) -> list[DeviceFrame]:
        total = sum(image.array.size for image in pixels if isinstance(image, Pixels))
        buffer = self._memory.sized(total)
        frames = []
        start = 0
        for image in pixels:
            width, height = image.size_wh
            if not isinstance(image, Pixels):
                frames.append(DeviceFrame(image.pointer, width, height, image.step, image.order))
                continue
            shape = image.array.shape
            np.copyto(buffer.host(shape, np.dtype(np.uint8), start), image.array)
            pointer = buffer.pointer + start
            frames.append(DeviceFrame(pointer, width, height, 3 * width, image.order))
            start += image.array.size
        buffer.upload(total, stream)
        return frames

    def free(self) -> None:
        """Free the memory; freeing it again has no effect."""
        self._memory.free()
