# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters that every vision node has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from ..engines.backend import EngineOptions
from ..engines.base import Precision
from .parameters import parameter

MODEL_TEXT = 'Name of a network in the zoo, or the path of a model card (.yaml).'
MODEL_ALIASES = ('model_path', 'model_name')
"""jetson-inference's names; there too a path wins over a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionSettings:
    """Settings that all three nodes share."""

    backend: str = parameter(
        'auto',
        'What runs the network; auto takes TensorRT where it can run, else ONNX Runtime.',
        choices=('auto', 'tensorrt', 'onnxruntime'),
    )
    precision: str = parameter(
        'auto',
        'Arithmetic of the engine; what was really built is in the log and in ~/stats.',
        choices=('auto', 'fp32', 'fp16', 'int8'),
    )
    class_labels_path: str = parameter(
        '', "File with one label a line, instead of the model card's; empty keeps those."
    )
    input_blob: str = parameter(
        '', "Name of the network's input tensor, instead of the model card's; empty keeps that."
    )
    prototxt_path: str = parameter(
        '',
        "Of jetson-inference; must stay empty, since a model card names all the network's files.",
    )
    threads: int = parameter(
        0, 'CPU threads of ONNX Runtime; 0 takes one a physical core.', minimum=0, maximum=1024
    )
    class_id: str = parameter(
        'label',
        'What class_id fields hold: the readable label, or its number in label_info.',
        choices=('label', 'index'),
        live=True,
    )
    autostart: bool = parameter(
        False, 'Whether the node configures and activates itself when it starts.'
    )
    max_failures: int = parameter(
        10,
        'So many failed inferences in a row deactivate the node; 0 never does.',
        minimum=0,
        maximum=1_000_000,
        live=True,
    )

    def engine_precision(self) -> Precision:
        """Give the precision as the engine loader takes it."""
        return cast('Precision', self.precision)

    def engine_options(self) -> EngineOptions:
        """Give what the engine loader takes beside backend and precision."""
        return EngineOptions(threads=self.threads or None)
