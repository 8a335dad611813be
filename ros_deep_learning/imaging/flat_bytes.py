# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The data of a message as bytes, whatever holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError

# kDLCPU of dlpack.h.
_DLPACK_CPU = 1


def flat_bytes(data: Any) -> NDArray[np.uint8]:
    """Return the data of a message as bytes, shape (N,); a view where that is possible.

    Args:
        data: A contiguous buffer, such as ``array.array('B')``, an object with DLPack's
            ``__dlpack__`` in memory of the CPU, or rosidl's Buffer, which ROS 2 Lyrical has.

    Raises:
        ImageError: ``data`` is none of these.
    """
    try:
        view = memoryview(data)
        # NumPy before 1.20 refuses an empty buffer.
        return np.frombuffer(view, np.uint8) if view.nbytes else np.empty(0, np.uint8)
    except TypeError:
        return _foreign_bytes(data)
    except (ValueError, BufferError) as err:
        msg = f'data of type {type(data).__name__} is not a contiguous buffer of bytes'
        raise ImageError(msg) from err


def _foreign_bytes(data: Any) -> NDArray[np.uint8]:
    """Read what is not a buffer by DLPack, or by the method that rosidl's Buffer has."""
    kind = type(data)
    try:
        if hasattr(kind, '__dlpack__') and data.__dlpack_device__()[0] == _DLPACK_CPU:
            return np.from_dlpack(data).reshape(-1).view(np.uint8)
        # Of int, this name means something else.
        if hasattr(kind, 'to_bytes') and not isinstance(data, int):
            return np.frombuffer(data.to_bytes(), np.uint8)
    except Exception as err:
        msg = f'data of type {kind.__name__} cannot be read: {err}'
        raise ImageError(msg) from err
    msg = f'data of type {kind.__name__} is not a contiguous buffer of bytes'
    if hasattr(kind, '__dlpack__'):
        msg += '; its memory is not that of the CPU'
    raise ImageError(msg)
