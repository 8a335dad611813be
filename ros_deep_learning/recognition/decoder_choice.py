# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Choose the decoder of a detector, by its card or by the outputs themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

from ..cards.labels import labels_in_metadata
from ..errors import AmbiguousOutputsError, DecodeError
from ..tasks.decoders.registry import find_decoder
from ..tasks.decoders.shapes import ROW_LETTERS, bind
from .output_forms import FORMS, Form

Shapes = Mapping[str, tuple[int, ...]]

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Choice:
    """A decoder and its tensors.

    Attributes:
        decoder: Name of the decoder.
        roles: Name of the tensor for each role that the decoder reads.
    """

    decoder: str
    roles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Fit:
    choice: Choice
    named: bool
    in_order: bool
    classes: int | None
    is_loose: bool
    """Whether a number of the form, such as six columns, only fits an open axis."""


def choose(
    shapes: Shapes,
    network_wh: tuple[int, int],
    *,
    decoder: str | None = None,
    roles: Mapping[str, str] = _NOTHING,
    labels: Sequence[str] = (),
    metadata: Mapping[str, str] = _NOTHING,
    whole: Shapes | None = None,
) -> Choice:
    """Choose the decoder of a detector, and the tensor for each of its roles.

    Values of the card are used as they are. The rest is recognised by the shapes and usual names
    of the outputs, the number of labels, and the number of grid cells for the size of the input.

    Args:
        shapes: Shapes of all outputs by name, in the network's order and without the batch axis;
            -1 for an open axis.
        network_wh: Width and height of the network's input in pixels.
        decoder: Decoder of the card, if it names one.
        roles: Tensor names by role from the card; may be incomplete.
        labels: Class names, if known.
        metadata: Metadata of the ONNX file; Ultralytics writes its task and class names there.
        whole: The same shapes with their first axis, for decoders of outputs that have no batch
            axis; None = there are no such outputs.

    Raises:
        DecodeError: The decoder is unknown, no decoder matches, or several do. The message lists
            the tensors and the decoders that match.
    """
    if decoder is not None and set(find_decoder(decoder).roles) <= set(roles):
        return Choice(decoder, MappingProxyType(dict(roles)))
    task = metadata.get('task', 'detect')
    if decoder is None and task != 'detect':
        msg = f'the network is made for {task!r}, by its metadata, not for detection'
        raise DecodeError(msg)
    labels = labels or labels_in_metadata(metadata)
    forms = [form for form in FORMS if decoder in (None, form.decoder)]
    if decoder is None:
        forms = [form for form in forms if form.by_shape]
    by_batch = {True: shapes, False: whole or {}}
    if decoder is None and metadata.get('end2end') == 'True':
        forms = [form for form in forms if form.decoder == 'end_to_end']
    fits = [
        fit
        for form in forms
        for own in (by_batch[find_decoder(form.decoder).batch_axis],)
        for fit in _fits(form, own, roles)
        if decoder is not None or _plausible(form, fit.choice, own, network_wh, labels)
    ]
    # Forms of one decoder may overlap.
    fits = [fit for k, fit in enumerate(fits) if fit.choice not in [f.choice for f in fits[:k]]]
    fits = [fit for fit in fits if fit.named] or fits
    if any(fit.classes == len(labels) for fit in fits):
        fits = [fit for fit in fits if fit.classes == len(labels) or not fit.is_loose]
    if len({fit.choice.decoder for fit in fits}) == 1:
        fits = [fit for fit in fits if fit.in_order] or fits
    if not fits:
        raise DecodeError(_no_fit(shapes, decoder))
    if len(fits) > 1:
        raise _several_fits(shapes, [fit.choice for fit in fits])
    return fits[0].choice


