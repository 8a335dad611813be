# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The decoders by the names that cards call them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from numpy.typing import NDArray

from ...cards.box_table import BoxTable
from ...errors import DecodeError
from ..detection import Candidates
from . import (
    centerface,
    centernet,
    custom_vision_grid,
    detectnet,
    detectnet_v2,
    detr,
    nanodet,
    nanodet_plus,
    pytorch_ssd,
    ssd,
    yolo_tasks,
    yolov5,
    yolov5_face,
    yolov8,
    yolox,
)
from .finished import end_to_end, labelled_boxes, mmdeploy, rows, tensorflow_ssd
from .shapes import Pattern, class_count

Decode = Callable[
    [Mapping[str, NDArray[Any]], Mapping[str, str], tuple[int, int], float], Candidates
]


@dataclass(frozen=True, slots=True)
class Decoder:
    """How one family of detectors writes down what it found.

    Attributes:
        roles: The roles of outputs that it reads; a card's ``outputs`` names a tensor for each.
        decode: Reads one image: arrays by tensor name, without their batch axis; tensor names by
            role; width and height of the network's input; least score. Raises DecodeError where
            an array is not of its form.
        class_count: Reads the number of classes from the shapes of the outputs by role, without
            their batch axis and -1 where open; None where they do not tell.
        table: What a device needs to know to pick the candidates itself; None where it cannot.
        suppressed: Whether the network has suppressed duplicates, or never makes any.
        batch_axis: Whether the outputs have a batch axis; else they belong to a single image, or
            rows tell their image.
        tells_image: Whether rows tell their image.
        background: Whether class 0 is the background.
        takes_classes: Whether ``decode`` also takes ``classes``, the number of classes, if known.
        by_coco: Whether networks that found COCO's classes write its category numbers, with holes.
        from_1: Whether networks number their classes from 1, so that class 0 here is their 1.
        exclusive: The role whose rows choose one class each: ``logits`` before the softmax, or
            ``scores`` after it. None where each class has a score of its own.
        logits: The role of values that become scores by a sigmoid or softmax; None where the
            scores are finished, or there is no such role.
        boxes: How they are written: their ``edges``, their ``centres`` with width and height, or
            in ``cells`` of a grid.
        other_unit: Name of the decoder of the same tensors whose boxes are in another unit: shares
            of the input, pixels or cells of a grid; None where there is none.
        from_0: Name of the decoder of the same tensors whose class 0 is the first label; None
            where there is none, or where it is so here.
        class_column: Column of the class in a table of finished rows; None where classes are the
            role ``classes``, or are not written down.
    """

    roles: tuple[str, ...]
    decode: Decode
    class_count: Callable[[Mapping[str, tuple[int, ...]]], int | None]
    table: BoxTable | None = None
    suppressed: bool = False
    batch_axis: bool = True
    tells_image: bool = False
    background: bool = False
    takes_classes: bool = False
    by_coco: bool = False
    from_1: bool = False
    exclusive: Literal['logits', 'scores'] | None = None
    logits: str | None = None
    boxes: Literal['edges', 'centres', 'cells'] = 'edges'
    other_unit: str | None = None
    from_0: str | None = None
    class_column: int | None = None

    def for_classes(self, count: int | None) -> Decoder:
        """Return the decoder for a network with so many classes, if that is known."""
        if count is None or not self.takes_classes:
            return self
        decode: Callable[..., Candidates] = self.decode
        return replace(self, decode=partial(decode, classes=count))


def _decoder(
    decode: Decode,
    shapes: Mapping[str, Pattern],
    table: BoxTable | None = None,
    **facts: Any,
) -> Decoder:
    count = partial(class_count, patterns=shapes)
    return Decoder(tuple(shapes), decode, count, table, **facts)


def _rows(columns: rows.Columns, **facts: bool) -> Decoder:
    return _decoder(
        partial(rows.decode, columns=columns),
        columns.shapes,
        None,
        suppressed=True,
        tells_image=columns.image is not None,
        class_column=columns.class_id,
        **facts,
    )


