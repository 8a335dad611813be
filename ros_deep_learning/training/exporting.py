# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""From a trained network to a file and a card that the nodes run."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any

import onnx
import torch

from ..cards.card import InputSpec, ModelCard
from ..cards.card_text import card_text
from ..cards.embedded_card import card_metadata
from ..cards.names import card_name
from ..cards.source import SourceSpec
from ..errors import TrainingError
from ..files import sha256_of, write_output
from ..text import disk_cause
from .callbacks import Curves
from .checkpoints import WholeFiles
from .modules.task_module import TaskModule
from .run_folder import RunFolder

PROVENANCE_KEY = 'ros_deep_learning.training'
"""Key of the metadata whose value is a JSON object: what the network was trained with."""

_OPSET = 17
"""The last one of which TensorRT 8.6 knows everything."""


def load_best(module: TaskModule, run: RunFolder) -> dict[str, float]:
    """Load the weights of the best epoch, and prepare the network for use.

    Returns:
        The numbers of that epoch.

    Raises:
        TrainingError: They cannot be read.
    """
    state = WholeFiles().load_checkpoint(run.best)
    module.load_state_dict(state['state_dict'])
    module.eval().cpu()
    row: dict[str, float] = state['callbacks'][Curves.__qualname__]['rows'][-1]
    return row


def export(
    module: TaskModule,
    spec: InputSpec,
    run: RunFolder,
    *,
    licence: str,
    accuracy: str,
    provenance: Mapping[str, Any],
) -> ModelCard:
    """Write the network, with its card inside and beside it.

    Args:
        module: The network with its weights, on the CPU.
        spec: Its input.
        run: Where to.
        licence: SPDX identifier of the weights' licence.
        accuracy: For the card.
        provenance: What it was trained with, as plain data.

    Raises:
        TrainingError: A file cannot be written.
    """
    card = ModelCard(
        name=card_name(run.folder.resolve()),
        task=module.task,
        source=SourceSpec(file=run.network.absolute()),
        format='onnx',
        input=spec,
        licence=licence,
        folder=run.folder.absolute(),
        outputs=module.outputs,
        decoder=module.decoder,
        accuracy=accuracy,
        checked='real weights',
        notes='Trained by rdl train.',
    )
    model = onnx.load_from_string(_graph(module, spec))
    entries = {**card_metadata(card, module.labels()), PROVENANCE_KEY: json.dumps(provenance)}
    for key, value in entries.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    try:
        write_output(run.network, model.SerializeToString())
        source = SourceSpec(
            file=run.network.absolute(),
            sha256=sha256_of(run.network),
            size_bytes=run.network.stat().st_size,
        )
        card = replace(card, source=source)
        write_output(run.card, card_text(card, card.folder).encode())
    except OSError as err:
        msg = f'cannot write the network into {run.folder}: {disk_cause(err)}'
        raise TrainingError(msg) from err
    return card


def _graph(module: TaskModule, spec: InputSpec) -> bytes:
    content = BytesIO()
    names = list(module.outputs.values())
    example = torch.zeros(1, 3, spec.height, spec.width)
    with warnings.catch_warnings(), torch.no_grad():
        # Of the exporter, which is deprecated for one that makes opset 18 and more.
        warnings.simplefilter('ignore')
        logging.getLogger('torch.onnx').setLevel(logging.ERROR)
        torch.onnx.export(
            module.exported().eval(),
            (example,),
            content,
            dynamo=False,
            opset_version=_OPSET,
            input_names=['input_0'],
            output_names=names,
            dynamic_axes={name: {0: 'batch'} for name in ('input_0', *names)},
        )
    return content.getvalue()
