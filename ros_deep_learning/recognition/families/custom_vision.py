# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Azure Custom Vision, known by its outputs; metadata states pixel format and range."""

from __future__ import annotations

from ..evidence import Evidence, Family, Finding
from ..usual import AS_IS, STRETCH, UNIT


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise the detector by detected_boxes, detected_classes and detected_scores."""
    roles = evidence.named(
        boxes='^detected_boxes', classes='^detected_classes', scores='^detected_scores'
    )
    if roles is None:
        return None
    metadata = evidence.metadata
    stated = {'channels': 'bgr' if metadata.get('Image.BitmapPixelFormat') == 'Bgr8' else 'rgb'}
    ranged = metadata.get('Image.NominalPixelRange', 'NominalRange_0_255')
    stated |= STRETCH | (AS_IS if ranged == 'NominalRange_0_255' else UNIT)
    by = 'outputs named as by Azure Custom Vision'
    return Finding(by, 'detection', 'custom_vision', roles, stated)


FAMILY = Family('Azure Custom Vision', recognise)
