# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write ONNX files with constant outputs behind the tensors of an exporter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Shape = Sequence[int | str]


def write_exported(
    path: Path,
    outputs: Mapping[str, NDArray[Any]],
    *,
    inputs: Mapping[str, Shape],
    input_type: str = 'float32',
    types: Mapping[str, str] | None = None,
    declared: Mapping[str, Shape] | None = None,
    metadata: Mapping[str, str] | None = None,
    producer: str = 'pytorch',
    last: str = 'Identity',
    unused: Sequence[str] = (),
    apart: Sequence[str] = (),
    reads_image: bool = False,
) -> Path:
    """Write a network that answers every image with the same arrays.

    Args:
        path: The file.
        outputs: Arrays by name, as one run gives them.
        inputs: Shapes by name, with names or -1 for open axes; the first is the image.
        input_type: Type of the image.
        types: Types of other inputs, float32 if not given.
        declared: Shapes of outputs that the file declares, if other than the arrays'.
        metadata: Of the file.
        producer: Of the file.
        last: Operator before each output.
        unused: Further operators in the graph, with one input and a result that nothing reads.
        apart: Operators with the inputs of NonMaxSuppression, whose results nothing reads.
        reads_image: Whether an operator reads the image.
    """
    nodes = [helper.make_node(last, [f'{name}/value'], [name]) for name in outputs]
    nodes += [helper.make_node(kind, [f'{next(iter(outputs))}/value'], [kind]) for kind in unused]
    nodes += [helper.make_node(kind, ['no/boxes', 'no/scores'], [kind]) for kind in apart]
    if reads_image:
        nodes.append(helper.make_node('Relu', [next(iter(inputs))], ['seen']))
    values = [numpy_helper.from_array(a, f'{name}/value') for name, a in outputs.items()]

    if apart:
        values.append(numpy_helper.from_array(np.zeros((1, 1, 4), np.float32), 'no/boxes'))
        values.append(numpy_helper.from_array(np.zeros((1, 1, 1), np.float32), 'no/scores'))

    def tensor(name: str, dtype: str, shape: Shape) -> Any:
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return helper.make_tensor_value_info(name, kind, list(shape))

    kinds = dict.fromkeys(inputs, 'float32') | dict(types or {})
    kinds[next(iter(inputs))] = input_type
    graph = helper.make_graph(
        nodes,
        'net',
        [tensor(name, kinds[name], shape) for name, shape in inputs.items()],
        [
            tensor(name, str(array.dtype), (declared or {}).get(name, array.shape))
            for name, array in outputs.items()
        ],
        values,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid('', 17)], producer_name=producer
    )
    model.ir_version = 8
    helper.set_model_props(model, dict(metadata or {}))
    onnx.save(model, str(path))
    return path
