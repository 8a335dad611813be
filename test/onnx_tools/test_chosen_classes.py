# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of how many classes a graph chooses from, in the words of each exporter."""

from __future__ import annotations

import pytest
from onnx import parser

from ros_deep_learning.onnx_tools.chosen_classes import chosen_classes, softmax_classes

HEAD = '<ir_version: 8, opset_import: ["" : 17, "trt" : 1]> net ({inputs}) => ({outputs}) {{'
ROWS = 'float[1,300,7] scores'
CHOSEN = {
    # Index of the best of (box, class): RT-DETR, D-FINE, DEIM; YOLO26; RetinaNet of torchvision.
    'a_remainder': (
        ROWS,
        'int64[1,9] labels',
        """all = Constant<value = int64[2] {1, 2100}>()
        flat = Reshape(scores, all)
        k = Constant<value = int64[1] {9}>()
        best, index = TopK(flat, k)
        seven = Constant<value = int64 {7}>()
        labels = Mod(index, seven)""",
    ),
    'a_quotient': (
        ROWS,
        'int64[1,9] labels',
        """all = Constant<value = int64[2] {1, 2100}>()
        flat = Reshape(scores, all)
        k = Constant<value = int64[1] {9}>()
        best, index = TopK(flat, k)
        seven = Constant<value = int64 {7}>()
        box = Div(index, seven)
        first = Mul(box, seven)
        labels = Sub(index, first)""",
    ),
    # YOLOv7 --max-wh: one suppression for all classes, which are chosen before it.
    'the_best': (
        'float[1,300,12] rows',
        'float[1,300,1] table',
        """first = Constant<value = int64[1] {5}>()
        last = Constant<value = int64[1] {12}>()
        axis = Constant<value = int64[1] {2}>()
        scores = Slice(rows, first, last, axis)
        number = ArgMax<axis = 2>(scores)
        table = Cast<to = 1>(number)""",
    ),
    'the_first_of_all': (
        ROWS,
        'int64[1,300,1] labels',
        """one = Constant<value = int64[1] {1}>()
        best, labels = TopK(scores, one)""",
    ),
    # MMDeploy, super-gradients, paddle2onnx: a row of scores a class.
    'a_suppression': (
        f'{ROWS}, float[1,300,4] boxes',
        'int64[n] labels',
        """rows = Transpose<perm = [0, 2, 1]>(scores)
        found = NonMaxSuppression(boxes, rows)
        axis = Constant<value = int64 {1}>()
        labels = Gather<axis = 1>(found, axis)""",
    ),
    # PyTorch asks for the size of an axis, here behind slices whose ends are not known.
    'a_remainder_by_an_axis': (
        f'{ROWS}, int64[1] first, int64[1] last',
        'int64[9] labels',
        """axis = Constant<value = int64[1] {1}>()
        level = Slice(scores, first, last, axis)
        zero = Constant<value = int64 {0}>()
        image = Gather<axis = 0>(level, zero)
        all = Constant<value = int64[1] {-1}>()
        flat = Reshape(image, all)
        k = Constant<value = int64[1] {9}>()
        best, index = TopK(flat, k)
        sizes = Shape(image)
        one = Constant<value = int64 {1}>()
        classes = Gather(sizes, one)
        labels = Mod(index, classes)""",
    ),
    'efficient_nms': (
        f'{ROWS}, float[1,300,4] boxes',
        'int32[1,9] labels',
        'count, found, best, labels = trt.EfficientNMS_TRT(boxes, scores)',
    ),
    'batched_nms': (
        f'{ROWS}, float[1,300,1,4] boxes',
        'float[1,9] labels',
        'count, found, best, labels = trt.BatchedNMS_TRT<numClasses = 7>(boxes, scores)',
    ),
}
UNTOLD = {
    'one_row_of_scores': (
        'float[1,1,300] scores, float[1,300,4] boxes',
        'int64[n,3] labels',
        'labels = NonMaxSuppression(boxes, scores)',
    ),
    # Paddle's SSD: one of the classes is a background.
    'a_suppression_after_softmax': (
        f'{ROWS}, float[1,300,4] boxes',
        'int64[n,3] labels',
        """shares = Softmax<axis = 2>(scores)
        rows = Transpose<perm = [0, 2, 1]>(shares)
        labels = NonMaxSuppression(boxes, rows)""",
    ),
    'open_axes': ('float[1,n,c] scores', 'int64[1,n] labels', 'labels = ArgMax<axis = 2>(scores)'),
    'behind_weights': (
        f'{ROWS}, float[300,8] weights',
        'float[1,8] labels',
        """number = ArgMax<axis = 2, keepdims = 0>(scores)
        float_number = Cast<to = 1>(number)
        labels = MatMul(float_number, weights)""",
    ),
    'an_unknown_operator': (ROWS, 'int32[1,9] labels', 'labels = trt.Choose(scores)'),
    'a_circle': (
        ROWS,
        'int64[9] labels',
        """labels = Mod(a, b)
        a = Identity(b)
        b = Gather(sizes, a)
        sizes = Shape(a)""",
    ),
    'several_of_the_best': (
        ROWS,
        'int64[1,300,3] labels',
        """three = Constant<value = int64[1] {3}>()
        best, labels = TopK(scores, three)""",
    ),
}


def count(inputs: str, output: str, body: str) -> int | None:
    """Return what is counted in a graph."""
    text = HEAD.format(inputs=inputs, outputs=output) + body + '}'
    return chosen_classes(parser.parse_model(text), output.rpartition(' ')[2])


@pytest.mark.parametrize('name', CHOSEN)
def test_classes_are_counted_where_one_is_chosen(name: str) -> None:
    assert count(*CHOSEN[name]) == 7


@pytest.mark.parametrize('name', UNTOLD)
def test_what_a_graph_does_not_tell_is_not_counted(name: str) -> None:
    assert count(*UNTOLD[name]) is None


def test_the_only_softmax_is_over_all_classes() -> None:
    one = 'float[9,7] logits'
    text = HEAD.format(inputs=one, outputs='float[9,7] shares') + 'shares = Softmax(logits)}'
    assert softmax_classes(parser.parse_model(text)) == 7
    two = text.replace('shares = Softmax(logits)', 'x = Softmax(logits) shares = Softmax(x)')
    assert softmax_classes(parser.parse_model(two)) is None


@pytest.mark.parametrize(
    'node',
    [
        'labels = ArgMax()',
        'labels = Mod(scores)',
        'labels = Mul(scores)',
        'labels = TopK(scores)',
        'labels = NonMaxSuppression(scores)',
        'labels = trt.EfficientNMS_TRT(scores)',
        'number = Constant() labels = ArgMax(scores)',
    ],
)
def test_operators_that_lack_something_tell_nothing(node: str) -> None:
    text = HEAD.format(inputs=ROWS, outputs='int64[1,9] labels') + node + '}'
    assert chosen_classes(parser.parse_model(text), 'labels') is None
