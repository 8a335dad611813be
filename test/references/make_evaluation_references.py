# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Judge the answers of ``random_answers`` with torchmetrics, and keep its figures.

Needs torch, torchmetrics, torchvision and faster-coco-eval:
    PYTHONPATH=test/support python3 test/references/make_evaluation_references.py \
        test/references/torchmetrics_evaluation.json
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import random_answers
import torch
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassCalibrationError,
    MulticlassConfusionMatrix,
    MulticlassF1Score,
    MulticlassJaccardIndex,
)
from torchmetrics.detection import MeanAveragePrecision


def detection():
    # Its own thresholds are float32, so that a recall of 0.6 does not reach 0.6.
    judge = MeanAveragePrecision(
        backend='faster_coco_eval',
        class_metrics=True,
        iou_thresholds=np.linspace(0.5, 0.95, 10).tolist(),
        rec_thresholds=np.linspace(0, 1, 101).tolist(),
    )
    for one in random_answers.boxes():
        tensors = {key: torch.from_numpy(value) for key, value in one.items()}
        judge.update(
            [
                {
                    'boxes': tensors['found_xyxy'],
                    'scores': tensors['scores'],
                    'labels': tensors['found_ids'],
                }
            ],
            [
                {
                    'boxes': tensors['true_xyxy'],
                    'labels': tensors['true_ids'],
                    'iscrowd': tensors['is_crowd'].int(),
                }
            ],
        )
    found = judge.compute()
    names = {
        'map': 'mAP',
        'map_50': 'AP50',
        'map_75': 'AP75',
        'map_small': 'AP_small',
        'map_medium': 'AP_medium',
        'map_large': 'AP_large',
        'mar_1': 'AR1',
        'mar_10': 'AR10',
        'mar_100': 'AR100',
    }
    classes = found['classes'].tolist()
    return {name: float(found[key]) for key, name in names.items()} | {
        'AP': dict(zip(classes, found['map_per_class'].tolist(), strict=True))
    }


def classification():
    shares, truth = map(torch.from_numpy, random_answers.probabilities())
    count = shares.shape[1]
    return {
        'top1': float(MulticlassAccuracy(count, average='micro')(shares, truth)),
        'top5': float(MulticlassAccuracy(count, top_k=5, average='micro')(shares, truth)),
        'mean_class_accuracy': float(MulticlassAccuracy(count)(shares, truth)),
        'macro_f1': float(MulticlassF1Score(count)(shares, truth)),
        'ECE': float(MulticlassCalibrationError(count, n_bins=15)(shares, truth)),
        'confusion': MulticlassConfusionMatrix(count)(shares, truth).tolist(),
    }


def segmentation():
    truth, answer, _ = (torch.from_numpy(array).long() for array in random_answers.masks())
    options = {'num_classes': 5, 'ignore_index': 255}
    return {
        'mIoU': float(MulticlassJaccardIndex(**options)(answer, truth)),
        'IoU': MulticlassJaccardIndex(**options, average=None)(answer, truth).tolist(),
        'pixel_accuracy': float(MulticlassAccuracy(**options, average='micro')(answer, truth)),
    }


def main() -> None:
    packages = ('torch', 'torchmetrics', 'faster-coco-eval')
    content = {
        'made by': {name: version(name) for name in packages},
        'detection': detection(),
        'classification': classification(),
        'segmentation': segmentation(),
    }
    Path(sys.argv[1]).write_text(json.dumps(content, indent=1) + '\n')


if __name__ == '__main__':
    main()
