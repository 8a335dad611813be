# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The networks of the programs for bags, and their options."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, get_args

from ...bags.annotators import ANNOTATORS, Annotator, NodeWish
from ...engines.backend import EngineOptions
from ...engines.base import Precision
from ...networks import DetectNet, ImageNet, SegNet
from ...recognition.choice import choose_card
from ...recognition.hints import Hints
from ..bar import progress_bar
from ..serving.arguments import add_remote_options, remote_options
from ..vision_arguments import count, loader_of, share

_NETWORKS = {'detection': DetectNet, 'classification': ImageNet, 'segmentation': SegNet}


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how networks run."""
    add = parser.add_argument
    add('--threshold', type=share, help='least score or confidence, 0 to 1')
    add('--backend', default='auto', help='auto, tensorrt, onnxruntime or remote')
    add_remote_options(parser)
    add('--precision', choices=get_args(Precision), default='auto')
    add('--max-batch', type=count, default=4, help='most images run together (4)')
    add('--offline', action='store_true', help='download nothing')


@contextmanager
def open_annotator(
    wish: NodeWish,
    arguments: argparse.Namespace,
    outputs: Sequence[str] = (),
    threshold: float | None = None,
) -> Iterator[Annotator]:
    """Load the network of a wish, and close it at the end.

    Args:
        wish: The node.
        arguments: With the values of ``add_network_options``.
        outputs: See ``Annotator``.
        threshold: In place of that of the arguments.

    Raises:
        DeepLearningError: It cannot be loaded.
    """
    with progress_bar() as progress:
        kind: Any = _NETWORKS[wish.task]
        network = kind(
            choose_card(wish.model, wish.task, Hints()),
            threshold=arguments.threshold if threshold is None else threshold,
            precision=arguments.precision,
            backend=arguments.backend,
            options=EngineOptions(max_batch=arguments.max_batch, remote=remote_options(arguments)),
            loader=loader_of(arguments),
            progress=progress,
        )
    with network:
        yield ANNOTATORS[wish.task](wish, network, outputs)
