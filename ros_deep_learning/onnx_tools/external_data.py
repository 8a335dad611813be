# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Weights of an ONNX network that are stored in other files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import OnnxError
from ..text import printable
from .load import load_onnx

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, StringStringEntryProto, TensorProto


def external_files(path: Path, model: ModelProto) -> list[str]:
    """List the files with weights of an ONNX network, relative to its folder, sorted.

    Args:
        path: The network's file, for error messages.
        model: The network, loaded without these weights.

    Raises:
        OnnxError: The network refers to files outside its own folder.
    """
    names = sorted({entry.value for entry in _location_entries(model)})
    for name in names:
        if Path(name).is_absolute() or '..' in Path(name).parts:
            msg = f'{path} refers to weights outside its own folder: {printable(name)}'
            raise OnnxError(msg)
    return names


def onnx_files(path: Path) -> list[Path]:
    """List an ONNX file and the files that hold its weights.

    Raises:
        OnnxError: The file is not an ONNX file, refers to files outside its own folder, or one
            of them is missing.
    """
    return _files(path, load_onnx(path, weights=False))


@contextmanager
def without_links(path: Path) -> Iterator[Path]:
    """Yield the path of an ONNX file whose weights are not in links, which onnx does not follow.

    The cache of Hugging Face has links; the network is copied for as long as the block runs.

    Raises:
        OnnxError: As ``onnx_files``.
        OSError: The copy cannot be written.
    """
    if not any(file.is_symlink() for file in onnx_files(path)[1:]):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        copy_onnx(path, copy)
        yield copy


def load_with_weights(path: Path) -> ModelProto:
    """Load an ONNX file and the files that hold its weights.

    Raises:
        OnnxError: As ``onnx_files``.
    """
    with without_links(path) as plain:
        return load_onnx(plain)


def copy_onnx(path: Path, target: Path) -> None:
    """Copy an ONNX file together with the files that hold its weights, into an empty folder.

    The copies of those are named after the target: networks of several exporters can share a
    folder, even if their files of weights have the same name.

    Raises:
        OnnxError: As ``onnx_files``.
        OSError: A file cannot be read or written.
    """
    model = load_onnx(path, weights=False)
    weights = _files(path, model)[1:]
    if not weights:
        shutil.copyfile(path, target)
        return
    copies = {}
    for k, (name, file) in enumerate(zip(external_files(path, model), weights, strict=True)):
        copies[name] = f'{target.stem}.{k}.data'
        shutil.copyfile(file, target.with_name(copies[name]))
    for entry in _location_entries(model):
        entry.value = copies[entry.value]
    target.write_bytes(model.SerializeToString())


def _files(path: Path, model: ModelProto) -> list[Path]:
    files = [path]
    for name in external_files(path, model):
        files.append(path.parent / name)
        if not files[-1].is_file():
            msg = (
                f'{path} has weights in {printable(name)}, which is missing; to fix: put it '
                f'beside {path}'
            )
            raise OnnxError(msg)
    return files


def _location_entries(model: ModelProto) -> Iterator[StringStringEntryProto]:
    from onnx.external_data_helper import uses_external_data

    for tensor in _tensors(model.graph):
        if uses_external_data(tensor):
            yield from (entry for entry in tensor.external_data if entry.key == 'location')


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    """List the tensors of a graph, of its nodes and of the graphs inside these."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield attribute.t
            yield from attribute.tensors
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)
