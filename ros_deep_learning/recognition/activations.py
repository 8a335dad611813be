# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the scores of a classifier are, by the end of its graph."""

from __future__ import annotations

import re

from ..tasks.activation import ScoreKind
from .evidence import Evidence

_LINEAR = ('Add', 'BatchNormalization', 'Conv', 'Gemm', 'LogSoftmax', 'MatMul')


def score_role(evidence: Evidence, output: str) -> ScoreKind:
    """Return the role of a classifier's output: ``scores`` where nothing tells.

    Softmax of a LogSoftmax gives the same probabilities as of the logits.
    """
    last = evidence.facts.ends.last.get(output, '')
    if last in ('Softmax', 'Sigmoid', 'HardSigmoid'):
        return 'probabilities'
    if last in _LINEAR:
        return 'logits'
    if last == '' and re.search('prob|sigmoid|softmax', output, re.IGNORECASE):
        return 'probabilities'
    if last == '' and 'logit' in output.lower():
        return 'logits'
    return 'scores'
