# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A detector of blobs that annotates bags, several pictures at once."""

from __future__ import annotations

import pytest

from ros_deep_learning.bags.annotation import BagAnnotation
from ros_deep_learning.bags.annotators import ANNOTATORS, NodeWish
from ros_deep_learning.bags.cameras import choose_topics
from ros_deep_learning.bags.opening import open_bag
from ros_deep_learning.bags.target import Target
from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.networks import DetectNet
from ros_deep_learning.tasks.suppression import DetectionSettings


@pytest.fixture
def network(card, blob_engine, make_loader):
    with DetectNet(
        card, loader=make_loader(blob_engine), options=EngineOptions(max_batch=4)
    ) as net:
        yield net


@pytest.fixture
def annotator(network):
    """The detector, which tells objects of a low score too."""
    network.settings = DetectionSettings(score_threshold=0.1)
    return ANNOTATORS['detection'](NodeWish.parse('detectnet:blobs'), network)


@pytest.fixture
def annotate(network):
    """Annotate a bag with a detector of blobs."""

    def run(
        source,
        output,
        *,
        topics=(),
        node='detectnet:blobs',
        compression=None,
        report=None,
        tracking=None,
    ):
        bag = open_bag(source)
        wish = NodeWish.parse(node)
        there = bag.topics()
        annotator = ANNOTATORS[wish.task](wish, network)
        if tracking is not None:
            annotator.follow(tracking)
        annotation = BagAnnotation([annotator], there, choose_topics(there, topics))
        target = Target(output, bag.suffix, compression or bag.compression)
        with target.writing({'node': node}, bag.description()) as writer:
            tally = annotation.copy(bag.items(), writer, target.notes, report or (lambda: None))
        return tally, bag

    return run
