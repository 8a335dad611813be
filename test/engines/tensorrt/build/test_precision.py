# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the choice of precision."""

from __future__ import annotations

import pytest

from ros_deep_learning.engines.tensorrt.build.precision import (
    has_fast_fp16,
    has_fast_int8,
    resolve_precision,
)
from ros_deep_learning.errors import BackendUnavailableError, BuildError

ORIN, GTX_1080, NANO, P100 = (8, 7), (6, 1), (5, 3), (6, 0)


@pytest.mark.parametrize(
    ('gpu', 'fp16', 'int8'),
    [
        (ORIN, True, True),
        ((7, 5), True, True),
        ((9, 0), True, True),
        ((12, 0), True, True),
        (GTX_1080, False, True),
        (NANO, True, False),
        (P100, True, False),
        ((6, 2), True, False),
        ((5, 2), False, False),
    ],
)
def test_knows_what_gpus_are_fast_at(gpu, fp16, int8):
    assert has_fast_fp16(gpu) == fp16
    assert has_fast_int8(gpu) == int8


@pytest.mark.parametrize(
    ('asked', 'graph', 'gpu', 'answer'),
    [
        ('auto', 'fp32', ORIN, 'fp16'),
        ('auto', 'fp32', GTX_1080, 'fp32'),
        ('auto', 'fp16', GTX_1080, 'fp16'),
        ('auto', 'mixed', ORIN, 'fp16'),
        ('auto', 'int8', ORIN, 'int8'),
        ('int8', 'int8', GTX_1080, 'int8'),
        ('fp32', 'fp32', ORIN, 'fp32'),
        ('fp16', 'fp32', GTX_1080, 'fp16'),
        ('fp16', 'fp16', ORIN, 'fp16'),
    ],
)
def test_settles(asked, graph, gpu, answer):
    assert resolve_precision(asked, graph, gpu) == answer


@pytest.mark.parametrize(
    ('asked', 'graph', 'words'),
    [
        ('int8', 'fp32', 'make one with rdl quantize'),
        ('int8', 'fp16', 'quantised network'),
        ('fp32', 'int8', 'the float network'),
        ('fp16', 'int8', 'the float network'),
        ('fp32', 'fp16', 'to fix: precision fp16 or auto'),
        ('fp32', 'mixed', 'to fix: precision fp16 or auto'),
    ],
)
def test_refuses_what_the_network_is_not(asked, graph, words):
    with pytest.raises(BuildError, match=words):
        resolve_precision(asked, graph, ORIN)


@pytest.mark.parametrize('asked', ['auto', 'int8'])
def test_refuses_int8_on_a_gpu_without(asked):
    with pytest.raises(BackendUnavailableError, match=r'5\.3\) has no int8'):
        resolve_precision(asked, 'int8', NANO)
