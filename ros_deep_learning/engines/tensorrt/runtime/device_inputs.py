# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Images of other libraries that lie on the GPU already, taken without a copy."""

from __future__ import annotations

import ctypes
from typing import Any

from ....errors import EngineError, ImageError
from ....imaging.device_pixels import DevicePixels
from ....imaging.pixels import ChannelOrder
from ....text import one_line
from . import driver_calls
from .cuda_event import LEGACY_STREAM, wait_for_stream
from .dlpack import CUDA, CUDA_MANAGED, TensorFacts, contiguous_strides, read_capsule

_DEVICE_ORDINAL = 9
"""CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL."""


def view_image(image: Any, gpu: int, stream: int) -> DevicePixels | None:
    """View an image where it lies; the GPU's context must be current.

    A stream waits for what writes the image, as its library says by ``__dlpack__`` or in its
    ``__cuda_array_interface__``; the host does not wait.

    Args:
        image: Shape (H, W, 3), uint8.
        gpu: Number of the GPU.
        stream: Handle of the stream that is to read the image.

    Returns:
        None if the image lies elsewhere, or if its pixels are not three bytes side by side.

    Raises:
        ImageError: Its library does not hand it out.
    """
    facts, owner, writers = _facts_of(image, gpu, stream)
    if facts is None or facts.typestr != '|u1' or len(facts.shape) != 3:
        return None
    (height, width, channels), (step, pixel, channel) = facts.shape, facts.strides
    # The stride of a side of one pixel has no meaning, and some libraries give it any.
    pixel, step = (pixel if width > 1 else 3), (step if height > 1 else 3 * width)
    if channels != 3 or min(height, width) < 1 or pixel != 3 or step < 3 * width:
        return None
    if channel not in (1, -1):
        return None
    if writers is not None:
        wait_for_stream(stream, writers)
    # frame[..., ::-1] points to the last byte of the first pixel.
    first = facts.pointer if channel == 1 else facts.pointer - 2
    order: ChannelOrder = 'rgb' if channel == 1 else 'bgr'
    return DevicePixels(first, (width, height), step, owner, stream, order)


def _facts_of(image: Any, gpu: int, stream: int) -> tuple[TensorFacts | None, object, int | None]:
    """Return what is known of an image, what keeps it alive, and the stream to wait for."""
    if hasattr(image, '__dlpack__') and hasattr(image, '__dlpack_device__'):
        kind, index = (int(code) for code in image.__dlpack_device__())
        if kind not in (CUDA, CUDA_MANAGED) or index != gpu:
            return None, None, None
        try:
            # The library lets our stream wait for its own.
            capsule = image.__dlpack__(stream=stream)
            return read_capsule(capsule), (capsule, image), None
        except (AttributeError, BufferError, RuntimeError, TypeError, ValueError) as err:
            msg = (
                f'cannot read the {type(image).__name__} by DLPack: {one_line(err)}; to fix: '
                'move it to host memory as uint8 first'
            )
            raise ImageError(msg) from err
    facts = image.__cuda_array_interface__
    if _gpu_of(int(facts['data'][0])) != gpu:
        return None, None, None
    shape = tuple(map(int, facts['shape']))
    typestr = str(facts['typestr'])
    strides = facts.get('strides') or contiguous_strides(shape, int(typestr[2:]))
    found = TensorFacts(int(facts['data'][0]), (CUDA, gpu), shape, tuple(strides), typestr)
    # Without a stream nothing need be waited for, but Numba also says so of the default stream.
    return found, image, int(facts.get('stream') or LEGACY_STREAM)


def _gpu_of(pointer: int) -> int | None:
    """Return the number of the GPU that has an address; None if none has."""
    found = ctypes.c_int()
    try:
        driver_calls.quick_call(
            'cuPointerGetAttribute',
            ctypes.byref(found),
            ctypes.c_int(_DEVICE_ORDINAL),
            ctypes.c_void_p(pointer),
        )
    except EngineError:
        return None
    return found.value
