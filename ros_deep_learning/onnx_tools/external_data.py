# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Weights of an ONNX network that lie in files beside it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import CardError


def external_files(path: Path) -> list[str]:
    """List the files beside an ONNX file that hold weights of it, relative to its folder.

    Raises:
        CardError: It is no ONNX file, or names files outside its own folder.
        OSError: It cannot be read.
    """
    return _locations(path, _read(path))


def copy_onnx(path: Path, target: Path) -> None:
    """Copy an ONNX file together with the weights beside it.

    The copies of those are named after the target, so that those of several networks do not meet
    in one folder, whatever their exporters called them.

    Raises:
        CardError: It is no ONNX file, names files outside its own folder, or one is missing.
        OSError: A file cannot be read or written.
    """
    model = _read(path)
    names = _locations(path, model)
    if not names:
        shutil.copyfile(path, target)
        return
    copies = {name: f'{target.stem}.{k}.data' for k, name in enumerate(names)}
    for name, copy in copies.items():
        if not (path.parent / name).is_file():
            msg = f'{path} has weights in {name}, which is not beside it; put it there'
            raise CardError(msg)
        shutil.copyfile(path.parent / name, target.with_name(copy))
    for entry in _location_entries(model):
        entry.value = copies[entry.value]
    target.write_bytes(model.SerializeToString())


def _read(path: Path) -> Any:
    import onnx

    try:
        return onnx.load(str(path), load_external_data=False)
    except OSError:
        raise
    except Exception as err:
        msg = f'cannot read {path} as ONNX: {err}'
        raise CardError(msg) from err


def _locations(path: Path, model: Any) -> list[str]:
    names = sorted({entry.value for entry in _location_entries(model)})
    for name in names:
        if Path(name).is_absolute() or '..' in Path(name).parts:
            msg = f'{path} names external data outside its own folder: {name}'
            raise CardError(msg)
    return names


def _location_entries(model: Any) -> Iterator[Any]:
    from onnx.external_data_helper import uses_external_data

    for tensor in _tensors(model.graph):
        if uses_external_data(tensor):
            yield from (entry for entry in tensor.external_data if entry.key == 'location')


def _tensors(graph: Any) -> Iterator[Any]:
    """Give the tensors of a graph, of its nodes and of the graphs inside these."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield attribute.t
            yield from attribute.tensors
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)
