# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time what is done with a network's outputs: on the GPU, and on the CPU after copying them.

Usage: python benchmarks/postprocessing.py --output benchmarks/results/NAME.json

Both ways run in turns, image by image, with the same TensorRT plan, so that a ratio is of one run
on one machine. A time is one call of the library, from a 1920x1080 frame in host memory to the
finished result; frames are prepared on the GPU both times. Networks called ``shaped`` have one
convolution a grid, random weights, and outputs of the size of those that they are named after.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np

from ros_deep_learning import Detections, DetectNet, EngineLoader, ModelCard, SegNet
from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.cards.source import SourceSpec
from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.base import Engine, PixelsEngine
from ros_deep_learning.errors import EngineError
from ros_deep_learning.imaging.drawing.mask_overlay import blend_mask
from ros_deep_learning.networks import MaskWish, Network

WARM_UP, RUNS = 20, 100
ALPHA = 120
Call = Callable[[Any, np.ndarray], object]


class OnlyPixels:
    """An engine without what it does on its device after the network."""

    def __init__(self, engine: Any) -> None:
        self.info, self.run, self.close = engine.info, engine.run, engine.close
        if isinstance(engine, PixelsEngine):
            self.in_flight, self.start = engine.in_flight, engine.start
            self.start_pixels = engine.start_pixels


class CpuLoader(EngineLoader):
    """Loads engines that copy their outputs."""

    def load(self, *arguments: Any, **options: Any) -> Engine:
        """Load as the other does."""
        return OnlyPixels(super().load(*arguments, **options))


def masks(net: SegNet, image: np.ndarray) -> object:
    """Find classes and confidences."""
    return net.segment(image)


def overlay(net: SegNet, image: np.ndarray) -> object:
    """Lay the colours of the classes over the image."""
    wish = MaskWish(net.settings, None, overlay_alphas=(ALPHA,) * len(net.labels))
    (found,) = net.segment_in(image, [wish])
    if found.ready.overlay is not None:
        return found.ready.overlay
    drawn = image.copy()
    blend_mask(drawn, found.class_mask, net.colors_rgb, alpha=ALPHA)
    return drawn


def objects(net: DetectNet, image: np.ndarray) -> object:
    """Find boxes."""
    return net.detect(image)


def shaped(
    folder: Path, name: str, size_wh: tuple[int, int], strides: Sequence[int], planes: int
) -> Path:
    """Make a network of a convolution a grid: (1, planes, cells), or (1, planes, h, w) of one."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    width, height = size_wh
    # So that few scores are high.
    constants = [numpy_helper.from_array(np.full(planes, -3, np.float32), 'bias')]
    nodes, grids = [], []
    for stride in strides:
        weights = rng.normal(0, 1 / stride, (planes, 3, stride, stride)).astype(np.float32)
        constants.append(numpy_helper.from_array(weights, f'w{stride}'))
        names = ['x', f'w{stride}', 'bias']
        nodes.append(helper.make_node('Conv', names, [f'c{stride}'], strides=[stride] * 2))
        grids.append(f'c{stride}')
    cells = [height // strides[0], width // strides[0]]
    if len(strides) > 1:
        constants.append(numpy_helper.from_array(np.array([1, planes, -1]), 'flat'))
        for k, grid in enumerate(grids):
            nodes.append(helper.make_node('Reshape', [grid, 'flat'], [f'r{k}']))
        flat = [f'r{k}' for k in range(len(grids))]
        nodes.append(helper.make_node('Concat', flat, ['all'], axis=2))
        cells = [sum((height // s) * (width // s) for s in strides)]
        grids = ['all']
    nodes.append(helper.make_node('Sigmoid', grids, ['y']))
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info('x', TensorProto.FLOAT, [1, 3, height, width])],
        [helper.make_tensor_value_info('y', TensorProto.FLOAT, [1, planes, *cells])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    path = folder / f'{name}.onnx'
    onnx.save(model, str(path))
    return path


def card_of(path: Path, size_wh: tuple[int, int], task: Any, outputs: dict[str, str]) -> ModelCard:
    """Describe a network of ``shaped``."""
    return ModelCard(
        name=path.stem,
        task=task,
        source=SourceSpec(file=path),
        format='onnx',
        input=InputSpec(*size_wh, scale=1 / 255),
        licence='CC0-1.0',
        folder=path.parent,
        outputs=MappingProxyType(outputs),
        decoder='yolov8' if task == 'detection' else None,
    )


def percentiles(samples_ms: Sequence[float]) -> dict[str, float]:
    """Summarise durations in milliseconds."""
    p50, p95, p99 = np.percentile(samples_ms, (50, 95, 99))
    return {'p50': round(p50, 4), 'p95': round(p95, 4), 'p99': round(p99, 4)}


def measure(kind: Any, model: str | ModelCard, calls: Sequence[Call], arguments: Any) -> list[Any]:
    """Time the calls on one network, both ways in turns."""
    options = EngineOptions(optimization_level=arguments.level)
    nets: list[Network] = [
        kind(model, loader=loader, backend=arguments.backend, precision='auto', options=options)
        for loader in (EngineLoader(), CpuLoader())
    ]
    image = cv2.resize(
        np.random.default_rng(0).integers(0, 256, (68, 120, 3), np.uint8),
        (1920, 1080),
        interpolation=cv2.INTER_CUBIC,
    )
    rows = []
    for call in calls:
        times: list[list[float]] = [[], []]
        for run in range(WARM_UP + RUNS):
            for net, samples in zip(nets, times, strict=True):
                started = time.perf_counter()
                result = call(net, image)
                if run >= WARM_UP:
                    samples.append((time.perf_counter() - started) * 1e3)
        device_ms, cpu_ms = map(percentiles, times)
        info = nets[0].info
        rows.append(
            {
                'network': nets[0].card.name,
                'result': call.__name__,
                'backend': f'{info.backend} {info.version}',
                'device': info.device,
                'precision': info.precision,
                'found': len(result) if isinstance(result, Detections) else None,
                'device_ms': device_ms,
                'cpu_ms': cpu_ms,
                'times_faster': round(cpu_ms['p50'] / device_ms['p50'], 2),
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    for net in nets:
        net.close()
    return rows


def main() -> int:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, required=True, help='the JSON file to write')
    parser.add_argument('--backend', default='tensorrt')
    parser.add_argument('--level', type=int, default=1, help='builder optimisation level')
    arguments = parser.parse_args()
    rows: list[Any] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        grid = shaped(folder, 'fcn-shaped', (1024, 512), (32,), 21)
        yolo = shaped(folder, 'yolov8-shaped', (640, 640), (8, 16, 32), 84)
        cases: list[tuple[Any, Any, list[Call]]] = [
            (SegNet, 'selfie', [masks, overlay]),
            (SegNet, 'duckietown-lanes', [masks, overlay]),
            (
                SegNet,
                card_of(grid, (1024, 512), 'segmentation', {'scores': 'y'}),
                [masks, overlay],
            ),
            (DetectNet, 'ssd-mobilenet-v2', [objects]),
            (DetectNet, card_of(yolo, (640, 640), 'detection', {'predictions': 'y'}), [objects]),
        ]
        for kind, model, calls in cases:
            try:
                rows += measure(kind, model, calls, arguments)
            except EngineError as err:
                print(f'{model}: {err}', file=sys.stderr, flush=True)
    report = {'frame': '1920x1080 rgb8', 'runs': RUNS, 'level': arguments.level, 'rows': rows}
    arguments.output.write_text(json.dumps(report, indent=1) + '\n')
    return 0 if rows else 1


if __name__ == '__main__':
    sys.exit(main())
