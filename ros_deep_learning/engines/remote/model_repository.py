# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write a network as a model of NVIDIA's Triton Inference Server.

https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md
says what the configuration means.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from ...cards.card import ModelCard
from ...errors import CardError, SettingsError
from ...files import move_whole_folder, scratch_folder
from ...onnx_tools.external_data import onnx_files
from ...onnx_tools.facts import read_facts
from ...onnx_tools.pixel_input import take_pixels
from ...text import disk_cause
from .config_text import BLACK, black_jpeg, jpeg_warm_up, tensor_lines, warm_up

Platform = Literal['onnxruntime', 'python', 'tensorrt']
PLATFORMS: tuple[Platform, ...] = get_args(Platform)
_PYTHON_MODEL = Path(__file__).with_name('assets') / 'triton_model.py.in'

_LATEST_US = 3_600_000_000
"""Deadline of frames without one of their own, since Triton only takes one before this."""


@dataclass(frozen=True, slots=True)
class ServingOptions:
    """How a server runs a network.

    Attributes:
        platform: ``onnxruntime``; ``python``, a script that calls ONNX Runtime in Triton's
            Python backend; or ``tensorrt`` with a plan.
        plan: The plan that TensorRT on the server loads.
        max_batch: Most frames that the server runs together, 1 or more; used if the network's
            batch is open.
        delay_us: How long the first frame of a batch waits for others, 0 or more.
        instances: How many frames or batches are run at a time, 1 or more.
        pixels: Whether the served network takes 8-bit pixels, a quarter of the bytes of float32.
        jpeg: Whether it takes JPEG files of the pixels, one at a time; platform ``python``.
        batch_axis: Whether the first axis of the outputs is the images; else an open one counts
            what was found, and no frames are run together.

    Raises:
        SettingsError: A value is out of range, a plan is missing or not used, or the platform
            decodes no JPEG.
    """

    platform: Platform = 'onnxruntime'
    plan: Path | None = None
    max_batch: int = 8
    delay_us: int = 500
    instances: int = 1
    pixels: bool = False
    jpeg: bool = False
    batch_axis: bool = True

    def __post_init__(self) -> None:
        for name, value, least in (
            ('max_batch', self.max_batch, 1),
            ('delay_us', self.delay_us, 0),
            ('instances', self.instances, 1),
        ):
            if value < least:
                msg = f'{name}: expected {least} or more, got {value}'
                raise SettingsError(msg)
        if self.jpeg and self.platform != 'python':
            msg = f'{self.platform} decodes no JPEG; to fix: --platform python, or --pixels'
            raise SettingsError(msg)
        if self.pixels and self.platform == 'tensorrt':
            msg = 'a plan takes what it was built for; leave out --pixels'
            raise SettingsError(msg)
        if (self.platform == 'tensorrt') != (self.plan is not None):
            msg = (
                'platform tensorrt needs a plan that the TensorRT of the server built on its GPU: '
                '--plan FILE (trtexec --onnx=NET.onnx --saveEngine=FILE)'
                if self.plan is None
                else f'a plan is for platform tensorrt, not for {self.platform}'
            )
            raise SettingsError(msg)


