# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Replace clips before a quantise node that saturates at the same bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .onnx_edit import GraphTypes

if TYPE_CHECKING:
    from onnx import NodeProto


def rectify_clips(nodes: Sequence[NodeProto], types: GraphTypes) -> tuple[list[NodeProto], int]:
    """Replace a clip from 0 by a ReLU if the quantise node after it saturates at its bound.

    TensorRT 8.6.0 fuses a float convolution, a clip and a quantise node, and then uses the clip's
    upper bound as a number of quantisation steps: the values after a ReLU6 were limited to 6
    steps of 127. This was measured on a GPU with ssd-mobilenet-v2: the output of its first
    projection had the values of 6 steps, within 2e-5 of the largest value. If the range of the
    quantise node ends at the bound or below, it limits the values without the clip.

    Args:
        nodes: Nodes of a graph, in order.
        types: Types of the graph.

    Returns:
        The nodes, including clips that may be unused now, and the number of new ReLUs.
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
    """Return whether a clip starts at 0 and its bound is at or above a quantise node's range."""
    # Bounds are inputs since operator set 11, and our quantised networks have 13 or newer.
    low = types.constants.get(clip.input[1]) if len(clip.input) > 1 else None
    high = types.constants.get(clip.input[2]) if len(clip.input) > 2 else None
    scale = types.constants.get(quantize.input[1])
    if low is None or high is None or scale is None or scale.size != 1:
        return False
    zero = np.zeros((), np.uint8)  # default of QuantizeLinear
    if len(quantize.input) > 2:
        zero = types.constants.get(quantize.input[2], zero)
    step, limits = float(scale.item()), np.iinfo(zero.dtype)
    if not 0 < step < np.inf:
        return False
    steps = limits.max
    if zero.dtype != np.int8 or zero.item():
        # fit_qdq makes the range symmetric, with the size of its longer half.
        steps = max(zero.item() - limits.min, limits.max - zero.item())
    # A bound within half a step (of 127) below the end is still rounded to the last step.
    return bool(low.item() == 0 and high.item() > step * steps * (1 - 0.5 / 127))
