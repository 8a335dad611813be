# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The weights that a training starts with."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
import torchvision
from torch import nn

from ...errors import TrainingError
from ...paths import user_path
from ...text import one_line
from ..begun_with import InitialWeights

_CONNECT_S = 15.0
_LEAST_SHARE = 0.5
"""Of a file's values that must fit a network; the head of another task is less."""


def load_initial(network: nn.Module, name: str, wanted: str) -> InitialWeights:
    """Load the weights that a training starts with into a network with random ones.

    Values of other names or shapes, such as those of the last layer for other classes, stay
    random.

    Args:
        network: The network.
        name: Its name in torchvision.
        wanted: See ``TrainingSettings.weights``.

    Raises:
        TrainingError: A named file cannot be read, or fits another network.
    """
    if wanted == 'none':
        return InitialWeights('random weights, as asked for', trained=False)
    if wanted != 'auto':
        path = user_path(wanted)
        return InitialWeights(_fill(network, _read(str(path)), str(path)), trained=True)
    if name not in torchvision.models.list_models():
        source = f'random weights, since none of {name} are looked for; --weights takes a file'
        return InitialWeights(source, trained=False)
    published = torchvision.models.get_model_weights(name).DEFAULT
    try:
        with soon():
            found = published.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as err:
        why = f'{published.url} could not be had ({one_line(err, 120)})'
        return InitialWeights(f'random weights, since {why}', trained=False)
    return InitialWeights(_fill(network, found, f'the published {published}'), trained=True)


def _read(path: str) -> Mapping[str, Any]:
    try:
        if path.endswith('.safetensors'):
            from safetensors.torch import load_file

            content = load_file(path)
        else:
            # Only tensors: a file of weights may be anyone's, and a pickle is code.
            content = torch.load(path, map_location='cpu', weights_only=True)
    # What these raise for a file that is none of their own depends on the file.
    except Exception as err:
        msg = f'cannot read the weights {path}: {one_line(err, 200)}'
        raise TrainingError(msg) from err
    inner = content.get('state_dict', content) if isinstance(content, dict) else {}
    return {str(name).removeprefix('network.'): value for name, value in inner.items()}


def _fill(network: nn.Module, found: Mapping[str, Any], source: str) -> str:
    """Copy what fits; return from where, and how much that was."""
    own = network.state_dict()
    fitting = {
        name: value
        for name, value in found.items()
        if name in own and isinstance(value, torch.Tensor) and value.shape == own[name].shape
    }
    values = sum(own[name].numel() for name in fitting)
    if values < _LEAST_SHARE * sum(value.numel() for value in own.values()):
        msg = f'{source} is of another network: {len(fitting)} of {len(own)} tensors fit'
        raise TrainingError(msg)
    network.load_state_dict(fitting, strict=False)
    left = sorted({name.rpartition('.')[0] for name in own if name not in fitting})
    return f'{source}' + (f', without {", ".join(left)}' if left else '')


@contextmanager
def soon() -> Iterator[None]:
    """Wait for a silent network for seconds only: torch.hub would without an end."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_CONNECT_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
