# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Train a network of each task for minutes, and write its curve and its time.

Usage: python benchmarks/training.py --output benchmarks/results/NAME.json

The pictures are cut out of three photographs and composed, so that all labels are right; or they
are a data set of your own, with --data.
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

from ros_deep_learning.cards.card import Task
from ros_deep_learning.cli.bar import progress_bar
from ros_deep_learning.datasets.opening import open_dataset
from ros_deep_learning.downloads.media import media_path
from ros_deep_learning.training.settings import TrainingSettings
from ros_deep_learning.training.training import train

NAMES = {'astronaut': 'astronaut', 'cat': 'chelsea', 'coffee': 'coffee'}
COUNTS = {'train': 1600, 'val': 240}
NETWORKS: dict[Task, list[tuple[str, int, float]]] = {
    'classification': [('resnet18', 224, 1e-3), ('timm:convnext_atto', 224, 1e-3)],
    'detection': [('ssdlite320_mobilenet_v3_large', 320, 2e-3), ('dfine_n', 320, 8e-4)],
    'segmentation': [('fcn_resnet18', 320, 1e-3), ('lraspp_mobilenet_v3_large', 320, 1e-3)],
}
"""Of each task: network, size and learning rate."""


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, required=True, help='the JSON file to write')
    parser.add_argument('--media', type=Path, help='folder of the photographs, if offline')
    parser.add_argument('--data', type=Path, nargs='*', default=[], help='data sets to train on')
    parser.add_argument('--size', help='input as 640x288, for those with boxes or masks')
    parser.add_argument('--epochs', type=int, default=12)
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--devices', type=int, default=1, help='GPUs that share each batch')
    parser.add_argument('--scale', type=float, default=1.0, help='share of the pictures')
    parser.add_argument('--only', default='', help='the networks whose names have this in them')
    parser.add_argument('--keep', type=Path, help='folder for report.html of each')
    arguments = parser.parse_args()
    counts = {split: int(count * arguments.scale) for split, count in COUNTS.items()}
    found: dict[str, Any] = {
        'machine': torch.cuda.get_device_name()
        if torch.cuda.is_available()
        else platform.processor(),
        'torch': torch.__version__,
        'devices': arguments.devices,
        'trainings': [],
    }
    with tempfile.TemporaryDirectory() as scratch:
        data = {open_dataset(folder).task: folder for folder in arguments.data}
        if not data:
            found['pictures'] = counts
            data = composed(Path(scratch), arguments.media, counts)
        for task, folder in data.items():
            for network, size, rate in NETWORKS[task]:
                if arguments.only not in network:
                    continue
                size_wh = (size, size)
                if arguments.size and task != 'classification':
                    width, height = map(int, arguments.size.split('x'))
                    size_wh = (width, height)
                settings = TrainingSettings(
                    task,
                    network,
                    size_wh,
                    epochs=arguments.epochs * (2 if task == 'detection' else 1),
                    batch=arguments.batch,
                    learning_rate=rate,
                    weights='none',
                    patience=0,
                    devices=arguments.devices,
                )
                run = Path(scratch) / 'runs' / network.replace(':', '_')
                begun = time.monotonic()
                with progress_bar() as progress:
                    trained = train(folder, settings, run, int8=True, say=print, progress=progress)
                seconds = round(time.monotonic() - begun, 1)
                print(f'{network}: {trained.result}, {seconds} s', flush=True)
                found['trainings'].append({
                    'data': folder.name,
                    'settings': settings.to_dict(),
                    'seconds': seconds,
                    'fitted_seconds': trained.fitted.seconds,
                    'result': trained.result,
                    'rows': trained.fitted.rows,
                    'parts': trained.fitted.parts,
                    'judged': trained.judged.describe(),
                    'runs': [
                        {
                            'network': one.name,
                            'metrics': one.seen.scores.metrics,
                            'ms': one.cost.ms,
                        }
                        for one in trained.judged.runs
                    ],
                })  # fmt: skip
                # After each, so that a run that is cut off leaves what is there.
                arguments.output.write_text(json.dumps(found, indent=1) + '\n')
                if arguments.keep:
                    arguments.keep.mkdir(parents=True, exist_ok=True)
                    shutil.copy(run / 'report.html', arguments.keep / f'{run.name}.html')


def composed(folder: Path, media: Path | None, counts: dict[str, int]) -> dict[Task, Path]:
    """Compose a data set for each task."""
    pictures = {
        name: photograph(media_path(f'{file}.png', folder=media)) for name, file in NAMES.items()
    }
    each = {split: count // len(pictures) for split, count in counts.items()}
    return {
        'classification': image_folder(folder / 'classes', pictures, each),
        'detection': coco_folder(folder / 'things', pictures, counts),
        'segmentation': mask_folder(folder / 'masks', pictures, counts),
    }


def photograph(path: Path) -> Any:
    """Read a photograph, (H, W, 3) uint8 rgb."""
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


if __name__ == '__main__':
    main()
