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
    device: int = parameter(
        0, 'Number of the GPU to run on, as CUDA counts them.', minimum=0, maximum=255
    )
    max_batch: int = parameter(
        1,
        'Most images in one run, where the network leaves its batch open; tiles and cameras '
        'share a run.',
        minimum=1,
        maximum=256,
    )
    cuda_graph: bool = parameter(
        True, 'Whether inference may be captured in a CUDA graph, which makes launches cheap.'
    )
    workspace_mb: int = parameter(
        0,
        "Most scratch memory in MiB that an engine's layers may ask for; 0 is TensorRT's limit.",
        minimum=0,
        maximum=1_048_576,
    )
    dla_core: int = parameter(
        -1,
        'Deep learning accelerator of a Jetson to build for; -1 takes the GPU.',
        minimum=-1,
        maximum=15,
    )
    optimization_level: int = parameter(
        -1,
        "TensorRT's builder optimisation level: higher builds longer, for speed; -1 is its own.",
        minimum=-1,
        maximum=5,
    )
    trust_engine_file: bool = parameter(
        False,
        'Whether a ready-made .engine, .plan or .trt may be run; it is executable code.',
    )
    class_id: str = parameter(
        'label',
        'What class_id fields hold: the readable label, or its number in label_info.',
        choices=('label', 'index'),
        live=True,
    )
    autostart: bool = parameter(
        False,
        'Whether the node configures and activates itself when it starts.',
        read_only=True,
    )
    bond_heartbeat_period: float = parameter(
        0.25,
        "Seconds between the heartbeats for nav2's lifecycle manager, where bondpy is installed; "
        '0 sends none.',
        minimum=0.0,
        maximum=60.0,
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
        return EngineOptions(
            threads=self.threads or None,
            device=self.device,
            workspace_mb=self.workspace_mb or None,
            dla_core=None if self.dla_core < 0 else self.dla_core,
            optimization_level=None if self.optimization_level < 0 else self.optimization_level,
            cuda_graph=self.cuda_graph,
            max_batch=self.max_batch,
            trust_engine_file=self.trust_engine_file,
        )
