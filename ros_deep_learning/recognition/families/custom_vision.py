# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Azure Custom Vision, known by outputs and metadata, which states pixel format and range."""

from __future__ import annotations

from ...tasks.decoders.custom_vision_grid import class_count
from ..activations import score_role
from ..evidence import Evidence, Family, Finding
from ..usual import ANTIALIASED, AS_IS, STRETCH, UNIT


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise finished boxes by their names, grids and classifiers by the metadata.

    As in the Python sample of its exports, images are RGB of 0..1 unless the metadata has Bgr8 or
    NominalRange_0_255.
    """
    metadata = evidence.metadata
    stated = {'channels': 'bgr' if metadata.get('Image.BitmapPixelFormat') == 'Bgr8' else 'rgb'}
    ranged = metadata.get('Image.NominalPixelRange', '')
    stated |= STRETCH | (AS_IS if ranged == 'NominalRange_0_255' else UNIT)
    ((name, shape), *more) = evidence.shapes.items()
    if 'Image.BitmapPixelFormat' in metadata and not more and len(shape) == 1:
        by = 'one score a class and the metadata Image.BitmapPixelFormat of Custom Vision'
        guessed = {key: stated.pop(key) for key in STRETCH} | ANTIALIASED
        role = score_role(evidence, name)
        return Finding(by, 'classification', None, {role: name}, stated, guessed)
    if 'Image.BitmapPixelFormat' in metadata and not more and len(shape) == 3:
        if class_count({'predictions': shape}) is None:
            return None
        by = 'a grid of five anchors and the metadata Image.BitmapPixelFormat of Custom Vision'
        roles = {'predictions': name}
        return Finding(by, 'detection', 'custom_vision_grid', roles, stated, {}, (416, 416))
    finished = evidence.named(
        boxes='^detected_boxes', classes='^detected_classes', scores='^detected_scores'
    )
    if finished is None:
        return None
    by = 'outputs named as by Azure Custom Vision'
    return Finding(by, 'detection', 'custom_vision', finished, stated)


FAMILY = Family('Azure Custom Vision', recognise)
