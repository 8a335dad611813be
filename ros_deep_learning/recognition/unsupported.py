# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks that are known by a tensor, and that this package does not run."""

from __future__ import annotations

import re

from ..errors import CardError
from ..onnx_tools.facts import OnnxFacts

# A name of an input or output, and what has such a tensor.
_KNOWN = (
    (
        r'^(iou_predictions|low_res_masks|point_coords|image_embeddings)$',
        'a part of Segment Anything',
    ),
    (r'^(input_ids|tokens|text)$', 'a network that reads text'),
    (r'^(predicted_depth|depth|disparity|inverse_depth)$', 'a network for depth'),
    (r'^(cmap|paf|heatmaps_pafs)$', 'a network for the poses of bodies'),
    (r'^(keypoints\d?|descriptors\d?|matches\d?)$', 'a network for key points'),
    (r'^(image_embeds|pooler_output)$', 'a network for embeddings'),
)


def refuse_unsupported(facts: OnnxFacts) -> None:
    """Raise CardError if the name of a tensor says that the network is none of ours."""
    for name in (*facts.inputs, *facts.outputs):
        for expression, what in _KNOWN:
            if re.search(expression, name):
                msg = (
                    f'{facts.path} is {what}, by its tensor {name!r}, which this package does not '
                    'run; it runs classifiers, detectors and semantic segmentation'
                )
                raise CardError(msg)
