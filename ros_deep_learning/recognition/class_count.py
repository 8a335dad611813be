# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Count the classes of a detector whose outputs are finished boxes, by its graph."""

from __future__ import annotations

from ..cards.decision import Decision
from ..cards.labels import labels_in_metadata
from ..onnx_tools.chosen_classes import chosen_classes, softmax_classes
from ..onnx_tools.load import load_onnx
from ..tasks.decoders.registry import find_decoder
from .evidence import Evidence, Finding


def is_untold(evidence: Evidence, found: Finding) -> bool:
    """Return whether neither outputs nor names in the metadata tell the number of classes.

    So it is with finished boxes, which have the number of their class.
    """
    decoder = find_decoder(found.decoder) if found.decoder else None
    if decoder is None or not decoder.suppressed or labels_in_metadata(evidence.metadata):
        return False
    whole = {name: tensor.shape for name, tensor in evidence.outputs.items()}
    shapes = evidence.shapes if decoder.batch_axis else whole
    return decoder.class_count({role: shapes[name] for role, name in found.roles.items()}) is None


def classes_of_graph(evidence: Evidence, found: Finding) -> Decision | None:
    """Return the number of classes that the graph tells, a background included, or None.

    Raises:
        OnnxError: The file cannot be read again.
    """
    output = found.roles.get('classes', found.roles.get('predictions'))
    if output is None:
        return None
    model = load_onnx(evidence.path, weights=False)
    count, by = chosen_classes(model, output), 'what the graph chooses the class from'
    if count is None and find_decoder(found.decoder or '').background:
        count, by = softmax_classes(model), 'the softmax of the graph'
    return None if count is None else Decision('classes', count, by)


def unnamed(found: Finding) -> tuple[Decision, ...]:
    """Return what has to be said of numbers in place of labels: that the network's begin at 1."""
    if found.decoder is None or not find_decoder(found.decoder).from_1:
        return ()
    by = (
        'none are given; the network counts its classes from 1, so that class 0 is number 1 of '
        'its label map; to fix: --labels, parameter class_labels_path'
    )
    return (Decision('labels', 'numbers from 0', by, guess=True),)
