# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Classifiers of timm, with the preprocessing that each was published with."""

from __future__ import annotations

from typing import Any

from torch import nn

from ...errors import TrainingError
from ...recognition.usual import ANTIALIASED
from ...text import one_line
from ..begun_with import InitialWeights
from ..settings import TIMM, TrainingSettings
from .initial_weights import load_initial, soon


def timm_network(
    settings: TrainingSettings, classes: int
) -> tuple[nn.Module, InitialWeights, dict[str, Any]]:
    """Make a network such as ``timm:convnext_atto``.

    Returns:
        The network, where its weights are from, and fields of ``InputSpec``.

    Raises:
        TrainingError: timm has no such network, or the weights cannot be used.
    """
    import timm

    name = _known(settings.network)
    begun_with = None
    if settings.weights == 'auto':
        try:
            with soon():
                network = timm.create_model(name, pretrained=True, num_classes=classes)
            begun_with = InitialWeights('the weights that timm names', trained=True)
        # Of the hub's client, and of timm where there are no weights.
        except (OSError, RuntimeError, ValueError) as err:
            why = f'those of timm could not be had ({one_line(err, 120)})'
            begun_with = InitialWeights(f'random weights, since {why}', trained=False)
    if begun_with is None or not begun_with.trained:
        network = timm.create_model(name, pretrained=False, num_classes=classes)
    if begun_with is None:
        begun_with = load_initial(network, settings.network, settings.weights)
    config = _config(name)
    return (
        network,
        begun_with,
        {
            'scale': 1 / 255,
            'mean': tuple(config['mean']),
            'std': tuple(config['std']),
            'crop_fraction': float(config['crop_pct']) if settings.resize == 'crop' else 1.0,
            **ANTIALIASED,
        },
    )


def timm_input(network: str) -> dict[str, Any]:
    """Return the usual input of a network, as fields of the settings.

    Raises:
        TrainingError: timm has no such network.
    """
    config = _config(_known(network))
    _, height, width = config['input_size']
    squashed = config['crop_mode'] == 'squash'
    return {'size_wh': (width, height), 'resize': 'stretch' if squashed else 'crop'}


def _known(network: str) -> str:
    import timm

    name = network.removeprefix(TIMM)
    if not timm.is_model(name.partition('.')[0]):
        near = timm.list_models(f'{name[:6]}*')[:5]
        there = f'; it has {", ".join(near)} and others' if near else ''
        msg = f'timm has no network {name!r}{there}: timm.list_models()'
        raise TrainingError(msg)
    return name


def _config(name: str) -> dict[str, Any]:
    """Return what timm says about the pictures of a network."""
    import timm
    from timm.data import resolve_data_config

    published = timm.get_pretrained_cfg(name)
    found: dict[str, Any] = resolve_data_config(
        pretrained_cfg=published.to_dict() if published is not None else {}
    )
    return found
