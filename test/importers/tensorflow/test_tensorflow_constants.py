# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Constant parts of graphs, compared with NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers.tensorflow.tensorflow_constants import evaluate
from ros_deep_learning.importers.tensorflow.tensorflow_graph import FrozenGraph

F = np.float32
I = np.int32  # noqa: E741
A = np.arange(24, dtype=F).reshape(2, 3, 4)


def computed(
    graph_writer: Any, tmp_path: Path, op: str, inputs: list[Any], **attributes: Any
) -> Any:
    graph_writer.node(op, 'node', **attributes)
    if op == 'Cast':
        graph_writer.graph.node[-1].attr.add(key='DstT').value.type = 1
    graph = FrozenGraph(graph_writer.write(tmp_path / 'g.pb'))
    return evaluate(graph, graph.node('node'), inputs)


CASES: list[tuple[str, list[Any], dict[str, int], Any]] = [
    ('Add', [A, F(2)], {}, A + 2),
    ('Sub', [A, A[:1]], {}, A - A[:1]),
    ('Mul', [A[..., :1], A[:, :1]], {}, A[..., :1] * A[:, :1]),
    ('RealDiv', [A, F(8)], {}, A / 8),
    ('Minimum', [A, F(5)], {}, np.minimum(A, 5)),
    ('Sqrt', [A], {}, np.sqrt(A)),
    ('Rsqrt', [A + 1], {}, 1 / np.sqrt(A + 1)),
    ('Reshape', [A, np.array([4, -1], I)], {}, A.reshape(4, 6)),
    ('ExpandDims', [A, I(-1)], {}, A[..., None]),
    ('Slice', [A, np.array([0, 1, 0], I), np.array([-1, 2, 3], I)], {}, A[:, 1:3, :3]),
    (
        *('StridedSlice', [A, *(np.array(v, I) for v in ([1, 0], [2, 3], [1, 2]))]),
        {'shrink_axis_mask': 1},
        A[1, 0:3:2],
    ),
    (
        *('StridedSlice', [A, *(np.array(v, I) for v in ([1, 1], [1, 1], [1, 1]))]),
        {'begin_mask': 1, 'end_mask': 2},
        A[:1, 1:],
    ),
    ('ConcatV2', [A, A, I(1)], {}, np.concatenate([A, A], 1)),
    ('Pack', [A, A], {'axis': 2}, np.stack([A, A], 2)),
    ('Tile', [A, np.array([2, 1, 3], I)], {}, np.tile(A, (2, 1, 3))),
    ('Fill', [np.array([2, 5], I), F(7)], {}, np.full((2, 5), 7, F)),
    ('Range', [I(2), I(11), I(3)], {}, np.array([2, 5, 8], I)),
    ('Cast', [np.arange(3, dtype=I)], {}, np.arange(3, dtype=F)),
]


@pytest.mark.parametrize(('op', 'inputs', 'attributes', 'expected'), CASES)
def test_operators_equal_numpy(
    graph_writer: Any,
    tmp_path: Path,
    op: str,
    inputs: list[Any],
    attributes: dict[str, int],
    expected: Any,
) -> None:
    result = computed(graph_writer, tmp_path, op, [np.asarray(i) for i in inputs], **attributes)
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result, expected)


HUGE = np.array([1 << 30, 1 << 30], I)
REFUSED = [
    ('Fill', [HUGE, F(1)], 'cannot make an array'),
    ('Fill', [-HUGE, F(1)], 'cannot make an array'),
    ('Tile', [A[0], HUGE], 'cannot make an array'),
    ('Range', [I(0), I(2**31 - 1), I(1)], 'cannot make an array'),
    ('Range', [I(0), I(3), I(0)], 'do not fit'),
    ('Range', [F(0), F(np.inf), F(1)], 'do not fit'),
    ('Mul', [np.zeros((1 << 16, 1), F), np.zeros((1, 1 << 16), F)], 'cannot make an array'),
    ('Add', [A, A[:, :2]], 'do not fit'),
    ('Reshape', [A, np.array([5, -1], I)], 'do not fit'),
    ('Reshape', [A, np.array([-1, -1], I)], 'do not fit'),
    ('ExpandDims', [A, np.array([1, 2], I)], 'do not fit'),
    ('ConcatV2', [A, A[0], I(0)], 'do not fit'),
    ('ConcatV2', [I(0)], 'do not fit'),
    ('Pack', [], 'do not fit'),
    ('Slice', [A, np.array([0, 1], I), np.array([1], I)], 'do not fit'),
    ('ReadFile', [A], 'cannot evaluate the operator ReadFile'),
]


@pytest.mark.parametrize(('op', 'inputs', 'complaint'), REFUSED)
def test_what_cannot_be_is_refused(
    graph_writer: Any, tmp_path: Path, op: str, inputs: list[Any], complaint: str
) -> None:
    with pytest.raises(ConversionError, match=complaint) as caught:
        computed(graph_writer, tmp_path, op, [np.asarray(i) for i in inputs])
    assert 'node node' in str(caught.value)


def test_new_axes_are_refused(graph_writer: Any, tmp_path: Path) -> None:
    bounds = [np.array([0], I)] * 3
    with pytest.raises(ConversionError, match='with new axes'):
        computed(graph_writer, tmp_path, 'StridedSlice', [A, *bounds], new_axis_mask=1)
