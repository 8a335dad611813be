# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Clips whose upper bound the quantisation behind them makes needless."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .onnx_edit import GraphTypes

if TYPE_CHECKING:
    from onnx import NodeProto


def rectify_clips(nodes: Sequence[NodeProto], types: GraphTypes) -> tuple[list[NodeProto], int]:
    """Have a ReLU before a quantisation in place of a clip from 0 that its range makes needless.

    Where a convolution is left in float and a clip and a quantisation follow, TensorRT 8.6.0
    fuses the three and takes the clip's upper bound for a number of quantisation steps: what a
    ReLU6 lets through ended at 6 steps of 127. This was measured on a GPU with ssd-mobilenet-v2:
    its first projection held the values that 6 steps give, to 2e-5 of the largest. A range that
    ends at the bound, or below it, cuts off the same values by itself.

    Args:
        nodes: In order.
        types: Of their graph.

    Returns:
        The nodes, with clips that nobody may read any more, and how many ReLUs are new.
    """
    from onnx import helper

    clips = {node.output[0]: node for node in nodes if node.op_type == 'Clip'}
    result: list[NodeProto] = []
    count = 0
    for node in nodes:
        clip = clips.get(node.input[0]) if node.op_type == 'QuantizeLinear' else None
        if clip is not None and _ends_beyond(clip, node, types):
            rectified = types.new_name(f'{node.input[0]}_rectified')
            result.append(
                helper.make_node('Relu', [clip.input[0]], [rectified], f'{rectified}_node')
            )
            node.input[0] = rectified
            count += 1
        result.append(node)
    return result, count


def _ends_beyond(clip: NodeProto, quantize: NodeProto, types: GraphTypes) -> bool:
    """Tell whether a clip from 0 ends where the range of a quantisation does, or above."""
    # Its bounds are inputs since operator set 11; TensorRT's form is of 13 or newer.
    low = types.constants.get(clip.input[1]) if len(clip.input) > 1 else None
    high = types.constants.get(clip.input[2]) if len(clip.input) > 2 else None
    scale = types.constants.get(quantize.input[1])
    if low is None or high is None or scale is None or scale.size != 1:
        return False
    zero = np.zeros((), np.uint8)  # the operator's default
    if len(quantize.input) > 2:
        zero = types.constants.get(quantize.input[2], zero)
    step, limits = float(scale.item()), np.iinfo(zero.dtype)
    if not 0 < step < np.inf:
        return False
    steps = limits.max
    if zero.dtype != np.int8 or zero.item():
        # The range becomes symmetric by its longer half.
        steps = max(zero.item() - limits.min, limits.max - zero.item())
    # Half a step of 127 less is still the last step.
    return bool(low.item() == 0 and high.item() > step * steps * (1 - 0.5 / 127))
