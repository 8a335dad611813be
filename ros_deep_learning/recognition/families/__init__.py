# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Exporters, one file each: how their networks are known, and what is known of them then."""

from __future__ import annotations

from . import (
    centernet,
    custom_vision,
    deim,
    huggingface,
    keras,
    mmdeploy,
    nanodet,
    paddle,
    rfdetr,
    tao,
    tensorflow,
    torchvision,
    train_ssd,
    ultralytics,
    yolo_nas,
    yolov5,
    yolov6,
    yolov7,
    yolox,
)

FAMILIES = (
    ultralytics.FAMILY,
    yolov5.FAMILY,
    yolov6.FAMILY,
    paddle.FAMILY,
    deim.FAMILY,
    huggingface.FAMILY,
    mmdeploy.FAMILY,
    rfdetr.FAMILY,
    tao.FAMILY,
    custom_vision.FAMILY,
    tensorflow.FAMILY,
    keras.FAMILY,
    torchvision.FAMILY,
    train_ssd.FAMILY,
    yolo_nas.FAMILY,
    nanodet.FAMILY,
    yolov7.FAMILY,
    yolox.FAMILY,
    centernet.FAMILY,
)
"""All families; the first that knows a file decides."""
