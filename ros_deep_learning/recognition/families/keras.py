# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Keras' classifiers as tf2onnx writes them: images with the channels last."""

from __future__ import annotations

import re
from typing import Any

from ..activations import score_role
from ..evidence import Evidence, Family, Finding
from ..usual import AS_IS, CAFFE_MEAN, IMAGENET, PLUS_MINUS_ONE, STRETCH

# keras.applications.imagenet_utils.preprocess_input: its modes, by the networks that use them.
_MODES: tuple[tuple[str, dict[str, Any]], ...] = (
    (r'resnet(50|101|152)(?!v2)|vgg(16|19)', CAFFE_MEAN),
    (r'densenet', IMAGENET),
    (r'efficientnet|mobilenet_?v3|convnext', AS_IS),
)


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise a classifier of tf2onnx; its preprocessing is inside, or a guess."""
    ((name, tensor), *more) = evidence.outputs.items()
    if more or len(tensor.shape) != 2 or evidence.layout != 'nhwc':
        return None
    if not evidence.from_tensorflow:
        return None
    role = score_role(evidence, name)
    by = 'one score a class from tf2onnx'
    if evidence.facts.ends.normalises:
        by += ', images are normalised in the graph'
        return Finding(by, 'classification', None, {role: name}, AS_IS, STRETCH)
    usual = next((mode for key, mode in _MODES if re.search(key, evidence.stem)), PLUS_MINUS_ONE)
    return Finding(by, 'classification', None, {role: name}, {}, usual | STRETCH)


FAMILY = Family('Keras classifiers', recognise)