DECODERS: dict[str, Decoder] = {
    'centerface': _decoder(centerface.decode, centerface.SHAPES, boxes='cells'),
    'centernet': _decoder(centernet.decode, centernet.SHAPES, boxes='cells'),
    'centernet_raw': _decoder(
        centernet.decode_raw, centernet.SHAPES, logits='heatmap', boxes='cells'
    ),
    'custom_vision': _decoder(
        partial(labelled_boxes.decode_shares, decoder='custom_vision'),
        labelled_boxes.SHAPES,
        suppressed=True,
        batch_axis=False,
    ),
    'custom_vision_grid': Decoder(
        tuple(custom_vision_grid.SHAPES),
        custom_vision_grid.decode,
        custom_vision_grid.class_count,
        boxes='cells',
    ),
    'detectnet': _decoder(detectnet.decode, detectnet.SHAPES, boxes='cells'),
    'detectnet_v2': _decoder(detectnet_v2.decode, detectnet_v2.SHAPES, boxes='cells'),
    'boxes_scores': _decoder(
        partial(nanodet.decode, decoder='boxes_scores'),
        nanodet.SHAPES,
        nanodet.TABLE,
        other_unit='ssd',
    ),
    'detr': _decoder(
        detr.decode_softmax,
        detr.SOFTMAX_SHAPES,
        suppressed=True,
        exclusive='logits',
        logits='logits',
        boxes='centres',
    ),
    'efficientdet': _rows(rows.AUTOML, by_coco=True, from_1=True),
    'end_to_end': _decoder(
        end_to_end.decode, end_to_end.SHAPES, suppressed=True, class_column=end_to_end.CLASS
    ),
    'labelled_boxes': _decoder(
        labelled_boxes.decode,
        labelled_boxes.SHAPES,
        suppressed=True,
        other_unit='labelled_shares',
    ),
    'labelled_shares': _decoder(
        labelled_boxes.decode_shares,
        labelled_boxes.SHAPES,
        suppressed=True,
        other_unit='labelled_boxes',
    ),
    'mmdeploy': _decoder(mmdeploy.decode, mmdeploy.SHAPES, suppressed=True),
    'nanodet': _decoder(nanodet.decode, nanodet.SHAPES, nanodet.TABLE),
    'nanodet_raw': _decoder(nanodet.decode_raw, nanodet.RAW_SHAPES, boxes='cells'),
    'nanodet_levels': _decoder(
        nanodet_plus.decode_levels, nanodet_plus.LEVEL_SHAPES, boxes='cells'
    ),
    'nanodet_plus': _decoder(
        nanodet_plus.decode, nanodet_plus.USUAL_SHAPES, takes_classes=True, boxes='cells'
    ),
    'paddle': _rows(rows.PADDLE, batch_axis=False),
    'pytorch_ssd': _decoder(
        pytorch_ssd.decode,
        pytorch_ssd.SHAPES,
        pytorch_ssd.TABLE,
        background=True,
        exclusive='scores',
    ),
    'rfdetr': _decoder(
        detr.decode_spare, detr.SOFTMAX_SHAPES, suppressed=True, logits='logits', boxes='centres'
    ),
    'rtdetr': _decoder(
        detr.decode_focal, detr.FOCAL_SHAPES, suppressed=True, logits='logits', boxes='centres'
    ),
    'rtdetr_coco': _decoder(
        detr.decode_coco, detr.SOFTMAX_SHAPES, suppressed=True, logits='logits', boxes='centres'
    ),
    'rtdetr_end_to_end': _decoder(
        end_to_end.decode_shares,
        end_to_end.SHARE_SHAPES,
        suppressed=True,
        boxes='centres',
        class_column=end_to_end.CLASS,
    ),
    'rtdetr_rows': _decoder(detr.decode_rows, detr.ROW_SHAPES, suppressed=True, boxes='centres'),
    'ssd': Decoder(ssd.ROLES, ssd.decode, ssd.class_count, ssd.TABLE, other_unit='boxes_scores'),
    'tensorflow_ssd': _decoder(
        tensorflow_ssd.decode, tensorflow_ssd.SHAPES, suppressed=True, by_coco=True, from_1=True
    ),
    'tflite_ssd': _decoder(
        tensorflow_ssd.decode_tflite, tensorflow_ssd.SHAPES, suppressed=True, by_coco=True
    ),
    'torchvision': _decoder(
        labelled_boxes.decode_torchvision,
        labelled_boxes.SHAPES,
        suppressed=True,
        batch_axis=False,
        background=True,
        by_coco=True,
        from_0='torchvision_from_0',
    ),
    'torchvision_from_0': _decoder(
        partial(labelled_boxes.decode_torchvision, decoder='torchvision_from_0'),
        labelled_boxes.SHAPES,
        suppressed=True,
        batch_axis=False,
    ),
    'yolo_nas_flat': _rows(rows.FLAT, batch_axis=False),
    'yolo_pose': Decoder(
        ('predictions',),
        yolo_tasks.decode_pose,
        yolo_tasks.pose_classes,
        takes_classes=True,
        boxes='centres',
    ),
    'yolo_segment': Decoder(
        ('prototypes', 'predictions'),
        yolo_tasks.decode_segment,
        yolo_tasks.segment_classes,
        boxes='centres',
    ),
    'yolov5': _decoder(yolov5.decode, yolov5.SHAPES, yolov5.TABLE, boxes='centres'),
    'yolov5_face': _decoder(yolov5_face.decode, yolov5_face.SHAPES, boxes='centres'),
    'yolov5_segment': Decoder(
        ('prototypes', 'predictions'),
        yolo_tasks.decode_yolov5_segment,
        yolo_tasks.yolov5_segment_classes,
        boxes='centres',
    ),
    'yolov7_end2end': _rows(rows.YOLOV7, batch_axis=False),
    'yolov8': _decoder(yolov8.decode, yolov8.SHAPES, yolov8.TABLE, boxes='centres'),
    'yolov8_rows': _decoder(yolov8.decode_rows, yolov8.ROW_SHAPES, boxes='centres'),
    'yolox': _decoder(yolox.decode, yolox.SHAPES, yolox.TABLE, boxes='cells', other_unit='yolov5'),
}


def find_decoder(name: str) -> Decoder:
    """Find a decoder by its name.

    Raises:
        DecodeError: There is none; the message lists those there are.
    """
    if name not in DECODERS:
        msg = f'no decoder {name!r}; it is one of {", ".join(sorted(DECODERS))}'
        raise DecodeError(msg)
    return DECODERS[name]