def write_model(
    card: ModelCard, onnx_path: Path, repository: Path, options: ServingOptions
) -> Path:
    """Write a network into a model repository, as version 1 of a model with the card's name.

    Args:
        card: The network.
        onnx_path: Its file.
        repository: Folder of the repository; it is made if it is missing.
        options: How it is run.

    Returns:
        The folder of the model.

    Raises:
        OnnxError: The file is no ONNX network.
        CardError: A tensor is of a type or shape that a server does not have.
        ConversionError: The network cannot be made to take 8-bit pixels.
        SettingsError: The model is there already, cannot be written, or its plan is missing.
    """
    folder = repository / card.name
    if folder.exists():
        msg = f'{folder} is there already; to fix: remove it, or name another folder'
        raise SettingsError(msg)
    if options.plan is not None and not options.plan.is_file():
        msg = f'there is no plan {options.plan}'
        raise SettingsError(msg)
    text = configuration(card, onnx_path, options)
    try:
        repository.mkdir(parents=True, exist_ok=True)
        with scratch_folder(repository, f'.{card.name}-') as scratch:
            part = scratch / card.name
            part.mkdir()
            (part / 'config.pbtxt').write_text(text, encoding='utf-8')
            version = part / '1'
            version.mkdir()
            if options.plan is not None:
                shutil.copyfile(options.plan, version / 'model.plan')
            else:
                first, *others = onnx_files(onnx_path)
                if options.pixels or options.jpeg:
                    (version / 'model.onnx').write_bytes(
                        take_pixels(onnx_path, _image_input(card, onnx_path), card.input)
                    )
                else:
                    shutil.copyfile(first, version / 'model.onnx')
                for other in others:
                    target = version / other.relative_to(onnx_path.parent)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(other, target)
            if options.platform == 'python':
                shutil.copyfile(_PYTHON_MODEL, version / 'model.py')
            if options.jpeg:
                black = part / 'warmup' / BLACK
                black.parent.mkdir()
                black.write_bytes(black_jpeg(card))
            move_whole_folder(part, folder)
    except OSError as err:
        msg = f'cannot write {folder}: {disk_cause(err)}'
        raise SettingsError(msg) from err
    return folder


def configuration(card: ModelCard, onnx_path: Path, options: ServingOptions) -> str:
    """Return the text of a model's ``config.pbtxt``.

    Raises:
        OnnxError: The file is no ONNX network.
        CardError: A tensor is of a type or shape that a server does not have.
    """
    facts = read_facts(onnx_path)
    inputs = dict(facts.inputs)
    if options.pixels or options.jpeg:
        name = _image_input(card, onnx_path)
        inputs[name] = replace(inputs[name], dtype=np.dtype(np.uint8))
    if options.jpeg:
        if len(inputs) > 1 or card.input.channels == 'grey':
            msg = f'{card.name}: only a network whose one input is in colour takes JPEG files'
            raise CardError(msg)
        inputs[name] = replace(inputs[name], shape=(-1,))
    tensors = (*inputs.values(), *facts.outputs.values())
    batched = options.batch_axis and all(
        one.shape[:1] == (-1,) and len(one.shape) > 1 for one in tensors
    )
    max_batch = options.max_batch if batched else 0
    lines = [f'name: "{card.name}"', *_platform(options), f'max_batch_size: {max_batch}']
    lines += tensor_lines(card, 'input', inputs, batched=batched)
    lines += tensor_lines(card, 'output', facts.outputs, batched=batched)
    if options.jpeg:
        order = f'{card.input.layout} {card.input.channels}'
        lines.append(f'parameters {{ key: "jpeg" value {{ string_value: "{order}" }} }}')
    kind = 'KIND_CPU' if options.platform == 'python' else 'KIND_AUTO'
    lines.append(f'instance_group [{{ count: {options.instances} kind: {kind} }}]')
    if batched:
        lines += [
            'dynamic_batching {',
            f'  max_queue_delay_microseconds: {options.delay_us}',
            '  # A frame whose deadline is over is not run any more.',
            '  default_queue_policy {',
            '    timeout_action: REJECT',
            '    allow_timeout_override: true',
            f'    default_timeout_microseconds: {_LATEST_US}',
            '  }',
            '}',
        ]
    if options.jpeg:
        lines += jpeg_warm_up(card, name)
    else:
        for count in sorted({1, max_batch or 1}):
            lines += warm_up(card, inputs, count, batched=batched)
    return '\n'.join(lines) + '\n'


def _image_input(card: ModelCard, onnx_path: Path) -> str:
    """Return the name of the input for the image.

    Raises:
        CardError: The card does not name it, and there are several.
    """
    names = [name for name, one in read_facts(onnx_path).inputs.items() if len(one.shape) == 4]
    name = card.input.name or (names[0] if len(names) == 1 else '')
    if name not in names:
        msg = f'{card.name}: input.name: expected one of [{", ".join(names)}], got {name!r}'
        raise CardError(msg)
    return name


def _platform(options: ServingOptions) -> list[str]:
    if options.platform == 'python':
        return ['backend: "python"']
    return ['platform: "tensorrt_plan"' if options.plan else 'platform: "onnxruntime_onnx"']
