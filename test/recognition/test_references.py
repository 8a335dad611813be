# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of exports of torchvision and transformers against what the frameworks find themselves.

``test/references/make_references.py`` makes the files in test/references; see the README there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning import DetectNet, SegNet
from ros_deep_learning.networks.proof import proof_picture
from ros_deep_learning.tasks.suppression import DetectionSettings

REFERENCES = Path(__file__).parent.parent / 'references'
DETECTORS = {
    'torchvision_faster_rcnn': 'torchvision',
    'torchvision_fcos': 'torchvision',
    'torchvision_retinanet': 'torchvision',
    'torchvision_ssdlite': 'torchvision',
    'transformers_d_fine': 'rtdetr',
    'transformers_detr': 'detr',
    'transformers_rt_detr': 'rtdetr',
}


def pictures() -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield the picture that the frameworks saw, and its mirror image."""
    picture = proof_picture()
    array = picture.array if picture.order == 'rgb' else picture.array[..., ::-1]
    yield 'plain', np.ascontiguousarray(array)
    yield 'flipped', np.ascontiguousarray(array[:, ::-1])


def reference(name: str) -> tuple[Path, dict[str, Any]]:
    """Return the network and what its framework found, by picture."""
    path, found = REFERENCES / f'{name}.onnx', REFERENCES / f'{name}.json'
    if not path.is_file():
        path, found = REFERENCES / name / 'model.onnx', REFERENCES / name / 'found.json'
    return path, json.loads(found.read_text())


def visible(found: dict[str, Any], least: float) -> dict[str, Any]:
    """Return what reaches a score and has an area within the picture, best first."""
    scores = np.array(found['scores'])
    boxes = np.clip(np.array(found['boxes']), 0, 320)
    rows = np.flatnonzero((scores >= least) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1))
    rows = rows[np.argsort(-scores[rows], kind='stable')]
    labels = np.array(found['labels'])[rows].tolist()
    return {'scores': scores[rows], 'boxes': boxes[rows], 'labels': labels}


@pytest.mark.parametrize('name', DETECTORS)
def test_boxes_and_scores_are_those_of_the_framework(name: str) -> None:
    path, expected = reference(name)
    least = 0.05 if name.startswith('torchvision') else 0.3
    settings = DetectionSettings(score_threshold=least)
    with DetectNet(path, settings=settings) as net:
        assert net.decoder == DETECTORS[name]
        for kind, image in pictures():
            found, theirs = net.detect(image), visible(expected[kind], least)
            count = len(theirs['scores'])
            assert count >= 5
            assert len(found) >= count
            np.testing.assert_allclose(found.scores[:count], theirs['scores'], atol=1e-4)
            assert found.class_ids[:count].tolist() == theirs['labels']
            np.testing.assert_allclose(found.boxes_xyxy[:count], theirs['boxes'], atol=0.01)


def test_a_mask_is_that_of_the_framework() -> None:
    path, expected = reference('transformers_segformer')
    with SegNet(path) as net:
        assert net.labels[1] == 'name 1'
        for kind, image in pictures():
            mask, theirs = net.segment(image).class_mask, expected[kind]
            counts = np.bincount(mask.ravel(), minlength=5)
            apart = np.abs(counts - theirs['pixels_of_class']).sum() / mask.size
            assert apart < 0.02
            agree = (mask[8::16, 8::16] == np.array(theirs['mask_by_16'])).mean()
            assert agree > 0.97
