# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""PaddleDetection, known by its second input: scale_factor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..evidence import Evidence, Family, Finding, mean_and_std
from ..usual import STRETCH, UNIT

_KEEP_RATIO: dict[str, Any] = {'resize': 'letterbox', 'align': 'top_left'}
_CENTRED: dict[str, Any] = {'resize': 'letterbox', 'pad_value': 128, 'interpolation': 'area'}


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by scale_factor; preprocessing is read from infer_cfg.yml beside the file."""
    if 'scale_factor' not in evidence.facts.inputs:
        return None
    tables = [k for k, t in evidence.outputs.items() if len(t.shape) == 2 and t.shape[1] == 6]
    if len(tables) != 1:
        return None
    by = 'the input scale_factor of PaddleDetection'
    stated = _stated(evidence.beside('infer_cfg.yml'))
    if stated:
        by += ' and infer_cfg.yml'
    guessed = {k: v for k, v in (STRETCH | UNIT).items() if k not in stated}
    return Finding(by, 'detection', 'paddle', {'predictions': tables[0]}, stated, guessed)


def _stated(config: Mapping[str, Any]) -> dict[str, Any]:
    """Read the resize and the normalisation of an ``infer_cfg.yml``.

    As PaddleDetection's ``deploy/python/preprocess.py`` does: ``Resize`` with ``keep_ratio`` is
    followed by ``PadStride``, which pads right and below with 0 after the normalisation, so with
    the mean before it; ``LetterBoxResize`` pads on both sides with 127.5 before it.
    """
    stated: dict[str, Any] = {}
    steps = config.get('Preprocess')
    for step in steps if isinstance(steps, list) else ():
        if not isinstance(step, dict):
            continue
        if step.get('type') == 'Resize':
            stated |= _KEEP_RATIO if step.get('keep_ratio') else STRETCH
        if step.get('type') == 'LetterBoxResize':
            stated |= _CENTRED
        if step.get('type') == 'NormalizeImage':
            stated['scale'] = 1 / 255 if step.get('is_scale', True) else 1.0
            if step.get('norm_type') != 'none':
                stated |= mean_and_std(step)
    if stated.get('align') == 'top_left':
        mean = sum(stated.get('mean', (0.0,))) / len(stated.get('mean', (0.0,)))
        stated['pad_value'] = min(255, max(0, round(mean / stated.get('scale', 1.0))))
    return stated


FAMILY = Family('PaddleDetection', recognise)
