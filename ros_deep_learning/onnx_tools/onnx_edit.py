# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Types, constants and unused names of an ONNX graph, for the conversions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BuildError
from ..text import one_line

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto


class GraphTypes:
    """Element types, constants and names of a graph's tensors.

    Attributes:
        constants: Initialisers by name, as arrays.
    """

    def __init__(self, model: ModelProto) -> None:
        from onnx import numpy_helper

        graph = model.graph
        self._types: dict[str, int] = {
            value.name: value.type.tensor_type.elem_type
            for value in (*graph.input, *graph.output, *graph.value_info)
        }
        self.constants: dict[str, NDArray[Any]] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer
        }
        self._types.update({tensor.name: tensor.data_type for tensor in graph.initializer})
        self._names = tensor_names(graph)
        self._new: dict[str, NDArray[Any]] = {}

    def of(self, name: str) -> int:
        """Return the ONNX element type of a tensor; 0 = unknown."""
        return self._types.get(name, 0)

    def new_name(self, wanted: str) -> str:
        """Return and reserve a name that no tensor has."""
        return new_name(wanted, self._names)

    def add_constant(self, name: str, value: NDArray[Any]) -> None:
        """Add an initialiser, which ``finish`` writes into the graph."""
        self._new[name] = value

    def finish(self, graph: GraphProto) -> None:
        """Write the new initialisers, and remove unused ones and outdated types."""
        from onnx import numpy_helper

        used = _used_names(graph)
        kept = [tensor for tensor in graph.initializer if tensor.name in used]
        kept += [
            numpy_helper.from_array(np.ascontiguousarray(value).reshape(value.shape), name)
            for name, value in self._new.items()
            if name in used
        ]
        del graph.initializer[:]
        graph.initializer.extend(kept)
        names = {tensor.name for tensor in kept}
        # Networks with an IR version below 4 list their initialisers among the inputs.
        inputs = [v for v in graph.input if v.name in names or v.name not in self.constants]
        del graph.input[:]
        graph.input.extend(inputs)
        del graph.value_info[:]


def tensor_names(graph: GraphProto) -> set[str]:
    """Return the names of all tensors of a graph, and of those that control flow uses."""
    names = {value.name for value in (*graph.input, *graph.output, *graph.value_info)}
    names.update(tensor.name for tensor in graph.initializer)
    for node in graph.node:
        names.update((*node.input, *node.output))
    return names | captured_names(graph)


def new_name(wanted: str, names: set[str]) -> str:
    """Return a name that is not among some, and add it to them."""
    name, count = wanted, 1
    while name in names:
        name, count = f'{wanted}_{count}', count + 1
    names.add(name)
    return name


def infer_types(model: ModelProto) -> GraphTypes:
    """Infer the types of all tensors in the main graph of a network.

    Raises:
        BuildError: The types are inconsistent, or ONNX does not know an operator.
    """
    from onnx import shape_inference

    try:
        inferred = shape_inference.infer_shapes(model)
    except Exception as err:
        msg = f"the network's types cannot be inferred: {one_line(err)}"
        raise BuildError(msg) from err
    types = GraphTypes(inferred)
    unknown = [
        f'{node.name or node.output[0]} ({node.op_type})'
        for node in model.graph.node
        if any(name and not types.of(name) for name in node.output)
    ]
    if unknown:
        msg = (
            'the network cannot be converted, because ONNX cannot infer the types of these nodes: '
            f'{", ".join(unknown[:5])}; to fix: use fp32, or export the network in fp16'
        )
        raise BuildError(msg)
    return types


def fold_constants(model: ModelProto) -> None:
    """Replace constant nodes and casts of constants in the main graph by initialisers."""
    from onnx import helper, numpy_helper

    graph = model.graph
    values = {tensor.name: tensor for tensor in graph.initializer}
    outputs = {value.name for value in graph.output}
    rest = []
    for node in graph.node:
        out = node.output[0] if node.output else ''
        attributes = {a.name: a for a in node.attribute}
        if node.op_type == 'Constant' and out not in outputs:
            array = _constant(attributes)
            if array is not None:
                values[out] = numpy_helper.from_array(array, out)
                continue
        if node.op_type == 'Cast' and node.input[0] in values and out not in outputs:
            dtype = helper.tensor_dtype_to_np_dtype(attributes['to'].i)
            array = numpy_helper.to_array(values[node.input[0]]).astype(dtype)
            values[out] = numpy_helper.from_array(array, out)
            continue
        rest.append(node)
    del graph.node[:]
    graph.node.extend(rest)
    del graph.initializer[:]
    graph.initializer.extend(values.values())
    used = _used_names(graph)
    needed = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(needed)


def captured_names(graph: GraphProto) -> set[str]:
    """Return all names that bodies of control flow use, from any graph."""
    return {
        name
        for node in graph.node
        for attribute in node.attribute
        for body in (attribute.g, *attribute.graphs)
        for name in _used_names(body)
    }


def _constant(attributes: dict[str, Any]) -> NDArray[Any] | None:
    from onnx import numpy_helper

    if 'value' in attributes:
        return np.asarray(numpy_helper.to_array(attributes['value'].t))
    if 'value_float' in attributes:
        return np.array(attributes['value_float'].f, np.float32)
    if 'value_floats' in attributes:
        return np.array(list(attributes['value_floats'].floats), np.float32)
    if 'value_int' in attributes:
        return np.array(attributes['value_int'].i, np.int64)
    if 'value_ints' in attributes:
        return np.array(list(attributes['value_ints'].ints), np.int64)
    return None


def _used_names(graph: GraphProto) -> set[str]:
    """Return the inputs of all nodes, also inside control flow, and the graph's outputs."""
    used = {value.name for value in graph.output} | captured_names(graph)
    for node in graph.node:
        used.update(node.input)
    return used
