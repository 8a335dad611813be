# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The topics of a node: the one table that publishers, --help and docs are made from."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

OLD_NAMES = {'vision_msgs/Classification': 'Classification2D'}
"""Names that messages had in older distributions: this one before vision_msgs 3."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of a node.

    Attributes:
        way: ``in`` for a subscription, ``out`` for a publisher.
        name: The name before remapping, such as ``~/overlay``. A private output is published for
            each camera, unless it is latched.
        type: Package and name of the message, such as ``sensor_msgs/Image``. Where it is not
            installed, the topic is left out.
        text: What it carries.
        latched: Whether late subscribers get the last message; then it is the node's, not a
            camera's.
        beside: Whether it is published beside the results only: its subscribers alone are no
            reason to run the network.
    """

    way: Literal['in', 'out']
    name: str
    type: str
    text: str
    latched: bool = False
    beside: bool = False

    @property
    def is_output(self) -> bool:
        """Whether the node publishes on it by itself."""
        return self.way == 'out' and self.name.startswith('~/')


def messages_of(package: str) -> Any:
    """Return the module of a package's messages; None if it is not installed."""
    try:
        return import_module(f'{package}.msg')
    except ImportError:
        return None


def message_type(name: str) -> Any:
    """Return a message class by package and name; None if it is not installed."""
    package, _, kind = name.partition('/')
    messages = messages_of(package)
    return getattr(messages, kind, None) or getattr(messages, OLD_NAMES.get(name, kind), None)
