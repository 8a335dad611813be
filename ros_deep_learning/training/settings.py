# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What decides the result of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from ..cards.card import Resize, Task
from ..errors import SettingsError

Device = Literal['auto', 'cpu', 'cuda']

NETWORKS: Mapping[Task, str] = {
    'classification': 'resnet18',
    'detection': 'ssdlite320_mobilenet_v3_large',
    'segmentation': 'fcn_resnet18',
}
"""The network of each task where none is named; those of jetson-inference, or their like."""

SIZES: Mapping[Task, tuple[int, int]] = {
    'classification': (224, 224),
    'detection': (320, 320),
    'segmentation': (320, 320),
}
"""Width and height of the input of each task where none is named."""

TIMM = 'timm:'
"""What the name of a network of timm begins with, as ``timm:convnext_atto``."""

DFINE = 'dfine_'
"""What the names of the detectors of transformers begin with."""

MOST_PIXELS = 4096
"""Largest width or height of the input in pixels."""

_LEAST_SIDE = 16


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How a network is trained; the same settings and pictures give the same weights.

    Attributes:
        task: What the network answers.
        network: Its name in torchvision, ``timm:`` and its name in timm, or ``dfine_n``,
            ``dfine_s`` or ``dfine_m``.
        size_wh: Width and height of its input in pixels.
        resize: How pictures are fitted into the input, in training and afterwards.
        epochs: How often each picture is seen, if the training is not stopped before.
        batch: Pictures in a step. If memory runs out, fewer run at a time and their gradients
            are added up.
        learning_rate: Of AdamW, at its highest; None is 1e-3 from scratch, else 3e-4.
        weights: ``auto`` for published weights if they can be had, else random ones; ``none``
            for random ones; or the path of a file.
        seed: Of everything random.
        patience: Epochs without a lower validation loss after which it is stopped; 0 = never.
        held_out: Share of the pictures, 0 to 1, that become the validation pictures of a data set
            that has none.
        flip: Whether half of the pictures are mirrored, left and right.
        device: ``cuda``, ``cpu``, or ``auto`` for the GPU if there is one.
        devices: How many of them train together, one process each, which share each batch.
        pictures_below: Folder below which a ``data.yaml`` may name pictures; None is its own.

    Raises:
        SettingsError: A value is out of its range.
    """

    task: Task
    network: str
    size_wh: tuple[int, int]
    resize: Resize = 'stretch'
    epochs: int = 30
    batch: int = 16
    learning_rate: float | None = None
    weights: str = 'auto'
    seed: int = 0
    patience: int = 10
    held_out: float = 0.2
    flip: bool = True
    device: Device = 'auto'
    devices: int = 1
    pictures_below: str | None = None

    def __post_init__(self) -> None:
        _check('size', min(self.size_wh), _LEAST_SIDE, MOST_PIXELS)
        _check('size', max(self.size_wh), _LEAST_SIDE, MOST_PIXELS)
        _check('epochs', self.epochs, 1, 100_000)
        _check('batch', self.batch, 1, 65536)
        _check('devices', self.devices, 1, self.batch)
        _check('seed', self.seed, 0, 2**31 - 1)
        _check('patience', self.patience, 0, 100_000)
        if self.learning_rate is not None and not 0 < self.learning_rate <= 10:
            msg = f'learning rate: expected a number above 0, at most 10, got {self.learning_rate}'
            raise SettingsError(msg)
        if not 0 < self.held_out < 1:
            msg = f'held-out share: expected a number between 0 and 1, got {self.held_out}'
            raise SettingsError(msg)
        for name, value, choices in (
            ('task', self.task, NETWORKS),
            ('device', self.device, get_args(Device)),
            ('resize', self.resize, get_args(Resize)),
        ):
            if value not in choices:
                msg = f'{name}: expected one of {", ".join(choices)}, got {value!r}'
                raise SettingsError(msg)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data, ready for JSON."""
        return {**asdict(self), 'size_wh': list(self.size_wh)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainingSettings:
        """Return the settings that ``to_dict`` made plain data of.

        Raises:
            SettingsError: A name or value is none of theirs.
        """
        try:
            return cls(**{**values, 'size_wh': tuple(values['size_wh'])})
        except (KeyError, TypeError) as err:
            msg = f'these are no settings of a training: {err}'
            raise SettingsError(msg) from err

    def differences(self, other: TrainingSettings) -> list[str]:
        """List what another training has different, as ``batch 8 and 16``."""
        return [
            f'{field.name} {mine} and {theirs}'
            for field in fields(self)
            if (mine := getattr(self, field.name)) != (theirs := getattr(other, field.name))
        ]


def _check(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        msg = f'{name}: expected a whole number from {least} to {most}, got {value}'
        raise SettingsError(msg)
