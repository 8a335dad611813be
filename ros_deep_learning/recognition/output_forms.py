# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Shapes, sizes and usual names of the outputs of each family of detectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ..tasks.decoders import (
    centerface,
    centernet,
    custom_vision_grid,
    detectnet,
    detectnet_v2,
    detr,
    nanodet,
    nanodet_plus,
    pytorch_ssd,
    yolo_tasks,
    yolov5,
    yolov5_face,
    yolov8,
    yolox,
)
from ..tasks.decoders.arrays import cell_count
from ..tasks.decoders.finished import labelled_boxes, mmdeploy, rows, tensorflow_ssd
from ..tasks.decoders.shapes import Pattern

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Form:
    """A form of outputs that a decoder reads.

    Attributes:
        decoder: Name of the decoder.
        patterns: Shape of the tensor for each role.
        names: Regular expression for the usual name of the tensor for each role.
        optional: Optional tensors: role, regular expression for the name, and shape.
        ignored: Regular expression for the names of further tensors, which have no role.
        rows_fit: Function that returns whether a number of rows fits the input's width and
            height; None = any number does.
        background: True if the first label must be the background, False if it must not be;
            None = either.
        in_order: Whether the outputs are in the order of the patterns, which then distinguishes
            tensors of the same shape.
        classes: Number of classes, if all such networks have the same.
        by_shape: Whether shapes and names alone may tell the decoder; else it must be named.
    """

    decoder: str
    patterns: Mapping[str, Pattern]
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    optional: tuple[tuple[str, str, Pattern], ...] = ()
    ignored: str | None = None
    rows_fit: Callable[[int, Size], bool] | None = None
    background: bool | None = None
    in_order: bool = False
    classes: int | None = None
    by_shape: bool = True


def _on_grids(*grids: tuple[int, ...], anchors: tuple[int, ...] = (1,)) -> Callable[..., bool]:
    def fits(rows: int, network_wh: Size) -> bool:
        return any(rows == n * cell_count(network_wh, grid) for grid in grids for n in anchors)

    return fits


_P5, _P6, _P2, _FINE = (8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32), (4,)
_any_grid = _on_grids(_P5, _P6, _P2, _FINE, anchors=(1, 3))


def _on_no_grid(rows: int, network_wh: Size) -> bool:
    return not _any_grid(rows, network_wh)


_on_p5 = _on_grids(_P5)
_yolov5_anchors = _on_grids(_P5, _P6, anchors=(3,))


def _yolov5_rows(rows: int, network_wh: Size) -> bool:
    return _on_p5(rows, network_wh) or _yolov5_anchors(rows, network_wh)


_COUNT = (('count', 'num|count', ()), ('count', 'num|count', (1,)))
_BOXES_AND_SCORES = {'boxes': 'box', 'scores': 'score|conf'}
_CENTERNET = {'heatmap': '^hm|heat', 'size': '^wh|size', 'offset': '^reg|off'}
_BOXES_AND_LOGITS = {'logits': 'logit|^labels', 'boxes': 'box|^dets'}

