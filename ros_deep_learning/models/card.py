# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A network as one YAML card: where it comes from, what it takes, what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from .validation import Section, read_yaml

Task = Literal['classification', 'detection', 'segmentation']
Format = Literal['onnx', 'tensorflow-ssd']
Layout = Literal['nchw', 'nhwc']
Channels = Literal['rgb', 'bgr']
Resize = Literal['stretch', 'letterbox', 'crop']
Interpolation = Literal['nearest', 'bilinear', 'area']
InputType = Literal['float32', 'uint8']

MAX_SIDE = 16384
"""Largest input width or height in pixels; 4096x4096 is the largest in common use."""

_NAME = r'[A-Za-z0-9][A-Za-z0-9._-]{0,63}'
_NAME_ALLOWED = 'up to 64 of A-Z a-z 0-9 . _ - with a letter or digit first'
# A first letter or digit, so that pip cannot take a requirement for an option.
_REQUIREMENT = r'[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9.!+_-]*'
_WHEEL_TAGS = r'[a-z]{2}[0-9]+-[a-z0-9]+-[A-Za-z0-9_]+'


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """Where a network's file comes from: a kept file, or a file inside a Python package.

    Attributes:
        file: The kept file; None for a package.
        package: Pinned requirement on pip's index, ``name==version``; None for a kept file.
        member: The file's name inside the package's wheel.
        sha256: Of the file, 64 lower-case hex digits; None = not checked (kept files only).
        size_bytes: Of the file; None = not checked (kept files only).
        package_size_bytes: Of the wheel; a larger download is broken off.
        wheel_tags: ``python-abi-platform`` of the wheel to take whatever runs here, for data
            that lies in a compiled package; None = a wheel for this interpreter.
        credit: Who made it, and where.
    """

    file: Path | None = None
    package: str | None = None
    member: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    package_size_bytes: int | None = None
    wheel_tags: str | None = None
    credit: str | None = None


@dataclass(frozen=True, slots=True)
class InputSpec:
    """How an image becomes the network's input tensor.

    The image is resized in 8 bits, its channels are ordered, and each value becomes
    ``(pixel * scale - mean[c]) / std[c]`` with c in the network's channel order.

    Attributes:
        width: Of the tensor, pixels.
        height: Of the tensor, pixels.
        name: The tensor's name; None = the network's only input.
        batch: Images a run.
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
    batch: int = 1
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
        format: ``onnx``, or what is converted to it on arrival.
        input: How an image becomes its input.
        licence: SPDX identifier of the weights' licence.
        folder: The folder the card lies in.
        aliases: Other names for it.
        description: One line for people.
        outputs: Role to tensor name, such as ``{'boxes': ..., 'scores': ...}``.
        decoder: Name of the decoder that reads the outputs; None = the task's only one.
        labels: File with one label a line; None = the classes have numbers only.
        colors: File with one colour a line; None = the palette's.
        accuracy: What is known of its accuracy, with its source.
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
        source=_read_model_source(top.section('source')),
        format=top.choice('format', get_args(Format), 'onnx'),
        input=_read_input(top.section('input')),
        licence=top.text('licence'),
        folder=path.parent,
        aliases=top.texts('aliases'),
        description=top.optional_text('description') or '',
        outputs=_read_outputs(top.section('outputs')),
        decoder=top.optional_text('decoder'),
        labels=_find_file(top, 'labels', 'labels'),
        colors=_find_file(top, 'colors', 'labels'),
        accuracy=top.optional_text('accuracy'),
    )
    if task == 'detection' and card.decoder is None:
        top.fail('decoder', 'missing; a detection network needs the name of its decoder')
    top.finish()
    return card


def read_package_source(section: Section) -> SourceSpec:
    """Read the keys of a file inside a package on pip's index; leaves ``finish`` to the caller.

    Raises:
        CardError: A key is missing, of the wrong type or out of range.
    """
    return SourceSpec(
        package=section.text('package', _REQUIREMENT, 'name==version'),
        member=section.text('member', allowed='the name of a file in the wheel'),
        sha256=section.text('sha256', '[0-9a-fA-F]{64}', '64 hex digits').lower(),
        size_bytes=section.integer('size_bytes', 1, 2**40),
        package_size_bytes=section.integer('package_size_bytes', 1, 2**40),
        wheel_tags=section.optional_text('wheel_tags', _WHEEL_TAGS, 'python-abi-platform'),
        credit=section.optional_text('credit'),
    )


def _read_model_source(section: Section) -> SourceSpec:
    if ('file' in section) == ('package' in section):
        section.fail('file', 'want either file or package (with member), not both or none')
    if 'package' in section:
        source = read_package_source(section)
    else:
        sha256 = section.optional_text('sha256', '[0-9a-fA-F]{64}', '64 hex digits')
        has_size = 'size_bytes' in section
        source = SourceSpec(
            file=_find_file(section, 'file', 'weights'),
            sha256=sha256.lower() if sha256 else None,
            size_bytes=section.integer('size_bytes', 1, 2**40, 1) if has_size else None,
            credit=section.optional_text('credit'),
        )
    section.finish()
    return source


def _read_input(section: Section) -> InputSpec:
    spec = InputSpec(
        width=section.integer('width', 1, MAX_SIDE),
        height=section.integer('height', 1, MAX_SIDE),
        name=section.optional_text('name'),
        batch=section.integer('batch', 1, 1024, 1),
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
    if spec.crop_fraction > 1.0:
        section.fail('crop_fraction', f'want a number in 0..1, not {spec.crop_fraction:g}')
    section.finish()
    return spec


def _read_outputs(section: Section) -> Mapping[str, str]:
    roles = section.names()
    if not roles:
        section.fail('(role)', 'missing; want at least one role with its tensor name')
    return MappingProxyType({role: section.text(role) for role in roles})


def _find_file(section: Section, key: str, sibling: str) -> Path | None:
    """Find a file that a card names, beside it or in a folder next to the card's."""
    name = section.optional_text(key, allowed='the name of a file')
    if name is None:
        return None
    folder = section.path.parent
    wanted = Path(name).expanduser()
    places = [folder / wanted, folder.parent / sibling / wanted]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        section.fail(key, f'no such file: {" or ".join(str(p) for p in dict.fromkeys(places))}')
    return found.resolve()
