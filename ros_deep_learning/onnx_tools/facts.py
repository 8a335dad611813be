# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read the tensors, metadata and precision of an ONNX file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import OnnxError
from .external_data import external_files
from .graph_ends import GraphEnds, graph_ends
from .load import load_onnx
from .onnx_precision import GraphPrecision, graph_precision

if TYPE_CHECKING:
    from onnx import ValueInfoProto


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """An input or output of a network.

    Attributes:
        dtype: NumPy's element type; None if the value is not a tensor, or NumPy has no such type.
        shape: Sizes of its axes; -1 for an axis of open size.
    """

    dtype: np.dtype[Any] | None
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OnnxFacts:
    """What can be read from an ONNX file without its weights.

    Attributes:
        path: The file.
        inputs: Inputs by name, in order, without the constants that old files list among them.
        outputs: Outputs by name, in order.
        metadata: The file's key-value pairs.
        producer: Name and version of the program that wrote the file.
        opset: Version of the standard operators.
        precision: What the network's convolutions and matrix products are computed in.
        external_files: Files with weights, relative to the file's folder, sorted.
        ends: What the graph does first and last.
    """

    path: Path
    inputs: Mapping[str, TensorFacts]
    outputs: Mapping[str, TensorFacts]
    metadata: Mapping[str, str]
    producer: str
    opset: int
    precision: GraphPrecision
    external_files: tuple[str, ...]
    ends: GraphEnds


def read_facts(path: Path) -> OnnxFacts:
    """Read an ONNX file; files with its weights are not opened.

    Raises:
        OnnxError: The file is missing, is not an ONNX network, or refers to weights outside its
            own folder.
    """
    model = load_onnx(path, weights=False)
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    if not inputs or not model.graph.output:
        msg = f'{path} is not an ONNX network: it has no inputs or no outputs'
        raise OnnxError(msg)
    for value in (*inputs, *model.graph.output):
        if not value.name.isprintable():
            msg = f'{path} is not an ONNX network: it has a tensor named {value.name!r}'
            raise OnnxError(msg)
    versions = [o.version for o in model.opset_import if o.domain in ('', 'ai.onnx')]
    # Before the weights are dropped.
    ends = graph_ends(model)
    return OnnxFacts(
        path=path,
        inputs=_tensors(inputs),
        outputs=_tensors(model.graph.output),
        metadata=MappingProxyType({entry.key: entry.value for entry in model.metadata_props}),
        producer=f'{model.producer_name} {model.producer_version}'.strip(),
        opset=max(versions, default=0),
        external_files=tuple(external_files(path, model)),
        precision=graph_precision(path, model),
        ends=ends,
    )


def _tensors(values: Iterable[ValueInfoProto]) -> Mapping[str, TensorFacts]:
    return MappingProxyType({value.name: _tensor(value) for value in values})


def _tensor(value: ValueInfoProto) -> TensorFacts:
    from onnx import helper

    tensor = value.type.tensor_type
    try:
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    except KeyError:
        dtype = None
    shape = tuple(
        axis.dim_value if axis.HasField('dim_value') and axis.dim_value > 0 else -1
        for axis in tensor.shape.dim
    )
    return TensorFacts(dtype, shape)
