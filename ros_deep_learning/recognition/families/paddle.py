# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""PaddleDetection, known by its second input: scale_factor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import CardError
from ..evidence import Evidence, Family, Finding, levels, mean_and_std, path_beside
from ..usual import STRETCH, UNIT

_KEEP_RATIO: dict[str, Any] = {'resize': 'letterbox', 'align': 'top_left'}
_CENTRED: dict[str, Any] = {'resize': 'letterbox', 'pad_value': 128, 'interpolation': 'area'}

# Numbers of OpenCV, as the field interp has them. LetterBoxResize has none.
_INTERPOLATION = {0: 'nearest', 1: 'bilinear', 2: 'bicubic', 3: 'area'}


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by scale_factor; preprocessing is read from infer_cfg.yml beside the file."""
    if 'scale_factor' not in evidence.facts.inputs:
        return None
    tables = [k for k, t in evidence.outputs.items() if len(t.shape) == 2 and t.shape[1] == 6]
    if len(tables) != 1:
        return None
    by = 'the input scale_factor of PaddleDetection'
    try:
        stated = _stated(evidence.beside('infer_cfg.yml'))
    except CardError as err:
        msg = f'{path_beside(evidence.path, "infer_cfg.yml")}: {err}'
        raise CardError(msg) from err
    if stated:
        by += ' and infer_cfg.yml'
    guessed = {k: v for k, v in (STRETCH | UNIT).items() if k not in stated}
    return Finding(by, 'detection', 'paddle', {'predictions': tables[0]}, stated, guessed)


def _stated(config: Mapping[str, Any]) -> dict[str, Any]:
    """Read the resize and the normalisation of an ``infer_cfg.yml``.

    As PaddleDetection's ``deploy/python/preprocess.py`` does: ``Resize`` with ``keep_ratio`` is
    followed by ``PadStride``, which pads right and below with 0 after the normalisation, so with
    the mean before it; ``LetterBoxResize`` pads on both sides with 127.5 before it.

    Raises:
        CardError: Images are resized in a way that is not supported.
    """
    stated: dict[str, Any] = {}
    steps = config.get('Preprocess')
    for step in steps if isinstance(steps, list) else ():
        if not isinstance(step, dict):
            continue
        if step.get('type') == 'Resize':
            stated |= _KEEP_RATIO if step.get('keep_ratio') else STRETCH
            stated['interpolation'] = _interpolation(step.get('interp', 1))
        if step.get('type') == 'LetterBoxResize':
            stated |= _CENTRED
        if step.get('type') == 'NormalizeImage':
            stated['scale'] = 1 / 255 if step.get('is_scale', True) else 1.0
            if step.get('norm_type') != 'none':
                stated |= mean_and_std(step)
    if stated.get('align') == 'top_left':
        scale = stated.get('scale', 1.0)
        stated['pad_value'] = levels([mean / scale for mean in stated.get('mean', (0.0,) * 3)])
    return stated


def _interpolation(interp: Any) -> str:
    if not isinstance(interp, int) or interp not in _INTERPOLATION:
        ways = ', '.join(f'{number} ({name})' for number, name in _INTERPOLATION.items())
        msg = f'Resize: interp: expected one of {ways}, got {interp!r}; to fix: change it there'
        raise CardError(msg)
    return _INTERPOLATION[interp]


FAMILY = Family('PaddleDetection', recognise)
