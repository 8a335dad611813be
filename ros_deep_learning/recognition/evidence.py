# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What is known of a network file, and what a family of exporters makes of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeGuard

from ..cards.card import Layout, Task
from ..cards.foreign_files import parse_foreign
from ..onnx_tools.facts import OnnxFacts, TensorFacts

MAX_BESIDE_BYTES = 1 << 20
"""Largest file that is read beside a network."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Evidence:
    """An ONNX file, as the families look at it.

    Attributes:
        path: The file.
        facts: What is in it.
        input_name: Name of the input for images.
        image: The input for images.
        layout: ``nchw`` or ``nhwc``.
        depth: Number of channels of images, 1 or 3.
        size_wh: Width and height of the input in pixels; -1 where open.
        outputs: The outputs that may be read.
        labels: Class names, from the user's file, the file's metadata or a file beside it; empty
            if unknown.
        labels_path: The file that they are from; None = the metadata.
    """

    path: Path
    facts: OnnxFacts
    input_name: str
    image: TensorFacts
    layout: Layout
    depth: int
    size_wh: tuple[int, int]
    outputs: Mapping[str, TensorFacts]
    labels: tuple[str, ...]
    labels_path: Path | None = None

    @property
    def metadata(self) -> Mapping[str, str]:
        """The file's key-value pairs."""
        return self.facts.metadata

    @property
    def stem(self) -> str:
        """Name of the file in lower case, without suffix."""
        return self.path.stem.lower()

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the outputs without the first axis, the batch."""
        return {name: tensor.shape[1:] for name, tensor in self.outputs.items()}

    @property
    def from_tensorflow(self) -> bool:
        """Whether tf2onnx or keras2onnx wrote the file."""
        return bool(re.match('tf2onnx|keras', self.facts.producer))

    def counts_objects(self, tensor: TensorFacts) -> bool:
        """Return whether an output's first axis counts found objects, not images."""
        if 'NonMaxSuppression' in self.facts.ends.operators:
            return True
        images, first = self.image.shape[0], tensor.shape[0]
        return images > 0 and (first < 1 or first > images)

    def named(self, **expressions: str) -> dict[str, str] | None:
        """Find an output for each role by a regular expression for its name, or return None."""
        roles: dict[str, str] = {}
        for role, expression in expressions.items():
            names = [name for name in self.outputs if re.search(expression, name)]
            if len(names) != 1 or names[0] in roles.values():
                return None
            roles[role] = names[0]
        return roles

    def beside(self, name: str) -> Mapping[str, Any]:
        """Load a JSON or YAML file from the network's folder; empty if there is none."""
        return read_configuration(path_beside(self.path, name))


def path_beside(path: Path, name: str) -> Path:
    """Return the path of a file beside a network, or above the folder ``onnx`` that it is in."""
    beside = path.parent / name
    if not beside.is_file() and path.parent.name == 'onnx':
        # Exports on Hugging Face are in a folder of this name.
        return path.parent.parent / name
    return beside


def read_configuration(path: Path) -> Mapping[str, Any]:
    """Load a JSON or YAML file; empty if there is none, or if it is no mapping."""
    try:
        if path.stat().st_size > MAX_BESIDE_BYTES:
            return _NOTHING
        text = path.read_text(encoding='utf-8')
        found = parse_foreign(text, is_json=path.suffix == '.json')
    except (OSError, ValueError):
        return _NOTHING
    return found if isinstance(found, dict) else _NOTHING


def is_number(value: Any) -> TypeGuard[float]:
    """Return whether a value of a configuration is a finite number."""
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    # Unlike math.isfinite, this takes whole numbers of any size.
    return is_real and abs(value) <= sys.float_info.max


def mean_and_std(
    config: Mapping[str, Any], mean: str = 'mean', std: str = 'std'
) -> dict[str, tuple[float, ...]]:
    """Read ``mean`` and ``std`` of an ``InputSpec`` from a configuration.

    Args:
        config: The configuration; what is not one number or three in it, above 0 for the std, is
            not read. One number, also in a list as for grey images, is that of all channels.
        mean: Its key of the mean.
        std: Its key of the standard deviation.
    """
    found = {}
    for key, name in (('mean', mean), ('std', std)):
        value = config.get(name)
        values = value if isinstance(value, list | tuple) else [value]
        if len(values) not in (1, 3) or not all(map(is_number, values)):
            continue
        if key == 'mean' or min(values) > 0:
            found[key] = tuple(map(float, values)) * (3 // len(values))
    return found


def levels(values: Iterable[float]) -> tuple[int, ...]:
    """Round to pixel values 0..255."""
    return tuple(round(min(255.0, max(0.0, value))) for value in values)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a family makes of a file.

    Attributes:
        by: The evidence in words, such as ``metadata of Ultralytics, task detect``.
        task: Task of the network.
        decoder: Decoder of a detector.
        roles: Tensor name by role.
        stated: Fields of ``InputSpec`` that the evidence states.
        guessed: Fields of ``InputSpec`` that are usual for the family.
        size_wh: Width and height of the input, if the file leaves them open.
        states_size: Whether the evidence states them; else they are usual.
        is_sure: Whether decoder and roles are stated too, not guessed.
        alternatives: Preprocessing of several networks that cannot be told apart, in place of
            ``guessed``, each with its scale.
    """

    by: str
    task: Task
    decoder: str | None = None
    roles: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    stated: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    guessed: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    size_wh: tuple[int, int] | None = None
    states_size: bool = False
    is_sure: bool = True
    alternatives: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """Networks of one exporter.

    Attributes:
        name: Its name, for people.
        recognise: Looks at the evidence; None = another exporter wrote the file. Raises CardError
            for a network of this exporter that the package does not run.
    """

    name: str
    recognise: Callable[[Evidence], Finding | None]
