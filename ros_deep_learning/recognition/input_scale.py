# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Decide whether a network takes pixels of 0..255 or of 0..1, or ask.

A network that is read with the wrong one of the two finds nothing, or nonsense, in every picture.
Weights of the first layer tell them apart: for 0..255 they are 255 times smaller, since training
keeps what a layer gives near 1. Trained networks were seen to give 0.27 to 5.4 (YOLOX, YOLOv8,
CenterFace, SSD-MobileNet, DETR, ESPNet, MediaPipe).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import OpenQuestionError
from .evidence import Evidence, Finding
from .hints import Hints

_PIXEL_DEVIATION = 64
"""Standard deviation of the pixels of photographs, of 0..255."""
_LEAST, _MOST = 0.05, 20.0
"""What a first layer gives, by far."""

_RANGES = {1.0: '0..255', 1 / 255: '0..1'}
_TYPED = {1.0: '1', 1 / 255: '1/255'}
_WHERE = 'parameter, argument or key of the card: scale'


def settle_scale(evidence: Evidence, found: Finding, hints: Hints) -> Finding:
    """Choose among a finding's alternatives, and check a guessed scale by the first layer.

    Raises:
        OpenQuestionError: Nothing tells the scale, or the first layer contradicts the guess.
    """
    whole = evidence.image.dtype is not None and evidence.image.dtype.kind in 'iu'
    gain = evidence.facts.ends.gain
    if found.alternatives:
        return _choose(evidence, found, hints, gain, whole)
    stated = 'scale' in found.stated or (found.stated and 'scale' not in found.guessed)
    if whole or gain is None or hints.scale is not None or stated:
        return found
    guessed = {**found.stated, **found.guessed, **hints.input_values()}
    if _fits(guessed, gain):
        return found
    usual = guessed.get('scale', 1.0)
    given = 1 / 255 if _output(guessed, gain) > _MOST else 1.0
    if not _fits({'scale': given}, gain):
        return found
    rest = ' --mean 0 --std 1' if {'mean', 'std'} & set(found.guessed) else ''
    typed = _TYPED.get(usual, f'{usual:g}')
    msg = (
        f'{evidence.path}: the weights of its first layer are those for pixels of '
        f'{_RANGES[given]}, but a scale of {typed} is usual for {found.by}; to fix: --scale '
        f'{_TYPED[given]}{rest}, or --scale {typed} if that is right ({_WHERE})'
    )
    # A card is written with the first, and leaves out a scale of 1.
    candidates = sorted({given, usual})
    raise OpenQuestionError(msg, 'scale', tuple(map(str, candidates)))


def _choose(
    evidence: Evidence, found: Finding, hints: Hints, gain: float | None, whole: bool
) -> Finding:
    alternatives = found.alternatives
    if whole:
        # The network normalises images itself.
        return replace(found, guessed=alternatives[0])
    if hints.scale is not None:
        near = min(alternatives, key=lambda one: abs(math.log(one['scale'] / hints.scale)))
        return replace(found, guessed=near)
    fitting = [one for one in alternatives if gain is not None and _fits(one, gain)]
    if len(fitting) == 1:
        by = f'{found.by}, and a first layer for pixels of {_RANGES[fitting[0]["scale"]]}'
        return replace(found, by=by, guessed=fitting[0])
    ways = ' or '.join(f'--scale {_TYPED[one["scale"]]}' for one in alternatives)
    ranges = ' or '.join(_RANGES[one['scale']] for one in alternatives)
    msg = (
        f'{evidence.path} has {found.by}, and nothing in it tells whether it takes pixels of '
        f'{ranges}; to fix: {ways} ({_WHERE})'
    )
    raise OpenQuestionError(msg, 'scale', tuple(str(one['scale']) for one in alternatives))


def _output(spec: Mapping[str, Any], gain: float) -> float:
    """Return the standard deviation of what the first layer gives for a photograph."""
    deviation = float(np.mean(spec.get('std', 1.0)))
    return gain * _PIXEL_DEVIATION * float(spec.get('scale', 1.0)) / deviation


def _fits(spec: Mapping[str, Any], gain: float) -> bool:
    return _LEAST <= _output(spec, gain) <= _MOST
