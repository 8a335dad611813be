# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Recognise an ONNX file: by its exporter, or by the forms of its outputs."""

from __future__ import annotations

from dataclasses import replace

from ..cards.card import Task
from ..cards.labels import labels_in_metadata
from ..errors import AmbiguousOutputsError, CardError, DecodeError, OpenQuestionError
from ..tasks.decoders.registry import find_decoder
from .activations import score_role
from .conventions import onnx_preprocessing
from .decoder_choice import choose
from .evidence import Evidence, Finding
from .families import FAMILIES
from .hints import Hints
from .usual import ANTIALIASED, UNIT


def recognise(evidence: Evidence, task: Task | None, hints: Hints) -> Finding:
    """Decide task, decoder and preprocessing of a network.

    Args:
        evidence: What the file tells.
        task: Task that the user names; None = the file's.
        hints: What else the user names.

    Raises:
        CardError: Nothing fits, or several decoders do; or it is known and cannot be run.
    """
    size_wh = hints.size_wh
    if size_wh is not None and min(evidence.size_wh) < 1:
        evidence = replace(evidence, size_wh=size_wh)
    for family in FAMILIES:
        found = family.recognise(evidence)
        if found is None or (task is not None and found.task != task):
            continue
        if hints.decoder in (None, found.decoder):
            return found
        decoder = find_decoder(found.decoder or '') if found.decoder else None
        if decoder is None or hints.decoder not in (decoder.other_unit, decoder.from_0):
            break
        # The same tensors, whose names tell more than their shapes.
        return replace(found, decoder=hints.decoder)
    return _by_forms(evidence, task, hints)


def _by_forms(evidence: Evidence, task: Task | None, hints: Hints) -> Finding:
    known = task
    if set(evidence.outputs) == {'out', 'aux'}:
        # torchvision's segmentation; the second is for training.
        evidence = replace(evidence, outputs={'out': evidence.outputs['out']})
    task = task or _task_of(evidence)
    if task != 'detection':
        return _by_scores(evidence, task)
    whole = {name: tensor.shape for name, tensor in evidence.outputs.items()}
    try:
        choice = choose(
            evidence.shapes,
            evidence.size_wh,
            decoder=hints.decoder,
            labels=evidence.labels,
            metadata=evidence.metadata,
            whole=whole,
        )
    except DecodeError as err:
        _refuse_label_count(evidence, known, hints)
        is_open = isinstance(err, AmbiguousOutputsError)
        if known is hints.decoder is None and not is_open and _is_row_of_scores(evidence):
            # No table of objects, of which the first axis would be their number.
            return _by_scores(evidence, 'classification')
        fix = '; if it is not a detector, set its task (--task)' if known is None else ''
        msg = f'{evidence.path}: {err}{fix}'
        if isinstance(err, AmbiguousOutputsError):
            raise OpenQuestionError(msg, 'decoder', err.decoders) from err
        raise CardError(msg) from err
    by = 'the shapes and names of the outputs'
    guessed = onnx_preprocessing('detection', choice.decoder)
    return Finding(by, 'detection', choice.decoder, choice.roles, {}, guessed, is_sure=False)


def _by_scores(evidence: Evidence, task: Task) -> Finding:
    """Find what the only output of a network that is no detector holds."""
    name = _only_output(evidence)
    role = score_role(evidence, name) if task == 'classification' else 'scores'
    # The means and deviations of ImageNet are those of colours.
    guessed = onnx_preprocessing(task, None) if evidence.depth == 3 else UNIT
    if task == 'classification':
        guessed = guessed | ANTIALIASED
    return Finding('the shape of the output', task, None, {role: name}, {}, guessed)


def _is_row_of_scores(evidence: Evidence) -> bool:
    if len(evidence.outputs) != 1 or 'NonMaxSuppression' in evidence.facts.ends.operators:
        return False
    (tensor,) = evidence.outputs.values()
    is_float = tensor.dtype is not None and tensor.dtype.kind == 'f'
    return is_float and len(tensor.shape) == 2 and tensor.shape[1] > 1


def _refuse_label_count(evidence: Evidence, task: Task | None, hints: Hints) -> None:
    """Raise CardError if the network is recognised, but not with the user's number of labels."""
    if hints.labels is None or not evidence.labels:
        return
    own = replace(evidence, labels=labels_in_metadata(evidence.metadata))
    try:
        found = recognise(own, task, replace(hints, labels=None))
    except CardError:
        return
    decoder = find_decoder(found.decoder or '')
    by_role = {role: evidence.outputs[name].shape for role, name in found.roles.items()}
    if decoder.batch_axis:
        by_role = {role: shape[1:] for role, shape in by_role.items()}
    count = decoder.class_count(by_role)
    if count is not None and count != len(evidence.labels):
        msg = (
            f'{evidence.path}: labels: {hints.labels} has {len(evidence.labels)} labels, but the '
            f'network has {count} class{"es" * (count != 1)}'
        )
        raise CardError(msg)


def _task_of(evidence: Evidence) -> Task:
    """Recognise the task of a network by its outputs."""
    if len(evidence.outputs) == 1:
        (tensor,) = evidence.outputs.values()
        shape = tensor.shape[1:]
        long_axes = sum(size != 1 for size in shape)
        if shape and long_axes <= 1 and not evidence.counts_objects(tensor):
            return 'classification'
        if len(shape) == 3 and shape[1] != 1 and shape[2] != 1:
            return 'segmentation'
        # A mask of class numbers: the boxes and scores of a detector are floats.
        if long_axes == 2 and tensor.dtype is not None and tensor.dtype.kind in 'iub':
            return 'segmentation'
    return 'detection'


def _only_output(evidence: Evidence) -> str:
    if len(evidence.outputs) != 1:
        names = ', '.join(evidence.outputs)
        msg = (
            f'{evidence.path} has the outputs {names}; to fix: choose one (--output-blob, '
            'parameter output_blob)'
        )
        raise CardError(msg)
    return next(iter(evidence.outputs))
