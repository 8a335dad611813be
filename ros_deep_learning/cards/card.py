# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A network as one YAML card: where it comes from, what it takes, what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from .source import SourceSpec, find_file, read_source
from .validation import Section, read_yaml

Task = Literal['classification', 'detection', 'segmentation']
Format = Literal['onnx', 'onnx-resized', 'tensorflow-ssd', 'uff-ssd', 'caffe']
Checked = Literal['real weights', 'random weights', 'card only']
Layout = Literal['nchw', 'nhwc']
Channels = Literal['rgb', 'bgr']
Resize = Literal['stretch', 'letterbox', 'crop']
Interpolation = Literal['nearest', 'bilinear', 'area']
InputType = Literal['float32', 'uint8']

MAX_SIDE = 16384
"""Largest input width or height in pixels; 4096x4096 is the largest in common use."""

_NAME = r'[A-Za-z0-9][A-Za-z0-9._-]{0,63}'
_NAME_ALLOWED = 'up to 64 of A-Z a-z 0-9 . _ - with a letter or digit first'


@dataclass(frozen=True, slots=True)
class InputSpec:
    """How an image becomes the network's input tensor.

    The image is resized in 8 bits, its channels are ordered, and each value becomes
    ``(pixel * scale - mean[c]) / std[c]`` with c in the network's channel order.

    Attributes:
        width: Of the tensor, pixels.
        height: Of the tensor, pixels.
        name: The tensor's name; None = the network's only input.
        layout: ``nchw`` or ``nhwc``.
        channels: The network's channel order, ``rgb`` or ``bgr``.
        resize: ``stretch`` to the size, ``letterbox`` (whole image, padded) or ``crop`` (centre).
        crop_fraction: Share of the shorter side that ``crop`` keeps, 0..1.
        interpolation: ``nearest``, ``bilinear`` or ``area``.
        pad_value: Pixel value 0..255 of the padding, before the formula.
        scale: Factor on the pixel value 0..255.
        mean: Subtracted after the scale, one a channel.
        std: Divided by last, one a channel.
        dtype: ``float32`` or ``uint8`` of the tensor.
    """

    width: int
    height: int
    name: str | None = None
    layout: Layout = 'nchw'
    channels: Channels = 'rgb'
    resize: Resize = 'stretch'
    crop_fraction: float = 1.0
    interpolation: Interpolation = 'bilinear'
    pad_value: int = 0
    scale: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    dtype: InputType = 'float32'


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A network.

    Attributes:
        name: Its name in the zoo; also used for file names in the cache.
        task: ``classification``, ``detection`` or ``segmentation``.
        source: Where its file comes from.
        format: ``onnx``, or what is converted to it on arrival: ``tensorflow-ssd``, ``uff-ssd``,
            ``caffe``, or ``onnx-resized`` for an ONNX network whose file states another input
            size.
        input: How an image becomes its input.
        licence: SPDX identifier of the weights' licence.
        folder: The folder the card lies in.
        aliases: Other names for it.
        description: One line for people.
        outputs: Role to tensor name, such as ``{'boxes': ..., 'scores': ...}``; a detector's
            names and shapes may tell what is left out.
        decoder: Name of the decoder that reads the outputs; None = the task's only one, or for a
            detector the one that its outputs tell.
        labels: File with one label a line; None = the classes have numbers only.
        colors: File with one colour a line; None = the palette's.
        accuracy: What is known of its accuracy, with its source.
        checked: What of it was run when the card was made: the ``real weights``, its real layers
            with ``random weights``, or nothing (``card only``); None where nobody tells.
        family: The collection it belongs to, such as ``jetson-inference``.
        notes: What else there is to know, for people.
    """

    name: str
    task: Task
    source: SourceSpec
    format: Format
    input: InputSpec
    licence: str
    folder: Path
    aliases: tuple[str, ...] = ()
    description: str = ''
    outputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    decoder: str | None = None
    labels: Path | None = None
    colors: Path | None = None
    accuracy: str | None = None
    checked: Checked | None = None
    family: str | None = None
    notes: str | None = None


def load_card(path: Path | str) -> ModelCard:
    """Read and check a model card.

    Files a card names are looked for beside it, then in the folders ``weights`` and ``labels``
    next to the card's own folder.

    Raises:
        CardError: The file cannot be read, or a key is unknown, missing, of the wrong type or
            out of range, or names a file that is not there.
    """
    path = Path(path).expanduser().absolute()
    top = read_yaml(path)
    task = top.choice('task', get_args(Task))
    card = ModelCard(
        name=top.text('name', _NAME, _NAME_ALLOWED),
        task=task,
        source=read_source(top.section('source')),
        format=top.choice('format', get_args(Format), 'onnx'),
        input=_read_input(top.section('input')),
        licence=top.text('licence'),
        folder=path.parent,
        aliases=top.texts('aliases'),
        description=top.optional_text('description') or '',
        outputs=_read_outputs(top, task),
        decoder=top.optional_text('decoder'),
        labels=find_file(top, 'labels', 'labels'),
        colors=find_file(top, 'colors', 'labels'),
        accuracy=top.optional_text('accuracy'),
        checked=top.choice('checked', get_args(Checked)) if 'checked' in top else None,
        family=top.optional_text('family'),
        notes=top.optional_text('notes'),
    )
    _check_files(top, card)
    top.finish()
    return card


def _check_files(top: Section, card: ModelCard) -> None:
    source = card.source
    has_prototxt = source.prototxt is not None or 'prototxt' in source.members
    if (card.format == 'caffe') != has_prototxt:
        needs = 'needs a' if card.format == 'caffe' else 'has no use for a'
        top.fail('source.prototxt', f'format {card.format} {needs} prototxt beside the model')


def _read_input(section: Section) -> InputSpec:
    spec = InputSpec(
        width=section.integer('width', 1, MAX_SIDE),
        height=section.integer('height', 1, MAX_SIDE),
        name=section.optional_text('name'),
        layout=section.choice('layout', get_args(Layout), 'nchw'),
        channels=section.choice('channels', get_args(Channels), 'rgb'),
        resize=section.choice('resize', get_args(Resize), 'stretch'),
        crop_fraction=section.number('crop_fraction', 1.0, above=0.0),
        interpolation=section.choice('interpolation', get_args(Interpolation), 'bilinear'),
        pad_value=section.integer('pad_value', 0, 255, 0),
        scale=section.number('scale', 1.0, above=0.0),
        mean=section.channel_numbers('mean', 0.0),
        std=section.channel_numbers('std', 1.0, above=0.0),
        dtype=section.choice('dtype', get_args(InputType), 'float32'),
    )
    if section.integer('batch', 1, 1024, 1) != 1:
        section.fail(
            'batch',
            'a card does not set the batch size; remove the key, and set max_batch where the '
            'network is loaded (parameter max_batch, build_engine --max-batch)',
        )
    if spec.crop_fraction > 1.0:
        section.fail('crop_fraction', f'want a number in 0..1, not {spec.crop_fraction:g}')
    section.finish()
    return spec


def _read_outputs(top: Section, task: Task) -> Mapping[str, str]:
    if task == 'detection' and top.is_empty('outputs'):
        return MappingProxyType({})
    section = top.section('outputs')
    roles = section.names()
    if not roles:
        section.fail('(role)', 'missing; want at least one role with its tensor name')
    return MappingProxyType({role: section.text(role) for role in roles})
