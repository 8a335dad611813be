# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Requests and answers of the protocol over HTTP: JSON, followed by the bytes of the tensors.

https://github.com/kserve/open-inference-protocol has the JSON, the extension binary_tensor_data
of Triton the bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ServerError
from ...text import one_line, quoted, shape_text
from ..base import Tensors, TensorSpec
from .protocol import NAMES, Answer, Request, read_spec
from .region import Region

_DIGITS = 18
JSON_LENGTH = 'Inference-Header-Content-Length'


def write_request(request: Request, *, binary: bool) -> tuple[list[Any], dict[str, str]]:
    """Write a request.

    Args:
        request: The request; its arrays are contiguous.
        binary: Whether tensors are sent as bytes, both ways; else as numbers in JSON.

    Returns:
        The parts of the body, and its headers.
    """
    inputs, tensors = [], []
    for name, array in request.inputs.items():
        entry: dict[str, Any] = {
            'name': name,
            'shape': list(array.shape),
            'datatype': NAMES[array.dtype],
        }
        if (place := _place(f'>{name}', request.region)) is not None:
            entry['parameters'] = place
        elif binary:
            entry['parameters'] = {'binary_data_size': array.nbytes}
            tensors.append(array.reshape(-1).view(np.uint8).data)
        else:
            entry['data'] = array.reshape(-1).tolist()
        inputs.append(entry)
    outputs = [
        {
            'name': name,
            'parameters': _place(f'<{name}', request.region) or {'binary_data': binary},
        }
        for name in request.outputs
    ]
    # As over gRPC: Triton's batcher gives up what is later than that, in microseconds.
    timeout = {'timeout': round(request.deadline_s * 1e6)}
    facts = {'inputs': inputs, 'outputs': outputs, 'parameters': timeout}
    text = json.dumps(facts, separators=(',', ':')).encode()
    length = len(text) + sum(tensor.nbytes for tensor in tensors)
    headers = {'Content-Type': 'application/json', 'Content-Length': str(length)}
    if binary:
        headers |= {'Content-Type': 'application/octet-stream', JSON_LENGTH: str(len(text))}
    return [text, *tensors], headers


def read_answer(body: bytes, json_length: str | None, region: Region | None = None) -> Answer:
    """Read an answer.

    Args:
        body: The body of the response.
        json_length: The header that tells how much of it is JSON; None = all.
        region: Shared memory that has some of the outputs.

    Raises:
        ServerError: It is not what the protocol says.
    """
    length = len(body) if json_length is None else read_length(json_length)
    facts = read_json(body[:length])
    found: Tensors = {}
    at = length
    for entry in each(facts, 'outputs'):
        spec = read_output(entry)
        parameters = entry.get('parameters')
        size = parameters.get('binary_data_size') if isinstance(parameters, dict) else None
        count = math.prod(spec.shape)
        if min(spec.shape, default=0) < 0:
            msg = f'output {spec.name!r} has the shape {shape_text(spec.shape)}'
            raise ServerError(msg)
        if region is not None and f'<{spec.name}' in region.places:
            array = region.read(f'<{spec.name}', spec)
        elif size is None:
            array = _listed(entry, spec)
        elif type(size) is not int or size != count * spec.dtype.itemsize or at + size > len(body):
            msg = f'output {spec.name!r}: {size!r} bytes for {count} values'
            raise ServerError(msg)
        else:
            array = _shaped(np.frombuffer(body, spec.dtype, count, at), spec).copy()
            at += size
        found[spec.name] = array
    return Answer(str(facts.get('model_version') or ''), found)


def _place(key: str, region: Region | None) -> dict[str, Any] | None:
    """Return the parameters that say where in shared memory a tensor is; None = it is not."""
    if region is None or key not in region.places:
        return None
    at, size = region.places[key]
    return {
        'shared_memory_region': region.name,
        'shared_memory_offset': at,
        'shared_memory_byte_size': size,
    }


def read_json(body: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ServerError: It is none.
    """
    try:
        facts = json.loads(body)
    except (ValueError, RecursionError) as err:
        msg = 'the answer is not JSON; to fix: check whether a server of this protocol answers'
        raise ServerError(msg) from err
    if not isinstance(facts, dict):
        msg = f'the answer is a JSON {type(facts).__name__}, expected an object'
        raise ServerError(msg)
    return facts


def read_length(text: str) -> int:
    """Read the number of bytes in a header.

    Raises:
        ServerError: It is none.
    """
    if not text.isdecimal() or len(text) > _DIGITS:
        msg = f'header {JSON_LENGTH}: expected a number, got {quoted(text)}'
        raise ServerError(msg)
    return int(text)


def each(facts: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the objects of a list.

    Raises:
        ServerError: It is not a list of objects.
    """
    entries = facts.get(key)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        msg = f'the answer has no list {key!r}'
        raise ServerError(msg)
    return entries


def texts(facts: Mapping[str, Any], key: str) -> list[str]:
    """Return a list of texts, empty where there is none.

    Raises:
        ServerError: It is something else.
    """
    found = facts.get(key) or []
    if not isinstance(found, list):
        msg = f'the answer has {key} {found!r}, expected a list'
        raise ServerError(msg)
    return list(map(str, found))


def read_max_batch(facts: Mapping[str, Any]) -> int | None:
    """Return the most images in a request, of a model's configuration; None = it has no batch.

    Raises:
        ServerError: It is no number.
    """
    found = facts.get('max_batch_size') or None
    if found is not None and type(found) is not int:
        msg = f'the answer has max_batch_size {found!r}, expected a number'
        raise ServerError(msg)
    return found


def read_output(entry: Mapping[str, Any]) -> TensorSpec:
    """Read name, type and shape of a tensor.

    Raises:
        ServerError: One is missing or of the wrong type.
    """
    try:
        return read_spec(str(entry['name']), str(entry['datatype']), entry['shape'])
    except KeyError as err:
        msg = f'a tensor of the answer lacks {err}'
        raise ServerError(msg) from err
    except (TypeError, ValueError, OverflowError) as err:
        msg = f'the shape of a tensor of the answer cannot be read: {one_line(err)}'
        raise ServerError(msg) from err


def _shaped(array: NDArray[Any], spec: TensorSpec) -> NDArray[Any]:
    try:
        return array.reshape(spec.shape)
    except ValueError as err:
        msg = f'output {spec.name!r}: {array.size} values do not have the shape {spec.shape}'
        raise ServerError(msg) from err


def _listed(entry: Mapping[str, Any], spec: TensorSpec) -> NDArray[Any]:
    try:
        return _shaped(np.array(entry['data'], spec.dtype), spec)
    except (KeyError, TypeError, ValueError, OverflowError) as err:
        count = math.prod(spec.shape)
        msg = f'output {spec.name!r}: its data are not {count} values of {spec.dtype}'
        raise ServerError(msg) from err
