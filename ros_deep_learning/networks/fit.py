# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether a card, its labels and the network that was loaded belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..cards.card import ModelCard
from ..cards.coco_labels import by_category, is_coco, uses_categories
from ..cards.colors import load_colors
from ..cards.labels import labels_in_metadata, load_labels
from ..engines.base import EngineInfo
from ..engines.registry import REMOTE
from ..errors import CardError
from ..imaging.palettes import class_colors
from ..text import shape_text
from .side_inputs import side_inputs

_Role = TypeVar('_Role', bound=str)
_NOTHING: Mapping[str, str] = MappingProxyType({})

# The last is that of TensorFlow's label maps as text.
_BACKGROUND = ('background', '__background__', 'unlabeled', 'unlabelled', 'n/a', '???')


def fit_served(card: ModelCard, info: EngineInfo) -> ModelCard:
    """Return the card for a network on a server that computes its input from 8-bit pixels.

    There a ``uint8`` input in place of a float one takes the pixels as they are, in the card's
    layout and channel order. Other cards are returned as they are.
    """
    spec = card.input
    images = {one.name: one for one in info.inputs if len(one.shape) == 4}
    image = images.get(spec.name or (next(iter(images)) if len(images) == 1 else ''))
    if info.backend != REMOTE or spec.dtype == 'uint8' or image is None:
        return card
    if image.dtype != np.uint8:
        return card
    pixels = replace(spec, dtype='uint8', scale=1.0, mean=(0.0,) * 3, std=(1.0,) * 3)
    return replace(card, input=pixels)


def check_input(card: ModelCard, info: EngineInfo) -> str:
    """Find the name of the input that takes one image as the card prepares it.

    A network may have further inputs, if ``side_inputs`` knows them.

    Raises:
        CardError: The network has no such input, needs others too, or takes another type or shape.
    """
    spec = card.input
    aside = side_inputs(info)
    by_name = {tensor.name: tensor for tensor in info.inputs if tensor.name not in aside}
    name = spec.name or (next(iter(by_name)) if len(by_name) == 1 else '')
    if name not in by_name or len(by_name) != 1:
        msg = (
            f'{card.name}: input.name: expected the only input of the network, which takes '
            f'[{", ".join(by_name)}], got {spec.name!r}'
        )
        raise CardError(msg)
    size = (spec.height, spec.width)
    tensor = by_name[name]
    # Some detectors take a list of images, exported as one without batch axis.
    batch: tuple[int, ...] = (1,)
    if len(tensor.shape) in (3, 4) and tensor.shape[-4:-3] != (-1,):
        batch = tensor.shape[:-3]
    wanted = (*batch, spec.depth, *size) if spec.layout == 'nchw' else (*batch, *size, spec.depth)
    fits = len(tensor.shape) == len(wanted) and all(
        have in (-1, size) for have, size in zip(tensor.shape, wanted, strict=True)
    )
    if not fits or tensor.dtype != spec.dtype:
        fix = '; to fix: dtype float16 in the card' if tensor.dtype == np.float16 else ''
        msg = (
            f'{card.name}: input: the card gives {spec.dtype} {shape_text(wanted)}, but the '
            f'network takes {name!r} as {tensor.dtype} {shape_text(tensor.shape)}{fix}'
        )
        raise CardError(msg)
    return name


def output_shapes(card: ModelCard, info: EngineInfo) -> Mapping[str, tuple[int, ...]]:
    """Return the shapes of the card's outputs by role, without the batch axis, -1 where open.

    Raises:
        CardError: The network has no output of that name, or it has no axes.
    """
    by_name = {tensor.name: tensor.shape for tensor in info.outputs}
    for role, name in card.outputs.items():
        if name not in by_name:
            msg = (
                f'{card.name}: outputs.{role}: the network has no output {name!r}; it has '
                f'[{", ".join(by_name)}]'
            )
            raise CardError(msg)
        if not by_name[name] and role != 'count':
            msg = f'{card.name}: outputs.{role}: {name!r} has no batch axis'
            raise CardError(msg)
    return {role: by_name[name][1:] for role, name in card.outputs.items()}


def only_role(card: ModelCard, roles: Sequence[_Role]) -> _Role:
    """Return the role of a network's one output that is read.

    Raises:
        CardError: The card names another number of outputs, or another role.
    """
    found = [role for role in roles if role in card.outputs]
    if len(found) != 1 or len(card.outputs) != 1:
        msg = (
            f'{card.name}: outputs: expected one, as {", ".join(roles)}, got '
            f'[{", ".join(card.outputs)}]'
        )
        raise CardError(msg)
    return found[0]


