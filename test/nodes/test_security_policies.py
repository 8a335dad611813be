# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The SROS 2 policies allow what the nodes do in a real graph, and say what their tables say."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ros_deep_learning.nodes.segnet import SegNetNode

DEV = Path(__file__).parents[2] / 'dev'


@pytest.fixture
def policies(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(DEV))
    import security_policies

    yield security_policies
    sys.modules.pop('security_policies')


def test_the_files_are_the_tables(policies: Any) -> None:
    for name in policies.PROGRAMS:
        path = policies.FOLDER / f'{name}.policy.xml'
        assert path.read_text() == policies.policy(name), 'run dev/security_policies.py'


def test_every_program_of_nodes_has_a_policy(policies: Any) -> None:
    rows = (line.split() for line in (DEV.parent / 'resource' / 'programs.txt').open())
    nodes = {row[0] for row in rows if 'ros_deep_learning.nodes.' in ' '.join(row[1:2])}
    # A launch of others.
    assert nodes - {'demo'} == set(policies.PROGRAMS) - {policies.PAGE}


def test_vision_may_do_what_its_nodes_may_do(policies: Any) -> None:
    def profiles(name: str) -> list[str]:
        root = ElementTree.fromstring(policies.policy(name))
        return [
            ElementTree.canonicalize(ElementTree.tostring(one)) for one in root.iter('profile')
        ]

    alone = [profiles(node) for node in ('detectnet', 'imagenet', 'segnet')]
    assert [[one] for one in profiles('vision')] == alone


def test_an_active_node_does_nothing_else(
    policies: Any, active_here: Callable[..., Any], graph: Any
) -> None:
    segnet = active_here(SegNetNode)
    subscribed, published = policies.topics_of(SegNetNode)
    services = policies.services_of(SegNetNode)
    node = graph.node
    for allowed, own, list_names in (
        (
            subscribed,
            {subscription.topic_name for subscription in segnet.subscriptions},
            node.get_subscriber_names_and_types_by_node,
        ),
        (
            published,
            {publisher.topic_name for publisher in segnet.publishers},
            node.get_publisher_names_and_types_by_node,
        ),
        (
            services,
            {service.service_name for service in segnet.services},
            node.get_service_names_and_types_by_node,
        ),
    ):

        def names(list_names: Any = list_names) -> set[str]:
            if 'segnet' not in node.get_node_names():
                return set()
            return {name for name, _ in list_names('segnet', '/')}

        assert own
        graph.wait_until('what the node has itself', lambda o=own, n=names: o <= n())
        full = {name.replace('~', '/segnet') for name in allowed}
        assert names() <= {name if name.startswith('/') else f'/{name}' for name in full}
