# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Model cards: one YAML file per network with its source, input, outputs and labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from ..paths import user_path
from .decision import Decision
from .source import SourceSpec, find_file, read_source
from .validation import Section, read_yaml

Task = Literal['classification', 'detection', 'segmentation']
Format = Literal['onnx', 'onnx-resized', 'tensorflow-ssd', 'uff-ssd', 'caffe']
Checked = Literal['real weights', 'random weights', 'card only']
Layout = Literal['nchw', 'nhwc']
Channels = Literal['rgb', 'bgr', 'grey']
Resize = Literal['stretch', 'letterbox', 'crop']
Align = Literal['centre', 'top_left']
Rounding = Literal['nearest', 'down', 'half_up']
Interpolation = Literal['nearest', 'bilinear', 'bicubic', 'area']
InputType = Literal['float32', 'float16', 'uint8']

MAX_SIDE = 16384
"""Largest input width or height in pixels; networks in common use have up to 4096."""

MAX_CLASSES = 1 << 16
"""Most classes of a card; the largest data sets in common use have 21,841."""

NAME = r'[A-Za-z0-9][A-Za-z0-9._-]{0,63}'
NAME_ALLOWED = 'up to 64 of A-Z a-z 0-9 . _ - with a letter or digit first'


@dataclass(frozen=True, slots=True)
class InputSpec:
    """Preprocessing: how an image becomes the network's input tensor.

    The image is resized in 8 bits, its channels are reordered, and each value becomes
    ``(pixel * scale - mean[c]) / std[c]`` with c in the network's channel order.

    Attributes:
        width: Width of the tensor in pixels.
        height: Height of the tensor in pixels.
        name: Name of the tensor; None = the network's only input.
        layout: ``nchw`` or ``nhwc``.
        channels: The network's channel order, ``rgb`` or ``bgr``; or ``grey`` for one channel,
            whose mean and std are the first of each three.
        resize: ``stretch`` to the size, ``letterbox`` (whole image, padded) or ``crop`` (centre).
        crop_fraction: Share of the shorter side that ``crop`` keeps, above 0, at most 1.
        align: Where ``letterbox`` puts the image: in the ``centre``, or at the ``top_left``.
        rounding: How ``letterbox`` rounds the sides of the image: ``nearest``, ``down`` or
            ``half_up``; see ``imaging.placement.place``.
        interpolation: ``nearest``, ``bilinear``, ``bicubic`` or ``area``, as OpenCV's.
        pad_value: Pixel value 0..255 of the padding, before the formula; one, or one per channel.
        scale: Factor on the pixel value 0..255, above 0.
        mean: Subtrahend after the scale, one per channel.
        std: Divisor at the end, one per channel, above 0.
        dtype: Type of the tensor, ``float32``, ``float16`` or ``uint8``; the last takes the pixels
            as they are, and scale, mean and std have no part in it.
    """

    width: int
    height: int
    name: str | None = None
    layout: Layout = 'nchw'
    channels: Channels = 'rgb'
    resize: Resize = 'stretch'
    crop_fraction: float = 1.0
    align: Align = 'centre'
    rounding: Rounding = 'nearest'
    interpolation: Interpolation = 'bilinear'
    pad_value: int | tuple[int, int, int] = 0
    scale: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    dtype: InputType = 'float32'

    @property
    def depth(self) -> int:
        """Number of channels: 1 for grey, else 3."""
        return 1 if self.channels == 'grey' else 3

    @property
    def pad_levels(self) -> tuple[int, int, int]:
        """The padding of each channel, in the network's order; as rgb for a grey one."""
        value = self.pad_value
        return (value,) * 3 if isinstance(value, int) else value


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Description of a network.

    Attributes:
        name: Name in the zoo; also used for file names in the cache.
        task: ``classification``, ``detection`` or ``segmentation``.
        source: Where the network's files come from.
        format: ``onnx``, or a format that is converted to ONNX after the download:
            ``tensorflow-ssd``, ``uff-ssd``, ``caffe``, or ``onnx-resized`` for an ONNX network
            that gets another input size.
        input: How an image becomes the input tensor.
        licence: SPDX identifier of the weights' licence.
        folder: Folder of the card file.
        aliases: Other names of the network.
        description: One line for people.
        outputs: Tensor name by role, such as ``{'boxes': ..., 'scores': ...}``. For a detector,
            missing roles are inferred from the names and shapes of its outputs.
        decoder: Name of the decoder that reads the outputs; None = the only one of the task, or
            for a detector the one inferred from its outputs.
        classes: Number of classes of a detector whose outputs do not tell it, a background
            included; None = unknown, or the outputs tell.
        labels: File with one label per line; None = the classes have numbers only.
        colors: File with one colour per line; None = the colours of the palette.
        accuracy: Known accuracy, with its source.
        checked: What was run when the card was written: the ``real weights``, the real layers
            with ``random weights``, or nothing (``card only``); None = unknown.
        family: Collection of the network, such as ``jetson-inference``.
        notes: Further notes for people.
        decisions: What was decided about a network file without a card, and by which evidence;
            empty for a card that was read from a file.
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
    classes: int | None = None
    labels: Path | None = None
    colors: Path | None = None
    accuracy: str | None = None
    checked: Checked | None = None
    family: str | None = None
    notes: str | None = None
    decisions: tuple[Decision, ...] = field(default=(), compare=False, repr=False)


