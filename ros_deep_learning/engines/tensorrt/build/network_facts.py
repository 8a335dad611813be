# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What an ONNX file says about itself, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from ....errors import BuildError
from ....onnx_tools.onnx_precision import GraphPrecision, graph_precision
from ....text import one_line
from ...base import TensorSpec
from ..plans.plan_key import hash_onnx

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """An ONNX file's own words.

    Attributes:
        path: The file.
        sha256: Of the file and its external data.
        inputs: Its inputs, -1 where a dimension is open.
        precision: What it computes in as it stands.
        metadata: What it says of itself, such as its labels.
    """

    path: Path
    sha256: str
    inputs: tuple[TensorSpec, ...]
    precision: GraphPrecision
    metadata: Mapping[str, str]


def read_network(path: Path) -> NetworkFacts:
    """Read an ONNX file's inputs and precision.

    Raises:
        EngineError: It cannot be read as ONNX, or has an input that is no tensor of numbers.
    """
    model = load_model(path, weights=False)
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = tuple(_spec(value) for value in model.graph.input if value.name not in constants)
    metadata = MappingProxyType({entry.key: entry.value for entry in model.metadata_props})
    return NetworkFacts(path, hash_onnx(path), inputs, graph_precision(path), metadata)


def load_model(path: Path, *, weights: bool = True) -> ModelProto:
    """Read an ONNX file.

    Args:
        path: The file.
        weights: Whether to read external data too.

    Raises:
        BuildError: It cannot be read as ONNX.
    """
    import onnx

    try:
        return onnx.load(str(path), load_external_data=weights)
    except Exception as err:
        msg = f'cannot read {path} as ONNX: {one_line(err)}'
        raise BuildError(msg) from err


def _spec(value: ValueInfoProto) -> TensorSpec:
    from onnx import helper

    tensor = value.type.tensor_type
    if not value.type.HasField('tensor_type') or not tensor.elem_type:
        msg = f'input {value.name!r} is no tensor; TensorRT takes tensors only'
        raise BuildError(msg)
    shape = tuple(
        d.dim_value if d.HasField('dim_value') and d.dim_value > 0 else -1
        for d in tensor.shape.dim
    )
    return TensorSpec(
        value.name, shape, np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    )
