# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Choose and call the importer of a format; each is loaded when it is used."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..cards.card import ModelCard
from ..cards.source import Role
from ..errors import ConversionError
from ..progress import Progress
from .data_transform import DataTransform


@contextmanager
def _optional_packages() -> Iterator[None]:
    """Raise ConversionError, with the fix, for a package that is not installed."""
    try:
        yield
    except ModuleNotFoundError as err:
        msg = (
            f'converting this network needs the Python package {err.name}; '
            'fix: pip install onnx protobuf (the extra "importers" of ros_deep_learning)'
        )
        raise ConversionError(msg) from err


@_optional_packages()
def convert(card: ModelCard, files: Mapping[Role, Path], progress: Progress) -> bytes:
    """Convert the original files of a network to ONNX.

    Args:
        card: The network, of any format but ``onnx``.
        files: Its files by role.
        progress: Called with the stage; an exception from it cancels the conversion.

    Returns:
        The serialised ONNX model.

    Raises:
        ConversionError: The files do not match the card, cannot be converted, or a Python
            package is not installed.
    """
    if card.format == 'caffe':
        return _convert_caffe(card, files['prototxt'], files['model'], progress)
    size_wh = (card.input.width, card.input.height)
    if card.format == 'onnx-resized':
        from ..onnx_tools.onnx_resize import resize_onnx

        progress('setting the size of the input', None)
        return resize_onnx(files['model'], size_wh)
    if card.format == 'uff-ssd':
        from .uff.uff_ssd import convert_uff_ssd

        return convert_uff_ssd(files['model'], size_wh, progress)
    from .tensorflow.tensorflow_ssd import convert_ssd

    return convert_ssd(files['model'], size_wh, progress)


def conversion_key(card: ModelCard) -> list[object]:
    """List the values that determine a conversion's result, besides the original files."""
    if card.format == 'caffe':
        from .caffe import CONVERTER_VERSION as CAFFE_VERSION

        return [card.format, CAFFE_VERSION, *sorted(card.outputs.values())]
    if card.format == 'onnx-resized':
        from ..onnx_tools.onnx_resize import CONVERTER_VERSION as RESIZER_VERSION

        return [card.format, RESIZER_VERSION, card.input.width, card.input.height]
    from .tensorflow.tensorflow_ssd import CONVERTER_VERSION as SSD_VERSION

    if card.format == 'uff-ssd':
        from .uff.uff_ssd import CONVERTER_VERSION as UFF_VERSION

        return [card.format, SSD_VERSION, UFF_VERSION, card.input.width, card.input.height]
    return [card.format, SSD_VERSION, card.input.width, card.input.height]


@_optional_packages()
def caffe_input_shapes(prototxt: Path) -> dict[str, tuple[int, ...]]:
    """Return the input shapes of a Caffe network by name, as its prototxt declares them.

    Raises:
        ConversionError: The prototxt cannot be read, or a Python package is not installed.
    """
    from .caffe import input_shapes

    return input_shapes(prototxt)


@_optional_packages()
def caffe_ends(prototxt: Path) -> dict[str, str]:
    """Return the blobs of a Caffe network that no layer reads, with the type of their layer.

    Raises:
        ConversionError: The prototxt cannot be read, or a Python package is not installed.
    """
    from .caffe.caffe_network import read_network

    layers = read_network(prototxt).layers
    read = {name for layer in layers for name in layer.bottoms if name not in layer.tops}
    return {top: layer.kind for layer in layers for top in layer.tops if top not in read}


@_optional_packages()
def check_caffe_outputs(prototxt: Path, names: Sequence[str]) -> None:
    """Check that layers of a Caffe network write the blobs of these names.

    Raises:
        ConversionError: One is not there, the prototxt cannot be read, or a Python package is not
            installed.
    """
    from .caffe.caffe_network import read_network
    from .caffe.needed_layers import needed_layers

    needed_layers(read_network(prototxt), names)


@_optional_packages()
def caffe_data_transform(prototxt: Path, deployed: Path) -> DataTransform:
    """Return what the data layers of a network for training do to the deployed one's input.

    Raises:
        ConversionError: A prototxt cannot be read, or a Python package is not installed.
    """
    from .caffe import input_shapes
    from .caffe.training_data import data_transform

    return data_transform(prototxt, frozenset(input_shapes(deployed)))


@_optional_packages()
def caffe_mean(path: Path) -> tuple[float, ...]:
    """Return the mean of each channel of a mean image (.binaryproto), in its channel order.

    Raises:
        ConversionError: The file cannot be read, or is no mean image.
    """
    from .caffe.weights import read_blob

    blob = read_blob(path)
    *images, channels, height, width = (1, 1, 1, *blob.shape)
    if len(blob.shape) < 3 or not blob.values.size or any(count != 1 for count in images):
        msg = f'{path}: expected a mean image of three axes, got the shape {blob.shape[:8]}'
        raise ConversionError(msg)
    with np.errstate(invalid='ignore'):
        planes = blob.values.reshape(channels, height * width).astype(np.float64)
        mean = tuple(planes.mean(axis=1).tolist())
    if not all(map(math.isfinite, mean)):
        msg = f'{path}: the mean of a channel is not a finite number: {mean[:8]}'
        raise ConversionError(msg)
    return mean


@_optional_packages()
def uff_input_size(path: Path) -> tuple[int, int]:
    """Return width and height in pixels of the images that a UFF network takes.

    Raises:
        ConversionError: The file cannot be read, or a Python package is not installed.
    """
    from .uff.uff_ssd import uff_input_size as read_size

    return read_size(path)


def _convert_caffe(card: ModelCard, prototxt: Path, caffemodel: Path, progress: Progress) -> bytes:
    """Convert with the input size of the prototxt, and the card's outputs if they exist there.

    A card may have been written without its archive at hand and name an output that the network
    calls otherwise; then every blob that no layer reads becomes an output.
    """
    from .caffe import convert_caffe
    from .caffe.caffe_network import read_network
    from .caffe.needed_layers import needed_layers

    network = read_network(prototxt)
    wanted = list(card.outputs.values()) or None
    try:
        needed = needed_layers(network, wanted)
    except ConversionError:
        wanted = None
        needed = needed_layers(network)
    # A network for training has labels as an input too, which its answers do not need.
    inputs = needed.inputs
    one_image = len(inputs) == 1 and len(network.inputs[inputs[0]]) == 4
    return convert_caffe(
        prototxt,
        caffemodel,
        input_shape=(1, None, None, None) if one_image else None,
        outputs=wanted,
        progress=progress,
    )
