# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of exports of torchvision, transformers and rfdetr against what these find themselves.

``test/references/make_references.py`` makes the files in test/references; see the README there.
"""

from __future__ import annotations

import json
import lzma
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
    'rfdetr_nano': 'rfdetr',
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


def reference(name: str, folder: Path) -> tuple[Path, dict[str, Any]]:
    """Unpack a network into a folder; return it and what its framework found, by picture."""
    packed, found = REFERENCES / f'{name}.onnx.xz', REFERENCES / f'{name}.json'
    if not packed.is_file():
        own = REFERENCES / name
        packed, found = own / 'model.onnx.xz', own / 'found.json'
        for configuration in own.glob('*config.json'):
            (folder / configuration.name).write_bytes(configuration.read_bytes())
    path = folder / packed.stem
    path.write_bytes(lzma.decompress(packed.read_bytes()))
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
def test_boxes_and_scores_are_those_of_the_framework(name: str, tmp_path: Path) -> None:
    path, expected = reference(name, tmp_path)
    least = 0.05 if name.startswith('torchvision') else 0.3
    settings = DetectionSettings(score_threshold=least)
    # An export of RF-DETR has no names; their number tells that its last logit is no class's.
    labels = tmp_path / 'labels.txt' if name.startswith('rfdetr') else None
    if labels is not None:
        labels.write_text('a\nb\nc\nd\ne\n')
    with DetectNet(path, labels=labels, settings=settings) as net:
        assert net.decoder == DETECTORS[name]
        for kind, image in pictures():
            found, theirs = net.detect(image), visible(expected[kind], least)
            count = len(theirs['scores'])
            assert count >= 5
            assert len(found) >= count
            np.testing.assert_allclose(found.scores[:count], theirs['scores'], atol=1e-4)
            assert found.class_ids[:count].tolist() == theirs['labels']
            np.testing.assert_allclose(found.boxes_xyxy[:count], theirs['boxes'], atol=0.01)


@pytest.mark.parametrize('name', ['faster_rcnn', 'fcos', 'retinanet'])
def test_a_picture_of_another_form_is_padded_as_by_torchvision(name: str, tmp_path: Path) -> None:
    path, expected = reference(f'torchvision_{name}', tmp_path)
    (_, image), _ = pictures()
    wide = image[20:220]
    theirs = visible(expected['wide'], 0.1)
    with DetectNet(path, settings=DetectionSettings(score_threshold=0.1)) as net:
        found = net.detect(wide)
    # Boxes that reach into the padding are clipped before suppression there, and after it here.
    apart = [unlike(one, theirs) for one in found]
    assert len(apart) == pytest.approx(len(theirs['scores']), abs=1)
    assert np.quantile(apart, 0.9) < 0.5


def unlike(one: Any, theirs: dict[str, Any]) -> float:
    """Return how far an object is from the nearest one of its class: pixels, and percents."""
    same = np.array(theirs['labels']) == one.class_id
    edges = np.abs(theirs['boxes'][same] - one.box_xyxy).max(axis=1)
    scores = np.abs(theirs['scores'][same] - one.score)
    return float((edges + 100 * scores).min(initial=np.inf))


def test_a_mask_is_that_of_the_framework(tmp_path: Path) -> None:
    path, expected = reference('transformers_segformer', tmp_path)
    with SegNet(path) as net:
        assert net.labels[1] == 'name 1'
        for kind, image in pictures():
            mask, theirs = net.segment(image).class_mask, expected[kind]
            counts = np.bincount(mask.ravel(), minlength=5)
            apart = np.abs(counts - theirs['pixels_of_class']).sum() / mask.size
            assert apart < 0.02
            agree = (mask[8::16, 8::16] == np.array(theirs['mask_by_16'])).mean()
            assert agree > 0.97
