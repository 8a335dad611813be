# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Which precision a network is built in."""

from __future__ import annotations

from typing import Literal

from ....errors import BackendUnavailableError, BuildError
from ....onnx_tools.onnx_precision import GraphPrecision
from ...base import Precision

BuildPrecision = Literal['fp32', 'fp16', 'int8']


def has_fast_fp16(compute_capability: tuple[int, int]) -> bool:
    """Whether a GPU multiplies halves faster than floats.

    Source: CUDA C++ Programming Guide, table "Throughput of Native Arithmetic Instructions".
    """
    return compute_capability in ((5, 3), (6, 0), (6, 2)) or compute_capability >= (7, 0)


def has_fast_int8(compute_capability: tuple[int, int]) -> bool:
    """Whether a GPU multiplies 8-bit integers faster than floats.

    Source: the same table; TensorRT 8.6 support matrix, "Hardware and Precision".
    """
    return compute_capability == (6, 1) or compute_capability >= (7, 0)


def resolve_precision(
    asked: Precision, graph: GraphPrecision, compute_capability: tuple[int, int]
) -> BuildPrecision:
    """Settle what to build.

    ``auto`` is what the network's own types say, and fp16 for a float32 network where the GPU
    is fast at it. Anything else is honoured or refused.

    Args:
        asked: What the user asked for.
        graph: What the network computes in as it stands.
        compute_capability: The GPU's, major and minor.

    Raises:
        BuildError: The network is not of the kind that was asked for.
        BackendUnavailableError: The GPU does not run int8.
    """
    if graph == 'int8':
        if asked not in ('auto', 'int8'):
            msg = (
                f'the network is quantised to int8 and cannot be built in {asked}; mend: ask for '
                'int8 or auto, or use its float original'
            )
            raise BuildError(msg)
        if not has_fast_int8(compute_capability):
            cc = '.'.join(map(str, compute_capability))
            msg = (
                f'this GPU (compute capability {cc}) has no int8 instructions; mend: use the '
                "network's float original"
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
            f'the network computes in {graph}; mend: ask for fp16 or auto, or use its float32 '
            'original'
        )
        raise BuildError(msg)
    return 'fp16'
