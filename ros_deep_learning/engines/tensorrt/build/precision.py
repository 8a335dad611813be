# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Choose the precision that a network is built in."""

from __future__ import annotations

from typing import Literal

from ....errors import BackendUnavailableError, BuildError
from ....onnx_tools.onnx_precision import GraphPrecision
from ...base import Precision

BuildPrecision = Literal['fp32', 'fp16', 'int8']


def has_fast_fp16(compute_capability: tuple[int, int]) -> bool:
    """Return whether a GPU multiplies float16 faster than float32.

    Source: CUDA C++ Programming Guide, table "Throughput of Native Arithmetic Instructions".
    """
    return compute_capability in ((5, 3), (6, 0), (6, 2)) or compute_capability >= (7, 0)


def has_fast_int8(compute_capability: tuple[int, int]) -> bool:
    """Return whether a GPU multiplies 8-bit integers faster than float32.

    Source: the same table; TensorRT 8.6 support matrix, "Hardware and Precision".
    """
    return compute_capability == (6, 1) or compute_capability >= (7, 0)


def resolve_precision(
    asked: Precision, graph: GraphPrecision, compute_capability: tuple[int, int]
) -> BuildPrecision:
    """Return the precision to build in.

    ``auto`` is the precision of the network's own types; a float32 network becomes fp16 if the
    GPU is fast at it. Any other request is used or refused, never ignored.

    Args:
        asked: Requested precision.
        graph: Precision of the network's own types.
        compute_capability: Compute capability of the GPU, major and minor.

    Raises:
        BuildError: The network cannot be built in the requested precision.
        BackendUnavailableError: The GPU does not support int8.
    """
    if graph == 'int8':
        if asked not in ('auto', 'int8'):
            msg = (
                f'the network is quantised to int8 and cannot be built in {asked}; to fix: '
                'precision int8 or auto, or the float network it was made from'
            )
            raise BuildError(msg)
        if not has_fast_int8(compute_capability):
            cc = '.'.join(map(str, compute_capability))
            msg = (
                f'this GPU (compute capability {cc}) has no int8 instructions; to fix: use the '
                'float network that this one was made from'
            )
            raise BackendUnavailableError(msg)
        return 'int8'
    if asked == 'int8':
        msg = (
            'int8 needs a quantised network (Q/DQ), and this one is '
            f'{graph}; to fix: make one with rdl quantize'
        )
        raise BuildError(msg)
    if graph == 'fp32':
        if asked == 'auto':
            return 'fp16' if has_fast_fp16(compute_capability) else 'fp32'
        return asked
    if asked == 'fp32':
        msg = (
            f'the network is {graph} and cannot be built in fp32; to fix: precision fp16 or auto, '
            'or the float32 network it was made from'
        )
        raise BuildError(msg)
    return 'fp16'