def read_labels(card: ModelCard) -> tuple[str, ...] | None:
    """Load a card's labels, or None where it has no file of them.

    Raises:
        CardError: The file cannot be read.
    """
    if card.labels is None:
        return None
    return load_labels(card.labels)


def read_colors(card: ModelCard) -> NDArray[np.uint8] | None:
    """Load a card's colours, shape (K, 3), uint8, rgb; None where it has no file of them.

    Raises:
        CardError: The file cannot be read.
    """
    return None if card.colors is None else load_colors(card.colors)


def match_colors(
    card: ModelCard, colors_rgb: NDArray[np.uint8] | None, count: int
) -> NDArray[np.uint8]:
    """Return a colour for each class, shape (count, 3), uint8, rgb: the card's or the palette's.

    Raises:
        CardError: The card has another number of them.
    """
    if colors_rgb is None:
        return class_colors(count)
    if len(colors_rgb) != count:
        msg = (
            f'{card.name}: colors: {card.colors} has {len(colors_rgb)} colours for {count} classes'
        )
        raise CardError(msg)
    return colors_rgb


def class_count(card: ModelCard, by_outputs: int | None) -> int | None:
    """Return a detector's number of classes: what its outputs tell, else what its card says.

    Args:
        card: The network.
        by_outputs: What the shapes of its outputs tell, None if nothing.

    Raises:
        CardError: They contradict each other.
    """
    if card.classes is not None and by_outputs not in (None, card.classes):
        msg = f'{card.name}: classes: the card has {card.classes}, but the network {by_outputs}'
        raise CardError(msg)
    return card.classes if by_outputs is None else by_outputs


def is_background(label: str) -> bool:
    """Return whether a label names the background, as class 0 of some networks."""
    return label.casefold() in _BACKGROUND


def match_labels(
    card: ModelCard,
    labels: tuple[str, ...] | None,
    count: int | None,
    metadata: Mapping[str, str] = _NOTHING,
    *,
    background: bool = False,
    by_coco: bool = False,
) -> tuple[str, ...]:
    """Return a label for each class: from the card's file, from the network, or its number.

    Args:
        card: The network.
        labels: Those of its file, or None; a background before the classes is left out.
        count: The network's number of classes, or None where it does not tell.
        metadata: What the network says of itself.
        background: Whether class 0 is the background; labels without it get it.
        by_coco: Whether such networks use COCO's category numbers if they have its classes, where
            ``count`` is None.

    Raises:
        CardError: There is another number of labels than of classes, or neither is known.
    """
    where = card.labels if labels is not None else "the network's metadata"
    stated = labels_in_metadata(metadata)
    said = labels if labels is not None else stated
    if count is None and labels is not None and stated and not by_coco:
        count = len(stated) + (background and not is_background(stated[0]))
    if background and said and is_background(said[-1]) and not is_background(said[0]):
        fix = 'move that line to the top' if labels is not None else 'give labels with it first'
        msg = (
            f'{card.name}: labels: {where} has {said[-1]!r} last, but class 0 of the network is '
            f'the background; to fix: {fix}'
        )
        raise CardError(msg)
    labels = _by_category(said, count, background=background, by_coco=by_coco)
    if background and labels and not is_background(labels[0]):
        if count is None or len(labels) == count - 1:
            labels = ('background', *labels)
    elif labels and not background and is_background(labels[0]):
        # jetson-inference's ssd_coco_labels.txt, and label maps of TensorFlow, for networks whose
        # background is left out here.
        labels = labels[1:] if (len(labels) - 1 == count or (by_coco and not count)) else labels
    if not labels:
        if count is None:
            msg = (
                f'{card.name}: labels: missing, and the network leaves its number of classes open'
            )
            raise CardError(msg)
        return tuple(str(k) for k in range(count))
    if count is not None and len(labels) != count:
        msg = (
            f'{card.name}: labels: {where} has {len(labels)} labels, but the network has '
            f'{count} class{"es" * (count != 1)}'
            f'{", of which class 0 is the background" * background}'
        )
        raise CardError(msg)
    return labels


def _by_category(
    labels: tuple[str, ...], count: int | None, *, background: bool, by_coco: bool
) -> tuple[str, ...]:
    """Spread COCO's labels over its category numbers, if the network uses these."""
    if not is_coco(labels):
        return labels
    if count is None and by_coco:
        return by_category(labels, 91 if background else 90)
    return by_category(labels, count) if count and uses_categories(labels, count) else labels
