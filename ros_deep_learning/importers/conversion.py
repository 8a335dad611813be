# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What each format needs to become ONNX."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ..cards.card import ModelCard
from ..cards.source import Role
from ..files import is_whole
from ..progress import Progress


def convert(card: ModelCard, files: Mapping[Role, Path], progress: Progress) -> bytes:
    """Convert a network's original files.

    Args:
        card: The network, of any format but ``onnx``.
        files: Its files by role.
        progress: May raise to give up.

    Returns:
        The serialised ONNX model.

    Raises:
        ConversionError: The files are not what the card says, or cannot be converted.
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
    """List what a conversion's result depends on, besides the original files."""
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


def record_path(target: Path) -> Path:
    """Give the path of the record beside a converted file."""
    return target.with_suffix('.json')


def is_recorded(target: Path) -> bool:
    """Tell whether a converted file is there and is the one that was written."""
    try:
        record = json.loads(record_path(target).read_bytes())
        return is_whole(target, record['sha256'])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _convert_caffe(card: ModelCard, prototxt: Path, caffemodel: Path, progress: Progress) -> bytes:
    """Convert with the size that the prototxt has, and the outputs of the card where it has them.

    A card whose archive nobody has seen may name an output that its network calls otherwise;
    then all blobs that no layer reads are outputs.
    """
    from .caffe import convert_caffe
    from .caffe.caffe_network import read_network

    network = read_network(prototxt)
    blobs = {top for layer in network.layers for top in layer.tops}
    wanted = list(card.outputs.values())
    known = bool(wanted) and blobs.issuperset(wanted)
    shapes = list(network.inputs.values())
    one_image = len(shapes) == 1 and len(shapes[0]) == 4
    return convert_caffe(
        prototxt,
        caffemodel,
        input_shape=(1, None, None, None) if one_image else None,
        outputs=wanted if known else None,
        progress=progress,
    )
