# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Train a network of each task for minutes, and write its curve and its time.

Usage: python benchmarks/training.py --output benchmarks/results/NAME.json

The pictures are cut out of three photographs and composed, so that all labels are right.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / 'test' / 'support'))

from labelled_pictures import coco_folder, image_folder, mask_folder

from ros_deep_learning.downloads.media import media_path
from ros_deep_learning.training.settings import TrainingSettings
from ros_deep_learning.training.training import train

NAMES = {'astronaut': 'astronaut', 'cat': 'chelsea', 'coffee': 'coffee'}
COUNTS = {'train': 1600, 'val': 240}
NETWORKS: dict[str, list[tuple[str, int, int, float]]] = {
    'classification': [('resnet18', 224, 32, 1e-3), ('timm:convnext_atto', 224, 32, 1e-3)],
    'detection': [('ssdlite320_mobilenet_v3_large', 320, 32, 2e-3), ('dfine_n', 320, 32, 8e-4)],
    'segmentation': [
        ('fcn_resnet18', 320, 32, 1e-3),
        ('lraspp_mobilenet_v3_large', 320, 32, 1e-3),
    ],
}
"""Of each task: network, size, pictures in a step, learning rate."""


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, required=True, help='the JSON file to write')
    parser.add_argument('--media', type=Path, help='folder of the photographs, if offline')
    parser.add_argument('--epochs', type=int, default=12)
    parser.add_argument('--scale', type=float, default=1.0, help='share of the pictures')
    parser.add_argument('--only', help='the networks whose names have this in them')
    parser.add_argument('--keep', type=Path, help='folder for report.html and card of each')
    arguments = parser.parse_args()
    pictures = {
        name: photograph(media_path(f'{file}.png', folder=arguments.media))
        for name, file in NAMES.items()
    }
    counts = {split: int(count * arguments.scale) for split, count in COUNTS.items()}
    found: dict[str, Any] = {
        'machine': torch.cuda.get_device_name()
        if torch.cuda.is_available()
        else platform.processor(),
        'torch': torch.__version__,
        'pictures': counts,
        'trainings': [],
    }
    with tempfile.TemporaryDirectory() as scratch:
        data = {
            'classification': image_folder(
                Path(scratch) / 'classes',
                pictures,
                {split: count // len(pictures) for split, count in counts.items()},
            ),
            'detection': coco_folder(Path(scratch) / 'things', pictures, counts),
            'segmentation': mask_folder(Path(scratch) / 'masks', pictures, counts),
        }
        for task, networks in NETWORKS.items():
            for network, size, batch, rate in networks:
                if (arguments.only or '') not in network:
                    continue
                settings = TrainingSettings(
                    task,  # type: ignore[arg-type]
                    network,
                    (size, size),
                    epochs=arguments.epochs * (2 if task == 'detection' else 1),
                    batch=batch,
                    learning_rate=rate,
                    weights='none',
                    patience=0,
                )
                run = Path(scratch) / network.replace(':', '_')
                begun = time.monotonic()
                trained = train(data[task], settings, run, say=print)
                seconds = round(time.monotonic() - begun, 1)
                print(f'{network}: {trained.result}, {seconds} s', flush=True)
                found['trainings'].append({
                    'settings': settings.to_dict(),
                    'seconds': seconds,
                    'result': trained.result,
                    'rows': trained.fitted.rows,
                    'parts': trained.fitted.parts,
                })  # fmt: skip
                # After each, so that a run that is cut off leaves what is there.
                arguments.output.write_text(json.dumps(found, indent=1) + '\n')
                if arguments.keep:
                    arguments.keep.mkdir(parents=True, exist_ok=True)
                    shutil.copy(run / 'report.html', arguments.keep / f'{run.name}.html')


def photograph(path: Path) -> Any:
    """Read a photograph, (H, W, 3) uint8 rgb."""
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


if __name__ == '__main__':
    main()
