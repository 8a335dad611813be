# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of torchvision's own SSD and SSDLite, exported, against what they find in PyTorch.

The architectures are the published ones with random weights, the picture is not square.
``test/references`` has small networks for the other tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning import DetectNet
from ros_deep_learning.recognition.custom import card_from_file
from ros_deep_learning.tasks.suppression import DetectionSettings

pytestmark = [pytest.mark.slow, pytest.mark.training]

CLASSES = 7
LEAST = 0.1


ARCHITECTURES = ['ssdlite320_mobilenet_v3_large', 'ssd300_vgg16']


def enliven(model: Any, run: Callable[[], Any]) -> None:
    """Give random weights activations and scores that differ, few of them high."""
    import torch

    norms = [layer for layer in model.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    run()
    model.eval()
    for name, layer in model.named_modules():
        bias = getattr(layer, 'bias', None)
        if (
            'classification_head' not in name
            or bias is None
            or isinstance(layer, torch.nn.BatchNorm2d)
        ):
            continue
        seen: list[Any] = []
        hook = layer.register_forward_hook(lambda *found, seen=seen: seen.append(found[2]))
        run()
        hook.remove()
        if bias.numel() % CLASSES == 0:
            bias.data.view(-1, CLASSES)[:, 0] += 4.0
        layer.weight.data /= torch.cat([part.flatten() for part in seen]).std()


@pytest.mark.parametrize('architecture', ARCHITECTURES)
def test_an_export_finds_what_torchvision_finds(
    architecture: str,
    libraries: None,
    astronaut: NDArray[np.uint8],
    tmp_path: Path,
) -> None:
    import torch
    from torchvision.models import detection

    # As a camera: 4 to 3.
    image = np.ascontiguousarray(cv2.resize(astronaut, (512, 512))[64:448])
    torch.manual_seed(0)
    make = getattr(detection, architecture)
    model = make(weights=None, weights_backbone=None, num_classes=CLASSES).eval()
    tensor = torch.from_numpy(image).permute(2, 0, 1) / 255
    path = tmp_path / 'net.onnx'
    with torch.no_grad():
        enliven(model, lambda: model([tensor, tensor.flip(2)]))
        (theirs,) = model([tensor])
        torch.onnx.export(
            model, ([tensor],), str(path), opset_version=17, dynamo=False,
            input_names=['images'], output_names=list(theirs),
        )  # fmt: skip
    card = card_from_file(path)
    assert (card.decoder, card.classes) == ('torchvision', CLASSES)
    assert (card.input.width, card.input.height) == (512, 384)
    assert card.input.resize == 'stretch'
    # Random weights do not pass the proof of one picture.
    settings = DetectionSettings(score_threshold=LEAST)
    with DetectNet(replace(card, decisions=()), settings=settings) as net:
        found = net.detect(image)
    assert len(found) >= 20
    agreed = sum(is_among(one, theirs) for one in found)
    # Boxes whose scores are nearly equal may suppress each other the other way round.
    assert agreed >= 0.95 * len(found)


def is_among(one: Any, theirs: Mapping[str, Any]) -> bool:
    """Return whether torchvision has found the same box, class and score."""
    boxes, scores = theirs['boxes'].numpy(), theirs['scores'].numpy()
    same = (theirs['labels'].numpy() == one.class_id) & (np.abs(scores - one.score) < 0.002)
    return bool((np.abs(boxes[same] - one.box_xyxy).max(axis=1, initial=0.0) < 0.1).any())
