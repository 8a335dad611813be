# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Models for Triton's Python backend that give their input back, and say where they found it."""

from __future__ import annotations

SCRIPT = """
import numpy as np
import triton_python_backend_utils as triton


class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(triton.get_input_tensor_by_name(one, 'x')) for one in requests]

    def answer(self, x):
        y = triton.Tensor.from_dlpack('y', x.to_dlpack())
        return triton.InferenceResponse([y, triton.Tensor('on_cpu', np.array([x.is_cpu()]))])
"""
STAYS = 'parameters { key: "FORCE_CPU_ONLY_INPUT_TENSORS" value { string_value: "no" } }'
MODELS = {'brought': '', 'stays': STAYS}
"""One whose input Triton brings to the CPU, as by default, and one whose input stays."""


def write_echo_models(repository, shape):
    """Write the models for an input of float32; its first axis is open."""
    dims = ', '.join(map(str, (-1, *shape[1:])))
    for name, parameters in MODELS.items():
        version = repository / name / '1'
        version.mkdir(parents=True)
        (version / 'model.py').write_text(SCRIPT)
        lines = (
            f'name: "{name}"',
            'backend: "python"',
            'max_batch_size: 0',
            f'input [{{ name: "x" data_type: TYPE_FP32 dims: [{dims}] }}]',
            f'output [{{ name: "y" data_type: TYPE_FP32 dims: [{dims}] }}]',
            'output [{ name: "on_cpu" data_type: TYPE_BOOL dims: [1] }]',
            parameters,
        )
        (version.parent / 'config.pbtxt').write_text('\n'.join(lines))