def _fits(form: Form, shapes: Shapes, given: Mapping[str, str]) -> Iterator[_Fit]:
    is_given = set(form.patterns) <= set(given)
    most = len(form.patterns) + len({role for role, _, _ in form.optional})
    if len(shapes) > most and form.ignored is None and not is_given:
        return
    fitting = (
        [
            name
            for name, shape in shapes.items()
            if given.get(role, name) == name and bind({role: shape}, {role: pattern}) is not None
        ]
        for role, pattern in form.patterns.items()
    )
    for names in product(*fitting):
        if len(set(names)) < len(names):
            continue
        roles = dict(zip(form.patterns, names, strict=True))
        own = {role: shapes[name] for role, name in roles.items()}
        sizes = bind(own, form.patterns)
        if sizes is None:
            continue
        is_loose = any(
            size < 0 and isinstance(entry, int)
            for role, pattern in form.patterns.items()
            for size, entry in zip(own[role], pattern, strict=True)
        )
        rest = [name for name in shapes if name not in names]
        if not _place_rest(form, rest, shapes, roles) and not is_given:
            continue
        named = bool(form.names) and all(
            re.search(form.names[role], roles[role]) for role in form.patterns
        )
        in_order = form.in_order and list(names) == [n for n in shapes if n in names]
        choice = Choice(form.decoder, MappingProxyType(roles))
        yield _Fit(choice, named, in_order, sizes.get('C'), is_loose)


def _place_rest(form: Form, rest: list[str], shapes: Shapes, roles: dict[str, str]) -> bool:
    """Assign the other tensors to optional roles; return whether all are assigned or ignored."""
    for name in rest:
        for role, expression, pattern in form.optional:
            both = {**{r: shapes[n] for r, n in roles.items()}, role: shapes[name]}
            if (
                role not in roles
                and re.search(expression, name)
                and bind(both, {**form.patterns, role: pattern}) is not None
            ):
                roles[role] = name
                break
        else:
            if form.ignored is None or not re.search(form.ignored, name):
                return False
    return True


def _plausible(
    form: Form,
    choice: Choice,
    shapes: Shapes,
    network_wh: tuple[int, int],
    labels: Sequence[str],
) -> bool:
    by_role = {role: shapes[choice.roles[role]] for role in form.patterns}
    sizes = bind(by_role, form.patterns) or {}
    rows = next((sizes[letter] for letter in ROW_LETTERS if letter in sizes), None)
    if rows is not None and form.rows_fit is not None and not form.rows_fit(rows, network_wh):
        return False
    if not labels:
        return True
    if form.classes is not None:
        return len(labels) == form.classes
    has_background = labels[0].lower().strip('_') == 'background'
    if form.background and not has_background:
        # The labels that train_ssd.py is given have no background.
        return sizes.get('C') == len(labels) + 1
    if form.background is False and has_background:
        return False
    return sizes.get('C', len(labels)) == len(labels)


def _no_fit(shapes: Shapes, decoder: str | None) -> str:
    reader = f'decoder {decoder} cannot read' if decoder else 'no known decoder can read'
    return (
        f'{reader} the outputs {_tensors(shapes)}; to fix: export it in a form that is read '
        '(docs/models.md), or name a decoder and the tensor of each of its roles in the card'
    )


def _several_fits(shapes: Shapes, choices: list[Choice]) -> AmbiguousOutputsError:
    ways = ' or '.join(
        f'{choice.decoder} ({", ".join(f"{r} = {n!r}" for r, n in choice.roles.items())})'
        for choice in choices
    )
    decoders = tuple(dict.fromkeys(choice.decoder for choice in choices))
    fix = 'name the decoder and the tensor of each of its roles in the card'
    if len(decoders) == len(choices):
        options = ' or '.join(f'--decoder {name}' for name in decoders)
        fix = f'{options} (or parameter, argument or key in the card: decoder)'
    msg = f'the outputs {_tensors(shapes)} can be read as {ways}; to fix: {fix}'
    return AmbiguousOutputsError(msg, decoders)


def _tensors(shapes: Shapes) -> str:
    return ', '.join(f'{name!r} {shape}' for name, shape in shapes.items()) or 'none'