def load_card(path: Path | str) -> ModelCard:
    """Load and check a model card.

    Files that the card names are searched beside it, then in the folders ``weights`` and
    ``labels`` next to the card's folder.

    Raises:
        CardError: The file cannot be read, or a key is unknown, missing, of the wrong type, out
            of range, or names a file that does not exist.
    """
    path = user_path(path).absolute()
    top = read_yaml(path)
    return read_card(top, read_source(top.section('source')))


def read_card(top: Section, source: SourceSpec) -> ModelCard:
    """Read a card's keys, except for its source.

    Raises:
        CardError: As ``load_card``.
    """
    task = top.choice('task', get_args(Task))
    card = ModelCard(
        name=top.text('name', NAME, NAME_ALLOWED),
        task=task,
        source=source,
        format=top.choice('format', get_args(Format), 'onnx'),
        input=_read_input(top.section('input')),
        licence=top.text('licence'),
        folder=top.path.parent,
        aliases=top.texts('aliases'),
        description=top.optional_text('description') or '',
        outputs=_read_outputs(top, task),
        decoder=top.optional_text('decoder'),
        classes=top.integer('classes', 1, MAX_CLASSES) if 'classes' in top else None,
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
    section.refuse_open('scale')
    spec = InputSpec(
        width=section.integer('width', 1, MAX_SIDE),
        height=section.integer('height', 1, MAX_SIDE),
        name=section.optional_text('name'),
        layout=section.choice('layout', get_args(Layout), 'nchw'),
        channels=section.choice('channels', get_args(Channels), 'rgb'),
        resize=section.choice('resize', get_args(Resize), 'stretch'),
        crop_fraction=section.number('crop_fraction', 1.0, above=0.0),
        align=section.choice('align', get_args(Align), 'centre'),
        rounding=section.choice('rounding', get_args(Rounding), 'nearest'),
        interpolation=section.choice('interpolation', get_args(Interpolation), 'bilinear'),
        pad_value=section.level('pad_value'),
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
        section.fail('crop_fraction', f'expected a number in 0..1, got {spec.crop_fraction:g}')
    section.finish()
    return spec


def _read_outputs(top: Section, task: Task) -> Mapping[str, str]:
    if task == 'detection' and top.is_empty('outputs'):
        return MappingProxyType({})
    section = top.section('outputs')
    roles = section.names()
    if not roles:
        section.fail('(role)', 'missing; expected at least one role with its tensor name')
    return MappingProxyType({role: section.text(role) for role in roles})
