# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks that are known, and that this package does not run."""

from __future__ import annotations

import re

from ...errors import CardError
from ..evidence import Evidence, Family, Finding

# A name of an input or output, and what has such a tensor.
_KNOWN = (
    (
        r'^(iou_predictions|low_res_masks|point_coords|image_embeddings)$',
        'a part of Segment Anything',
    ),
    (r'^input_ids$', 'a network that also reads text'),
    (r'^predicted_depth$', 'a network for depth'),
    (r'^(keypoints\d?|descriptors\d?|matches\d?)$', 'a network for key points'),
    (r'^(image_embeds|last_hidden_state|pooler_output)$', 'a network for embeddings'),
)


def recognise(evidence: Evidence) -> Finding | None:
    """Raise CardError for what is known by the name of a tensor."""
    if {'logits', 'pred_boxes'} <= set(evidence.outputs):
        return None
    for name in (*evidence.facts.inputs, *evidence.facts.outputs):
        for expression, what in _KNOWN:
            if re.search(expression, name):
                msg = (
                    f'{evidence.path} is {what}, by its tensor {name!r}, which this package does '
                    'not run; it runs classifiers, detectors and semantic segmentation'
                )
                raise CardError(msg)
    return None


FAMILY = Family('refused', recognise)
