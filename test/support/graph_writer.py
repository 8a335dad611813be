# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write frozen TensorFlow graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ros_deep_learning.importers.tensorflow.tensorflow_messages import new_graph

_TYPES = {np.dtype(np.float32): 1, np.dtype(np.int32): 3}


class GraphWriter:
    """Writes a frozen TensorFlow graph node by node."""

    def __init__(self) -> None:
        self.graph = new_graph()

    def node(self, op: str, name: str, *inputs: str, **attributes: Any) -> str:
        node = self.graph.node.add(op=op, name=name, input=inputs)
        for key, value in attributes.items():
            attribute = node.attr.add(key=key).value
            if isinstance(value, list):
                attribute.list.i.extend(value)
            elif isinstance(value, bool):
                attribute.b = value
            elif isinstance(value, int):
                attribute.i = value
            elif isinstance(value, float):
                attribute.f = value
            else:
                attribute.s = value.encode()
        return name

    def const(self, name: str, value: Any, dtype: Any = np.float32) -> str:
        array = np.asarray(value, dtype)
        tensor = self.graph.node.add(op='Const', name=name).attr.add(key='value').value.tensor
        tensor.dtype = _TYPES[array.dtype]
        for size in array.shape:
            tensor.tensor_shape.dim.add(size=size)
        if array.ndim:
            tensor.tensor_content = array.tobytes()
        else:
            # As TensorFlow writes single numbers, and OpenCV wants them.
            values = tensor.int_val if array.dtype == np.int32 else tensor.float_val
            values.append(array.item())
        return name

    def write(self, path: Path) -> Path:
        path.write_bytes(self.graph.SerializeToString())
        return path