FORMS: tuple[Form, ...] = (
    Form(
        'ssd',
        pytorch_ssd.SHAPES,
        _BOXES_AND_SCORES,
        rows_fit=_on_no_grid,
        background=False,
    ),
    Form(
        'pytorch_ssd',
        pytorch_ssd.SHAPES,
        _BOXES_AND_SCORES,
        rows_fit=_on_no_grid,
        background=True,
    ),
    Form(
        'tensorflow_ssd',
        tensorflow_ssd.SHAPES,
        {
            'boxes': 'detection_boxes',
            'classes': 'detection_classes',
            'scores': 'detection_scores',
        },
        optional=_COUNT,
        ignored='raw_detection|multiclass_scores|anchor_indices',
    ),
    Form(
        'labelled_boxes',
        labelled_boxes.SHAPES,
        {
            'boxes': '^(det_)?boxes',
            'classes': '^(labels|(det_)?classes)',
            'scores': '^(det_)?scores',
        },
        optional=_COUNT,
    ),
    Form('detectnet', detectnet.SHAPES, {'coverage': '^coverage', 'boxes': '^bboxes'}),
    Form('detectnet_v2', detectnet_v2.SHAPES, {'coverage': 'output_cov', 'boxes': 'output_bbox'}),
    Form('yolov5', yolov5.SHAPES, rows_fit=_yolov5_rows),
    # One face with five landmarks; one person with 17 key points, or a face with five.
    Form('yolov5_face', {'predictions': ('N', 16)}, rows_fit=_yolov5_anchors, classes=1),
    Form('yolo_pose', {'predictions': (56, 'N')}, rows_fit=_on_p5, classes=1),
    Form('yolo_pose', {'predictions': (20, 'N')}, rows_fit=_on_p5, classes=1),
    Form('yolo_segment', yolo_tasks.SEGMENT_SHAPES, rows_fit=_on_p5),
    Form('yolov5_segment', yolo_tasks.YOLOV5_SEGMENT_SHAPES, rows_fit=_yolov5_anchors),
    Form('yolov8', yolov8.SHAPES, rows_fit=_on_grids(_P5, _P6, _P2)),
    Form('yolov8_rows', yolov8.ROW_SHAPES, rows_fit=_on_p5),
    Form('yolox', yolox.SHAPES, rows_fit=_on_p5),
    Form('end_to_end', {'predictions': ('N', 6)}, rows_fit=_on_no_grid),
    Form('detr', detr.SOFTMAX_SHAPES, _BOXES_AND_LOGITS, rows_fit=_on_no_grid),
    Form('rtdetr', detr.FOCAL_SHAPES, _BOXES_AND_LOGITS, rows_fit=_on_no_grid),
    Form(
        'centerface',
        centerface.SHAPES,
        {'heatmap': 'heat', 'scale': 'scale', 'offset': 'offset'},
        optional=(('landmarks', '', (10, 'H', 'W')),),
        in_order=True,
    ),
    # The shapes of these two are equal: they do not show whether the heat map needs a sigmoid.
    Form('centernet', centernet.SHAPES, _CENTERNET),
    Form('centernet_raw', centernet.SHAPES, _CENTERNET),
    Form('boxes_scores', nanodet.SHAPES, _BOXES_AND_SCORES, rows_fit=_on_grids(_P5, _P6, _FINE)),
    Form('nanodet_raw', nanodet.RAW_SHAPES, rows_fit=_on_grids(_P5)),
    Form('nanodet_plus', nanodet_plus.USUAL_SHAPES, rows_fit=_on_grids(_P5, _P6)),
    Form('yolov7_end2end', rows.SEVEN),
    Form('yolo_nas_flat', rows.SEVEN),
    *(
        Form(decoder, shapes, by_shape=False)
        for decoder, shapes in (
            ('custom_vision', labelled_boxes.SHAPES),
            ('custom_vision_grid', custom_vision_grid.SHAPES),
            ('efficientdet', rows.SEVEN),
            ('labelled_shares', labelled_boxes.SHAPES),
            ('mmdeploy', mmdeploy.SHAPES),
            ('nanodet', nanodet.SHAPES),
            ('nanodet_levels', nanodet_plus.LEVEL_SHAPES),
            ('paddle', rows.SIX),
            ('rfdetr', detr.SOFTMAX_SHAPES),
            ('rtdetr_coco', detr.SOFTMAX_SHAPES),
            ('rtdetr_end_to_end', {'predictions': ('N', 6)}),
            ('rtdetr_rows', detr.ROW_SHAPES),
            ('tflite_ssd', tensorflow_ssd.SHAPES),
            ('torchvision', labelled_boxes.SHAPES),
            ('torchvision_from_0', labelled_boxes.SHAPES),
            ('yolo_pose', yolo_tasks.POSE_SHAPES),
            ('yolov5_face', yolov5_face.SHAPES),
        )
    ),
)
"""All known forms; the letter N, A or Q in a shape is the number of rows."""
