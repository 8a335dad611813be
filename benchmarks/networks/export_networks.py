# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write networks of known architectures with random weights, and their cards.

Usage: python benchmarks/networks/export_networks.py FOLDER

They are ResNet-18 (224x224), and its trunk with a head of two convolutions (512 to 128 to 21
channels, stride 32) at 320x320 and 2048x1024, which is jetson-inference's FCN-ResNet18. The time
of a network does not depend on its weights. Needs torch, torchvision and onnx, and nothing of this
package, so that it runs in an environment of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torchvision

OPSET = 13
MEAN = '[0.485, 0.456, 0.406]'
STD = '[0.229, 0.224, 0.225]'


def card(name: str, task: str, size_wh: tuple[int, int]) -> str:
    """Write the card of a network with ImageNet's normalisation and an output ``logits``."""
    width, height = size_wh
    return f"""name: {name}
task: {task}
source: {{file: {name}.onnx}}
format: onnx
input:
  name: image
  width: {width}
  height: {height}
  channels: rgb
  resize: stretch
  interpolation: bilinear
  scale: 0.00392156862745098
  mean: {MEAN}
  std: {STD}
outputs: {{logits: logits}}
licence: Apache-2.0
"""


def fcn_resnet18() -> torch.nn.Module:
    """Make ResNet-18's trunk with a head of 21 classes."""
    trunk = list(torchvision.models.resnet18(weights=None).children())[:-2]
    head = (
        torch.nn.Conv2d(512, 128, 3, padding=1, bias=False),
        torch.nn.BatchNorm2d(128),
        torch.nn.ReLU(),
        torch.nn.Conv2d(128, 21, 1),
    )
    return torch.nn.Sequential(*trunk, *head)


def main(folder: Path) -> None:
    """Write all of them."""
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    networks = (
        ('resnet18', 'classification', torchvision.models.resnet18(weights=None), (224, 224)),
        ('fcn320', 'segmentation', fcn_resnet18(), (320, 320)),
        ('fcn2048', 'segmentation', fcn_resnet18(), (2048, 1024)),
    )
    for name, task, network, (width, height) in networks:
        torch.onnx.export(
            network.eval(),
            torch.zeros(1, 3, height, width),
            str(folder / f'{name}.onnx'),
            input_names=['image'],
            output_names=['logits'],
            opset_version=OPSET,
            dynamo=False,
        )
        (folder / f'{name}.yaml').write_text(card(name, task, (width, height)))
        print(folder / f'{name}.yaml')


if __name__ == '__main__':
    main(Path(sys.argv[1]))
