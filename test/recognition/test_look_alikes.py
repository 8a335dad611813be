# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of exports with the names and shapes of a known family, but other contents.

A stranger's network may have centre, width and height where its names mean edges, shares where
pixels are read, or scores where logits are. It must be refused, or read with an option that the
message names; it is never read wrongly without a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import write_exported
from numpy.typing import NDArray

from ros_deep_learning import DetectNet
from ros_deep_learning.errors import CardError

SIDE = 320
CELLS = 40 * 40 + 20 * 20 + 10 * 10
TYPES = {'orig_target_sizes': 'int64'}


def boxes(count: int) -> NDArray[np.float64]:
    """Return boxes inside the picture, as edges in pixels; the first are the surest."""
    shares = np.random.default_rng(0).uniform(0, 1, (count, 4))
    sides = 20 + 100 * shares[:, 2:]
    first = shares[:, :2] * (SIDE - sides)
    return np.concatenate([first, first + sides], axis=1)


def as_edges(edges: NDArray[Any]) -> NDArray[Any]:
    return edges


def as_centres(edges: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([(edges[:, :2] + edges[:, 2:]) / 2, edges[:, 2:] - edges[:, :2]], axis=1)


def as_corners(edges: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([edges[:, :2], edges[:, 2:] - edges[:, :2]], axis=1)


def scores(count: int, classes: int, *, background: int | None = None) -> NDArray[np.float64]:
    """Return a score a row and class, of which five rows have an object of class 1."""
    table = np.random.default_rng(1).uniform(0.001, 0.02, (count, classes)) * 3 / classes
    table[:5, 1] = [0.92, 0.85, 0.8, 0.7, 0.65]
    if background is not None:
        table[:, background] = 0
        table[:, background] = 1 - table.sum(axis=1)
    return table


def logits(table: NDArray[Any]) -> NDArray[Any]:
    """Return what a sigmoid makes these scores of."""
    return np.log(table / (1 - table))


Make = Callable[[NDArray[Any]], dict[str, NDArray[Any]]]


@dataclass(frozen=True)
class Family:
    """How a family writes boxes, and the exports that look like its."""

    name: str
    decoder: str
    form: Callable[[NDArray[Any]], NDArray[Any]]
    unit: float
    make: Make
    count: int = 300
    inputs: Mapping[str, list[Any]] = field(default_factory=lambda: {'images': [1, 3, SIDE, SIDE]})
    more: Mapping[str, Any] = field(default_factory=dict)


def table(name: str, transpose: bool = False, *between: float) -> Make:
    """Return a maker of one table of boxes and scores."""

    def make(rows: NDArray[Any]) -> dict[str, NDArray[Any]]:
        ones = np.ones((len(rows), len(between)))
        whole = np.concatenate([rows, ones, scores(len(rows), 3)], axis=1)
        return {name: whole.T if transpose else whole}

    return make


def two(box_name: str, other_name: str, of_scores: Callable[[int], NDArray[Any]]) -> Make:
    return lambda rows: {box_name: rows, other_name: of_scores(len(rows))}


def finished(names: tuple[str, str, str], count: str = '') -> Make:
    """Return a maker of boxes, scores and classes of what was found."""

    def make(rows: NDArray[Any]) -> dict[str, NDArray[Any]]:
        best = scores(len(rows), 3)[:, 1]
        found = {names[0]: rows, names[1]: best, names[2]: np.ones(len(rows), np.int64)}
        return ({count: np.array([len(rows)], np.int32)} if count else {}) | found

    return make


def columns(name: str, order: Callable[[NDArray[Any], NDArray[Any]], list[Any]]) -> Make:
    """Return a maker of rows with box, score and class 1."""
    return lambda rows: {name: np.column_stack(order(rows, scores(len(rows), 3)[:, 1]))}


FAMILIES = [
    Family('yolov8', 'yolov8', as_centres, 1, table('output0', True), CELLS),
    Family('yolov5', 'yolov5', as_centres, 1, table('output', False, 1.0), 3 * CELLS),
    Family('yolo_nas', 'boxes_scores', as_edges, 1,
           two('904', '913', lambda n: scores(n, 3)), CELLS),
    Family('rfdetr', 'rtdetr', as_centres, SIDE,
           two('dets', 'labels', lambda n: logits(scores(n, 3))),
           inputs={'input': [1, 3, SIDE, SIDE]}),
    Family('transformers', 'rtdetr', as_centres, SIDE,
           two('pred_boxes', 'logits', lambda n: logits(scores(n, 80))),
           inputs={'pixel_values': [1, 3, SIDE, SIDE]}),
    Family('transformers_detr', 'detr', as_centres, SIDE,
           two('pred_boxes', 'logits', lambda n: np.log(scores(n, 92, background=91))), 100,
           inputs={'pixel_values': [1, 3, SIDE, SIDE]}),
    Family('train_ssd', 'pytorch_ssd', as_edges, SIDE,
           two('boxes', 'scores', lambda n: scores(n, 3, background=0)), 3000,
           inputs={'input_0': [1, 3, SIDE, SIDE]}),
    Family('deim', 'labelled_boxes', as_edges, 1, finished(('boxes', 'scores', 'labels')),
           inputs={'images': [1, 3, SIDE, SIDE], 'orig_target_sizes': [1, 2]},
           more={'types': TYPES}),
    Family('efficient_nms', 'labelled_boxes', as_edges, 1,
           finished(('det_boxes', 'det_scores', 'det_classes'), 'num_dets'), 100),
    Family('tao', 'labelled_shares', as_edges, SIDE,
           finished(('BatchedNMS_1', 'BatchedNMS_2', 'BatchedNMS_3'), 'BatchedNMS'), 100),
    Family('mmdeploy', 'mmdeploy', as_edges, 1,
           lambda rows: {'dets': np.column_stack([rows, scores(len(rows), 3)[:, 1]]),
                         'labels': np.ones(len(rows), np.int64)}, 100),
    Family('yolov10', 'end_to_end', as_edges, 1,
           columns('output0', lambda rows, best: [rows, best, np.ones(len(rows))])),
    Family('yolov7', 'yolov7_end2end', as_edges, 1,
           columns('output', lambda rows, best: [0 * best, rows, np.ones(len(rows)), best]), 50,
           more={'declared': {'output': ['n', 7]}}),
    Family('paddle', 'paddle', as_edges, 1,
           columns('out', lambda rows, best: [np.ones(len(rows)), best, rows]), 100,
           inputs={'image': [1, 3, SIDE, SIDE], 'scale_factor': [1, 2]},
           more={'declared': {'out': ['n', 6]}}),
    Family('torchvision', 'torchvision', as_edges, 1, finished(('boxes', 'scores', 'labels')), 100,
           inputs={'image': [3, SIDE, SIDE]}),
]  # fmt: skip

WITHOUT_BATCH = ('yolov7', 'paddle', 'torchvision')


def write(family: Family, folder: Path, form: Callable[..., Any], unit: float) -> Path:
    """Write an export whose boxes are written in a form, in pixels or shares."""
    made = family.make(form(boxes(family.count)) / unit)
    arrays = {
        name: (array if family.name in WITHOUT_BATCH else array[None]).astype(
            np.float32 if array.dtype == np.float64 else array.dtype
        )
        for name, array in made.items()
    }
    return write_exported(
        folder / 'net.onnx', arrays, inputs=family.inputs, last='Identity', **family.more
    )


@pytest.mark.parametrize('family', FAMILIES, ids=lambda family: family.name)
@pytest.mark.parametrize('unit', [1, SIDE], ids=['pixels', 'shares'])
@pytest.mark.parametrize('form', [as_edges, as_centres, as_corners])
def test_an_export_is_read_rightly_or_refused(
    family: Family, form: Callable[..., Any], unit: float, tmp_path: Path
) -> None:
    path = write(family, tmp_path, form, unit)
    decoder = None
    if (form, unit) != (family.form, family.unit):
        if form is as_corners and family.form is as_centres and unit == family.unit:
            with pytest.raises(CardError, match='as if corners were read as centres'):
                DetectNet(path)
            with DetectNet(path, decoder=family.decoder) as net:
                assert 'as if corners were read as centres' in net.warnings[0]
            return
        with pytest.raises(CardError, match='to fix:') as caught:
            DetectNet(path)
        option = re.search(r'--decoder (\w+)', str(caught.value))
        if option is None:
            return
        decoder = option[1]
        if form is not family.form:
            with pytest.raises(CardError, match='read as edges'):
                DetectNet(path, decoder=decoder)
            return
    with DetectNet(path, threshold=0.5, decoder=decoder) as net:
        found = net.detect(np.zeros((SIDE, SIDE, 3), np.uint8))
    assert net.decoder == (decoder or family.decoder)
    assert net.warnings == ()
    np.testing.assert_allclose(found.boxes_xyxy[0], boxes(1)[0], atol=0.1)
    assert len(found) <= 5


ROWS = 'only the shape of the outputs tells; to fix: --decoder'


@pytest.mark.parametrize(
    ('outputs', 'decoder'),
    [
        ({'output0': np.array([[[80, 80, 160, 200, 0.9, 1]] + [[0] * 6] * 9])}, 'end_to_end'),
        (
            {
                'boxes': np.array([[80.0, 80, 160, 200]]),
                'scores': np.array([0.9]),
                'labels': np.array([1]),
            },
            'torchvision',
        ),
    ],
)
def test_few_boxes_of_no_known_exporter_are_a_question(
    outputs: dict[str, NDArray[Any]], decoder: str, tmp_path: Path
) -> None:
    arrays = {
        name: array.astype(np.float32) if array.dtype == np.float64 else array
        for name, array in outputs.items()
    }
    path = write_exported(
        tmp_path / 'net.onnx', arrays, inputs={'images': [1, 3, SIDE, SIDE]}, reads_image=True
    )
    with pytest.raises(CardError, match=f'{ROWS} {decoder} if they are edges'):
        DetectNet(path)
    with DetectNet(path, decoder=decoder, threshold=0.5) as net:
        (found,) = net.detect(np.zeros((SIDE, SIDE, 3), np.uint8))
    assert found.box_xyxy == pytest.approx((80, 80, 160, 200))
