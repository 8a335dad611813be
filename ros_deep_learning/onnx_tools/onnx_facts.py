# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What an ONNX file says of itself: its tensors and its metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CardError


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """An input or output of a network.

    Attributes:
        dtype: Name of the element type, as NumPy has it.
        shape: Its axes, -1 where one is open.
    """

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OnnxFacts:
    """What an ONNX file says of itself.

    Attributes:
        inputs: By name, in order; constants that are also inputs are left out.
        outputs: By name, in order.
        metadata: Its key-value pairs.
        producer: Name and version of what made it.
        opset: Version of the standard operators.
    """

    inputs: Mapping[str, TensorFacts]
    outputs: Mapping[str, TensorFacts]
    metadata: Mapping[str, str]
    producer: str
    opset: int


def read_onnx_facts(path: Path) -> OnnxFacts:
    """Read what an ONNX file says of itself; weights that lie in other files are not opened.

    Raises:
        CardError: The file is missing, or no ONNX network.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(path), load_external_data=False)
    except (OSError, DecodeError, ValueError) as err:
        msg = f'{path} cannot be read as an ONNX file: {err}'
        raise CardError(msg) from err
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    if not inputs or not model.graph.output:
        msg = f'{path} is no ONNX network: it has no inputs or no outputs'
        raise CardError(msg)
    versions = [o.version for o in model.opset_import if o.domain in ('', 'ai.onnx')]
    return OnnxFacts(
        inputs=_tensors(inputs),
        outputs=_tensors(model.graph.output),
        metadata={entry.key: entry.value for entry in model.metadata_props},
        producer=f'{model.producer_name} {model.producer_version}'.strip(),
        opset=max(versions, default=0),
    )


def _tensors(values: Iterable[Any]) -> dict[str, TensorFacts]:
    from onnx import helper

    found = {}
    for value in values:
        tensor = value.type.tensor_type
        try:
            dtype = str(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
        except KeyError:
            dtype = f'type {tensor.elem_type}'
        shape = tuple(
            axis.dim_value if axis.HasField('dim_value') and axis.dim_value > 0 else -1
            for axis in tensor.shape.dim
        )
        found[value.name] = TensorFacts(dtype, shape)
    return found
