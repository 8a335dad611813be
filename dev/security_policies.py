# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write config/security/, an SROS 2 policy for each program, from its nodes' own topic tables.

Usage, in the environment that `make env` makes: python dev/security_policies.py
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from ros_deep_learning.nodes.benchmark.measured_graph import IMAGE_TOPIC
from ros_deep_learning.nodes.benchmark.viewer import OUTPUTS
from ros_deep_learning.nodes.collect import CollectNode
from ros_deep_learning.nodes.lifecycle.vision_node import VisionNode
from ros_deep_learning.nodes.recorder import RecorderNode
from ros_deep_learning.nodes.video_output import VideoOutputNode
from ros_deep_learning.nodes.video_source import VideoSourceNode
from ros_deep_learning.nodes.vision import NODES as VISION_NODES
from ros_deep_learning.nodes.watched_node import CAMERA_TOPICS, NODE_TOPICS, OVERLAY, SERVICES

FOLDER = Path(__file__).parents[1] / 'config' / 'security'
NODES = (*VISION_NODES, CollectNode, RecorderNode, VideoOutputNode, VideoSourceNode)
PAGE = 'video_output_page'
BENCHMARK = 'benchmark'
IMAGES = '~/image_in'
PROGRAMS: dict[str, Sequence[Any]] = {
    **{node_type.default_name: [node_type] for node_type in NODES},
    'vision': VISION_NODES,
    PAGE: [VideoOutputNode],
    BENCHMARK: VISION_NODES,
}
"""The nodes of each policy."""

Rules = dict[tuple[str, str], list[str]]
"""The names of a node's profile, by kind (topics, services) and direction."""

_PARAMETER_SERVICES = (
    'describe_parameters', 'get_parameter_types', 'get_parameters', 'list_parameters',
    'set_parameters', 'set_parameters_atomically', 'get_type_description',
)  # fmt: skip
_LIFECYCLE_SERVICES = (
    'change_state', 'get_state', 'get_available_states', 'get_available_transitions',
    'get_transition_graph',
)  # fmt: skip


def topics_of(node_type: Any) -> tuple[list[str], list[str]]:
    """Return the topics that a node subscribes to and those that it publishes, sorted."""
    subscribed = {'/clock', '/parameter_events'}
    published = {'/rosout', '/parameter_events'}
    for topic in node_type.topics:
        (published if topic.way == 'out' else subscribed).add(topic.name)
    if issubclass(node_type, VisionNode):
        published |= {'~/transition_event', 'bond'}
        subscribed |= {'bond'}
    if node_type is VideoSourceNode:
        # Of wait_for_nodes and wait_for_output.
        subscribed |= {f'/{node.default_name}/stats' for node in VISION_NODES}
        subscribed.add(f'/{VideoOutputNode.default_name}/written')
    return sorted(subscribed), sorted(published)


def services_of(node_type: Any) -> list[str]:
    """Return the services that a node answers, sorted."""
    names = list(_PARAMETER_SERVICES)
    if issubclass(node_type, VisionNode):
        names += _LIFECYCLE_SERVICES
    if node_type is CollectNode:
        names.append('keep_last')
    return sorted(f'~/{name}' for name in names)


def rules_of(node_type: Any) -> Rules:
    """Return the rules of a node."""
    subscribed, published = topics_of(node_type)
    return {
        ('topics', 'subscribe'): subscribed,
        ('topics', 'publish'): published,
        ('services', 'reply'): services_of(node_type),
    }


def rules_of_page() -> Rules:
    """Return the rules of a video_output with a page.

    Its images are the ``overlay`` of a vision node, whose results it shows and whose parameters
    it sets.
    """
    rules = rules_of(VideoOutputNode)
    images = [name for name in rules['topics', 'subscribe'] if name.startswith(IMAGES)]
    subscribed = set(rules['topics', 'subscribe']).difference(images)
    requested = set()
    for watched in (f'/{node_type.default_name}' for node_type in VISION_NODES):
        subscribed |= {watched + OVERLAY + name.removeprefix(IMAGES) for name in images}
        subscribed |= {f'{watched}/{name}' for name in (*CAMERA_TOPICS, *NODE_TOPICS)}
        requested |= {f'{watched}/{name}' for name in SERVICES}
    return {
        **rules,
        ('topics', 'subscribe'): sorted(subscribed),
        ('services', 'request'): sorted(requested),
    }


def profiles_of_benchmark() -> dict[str, Rules]:
    """Return the rules of a benchmark's camera, of its viewer, and of the node between them."""
    measured = {
        node_type.default_name: {
            key: sorted(one.replace(IMAGES, IMAGE_TOPIC) for one in names)
            for key, names in rules_of(node_type).items()
        }
        for node_type in VISION_NODES
    }
    results = {f'/{node}/{name}' for node, out in OUTPUTS.items() for name in (out.name, 'stats')}

    def helper(subscribed: set[str], published: set[str]) -> Rules:
        return {
            ('topics', 'subscribe'): sorted({'/clock', '/parameter_events'} | subscribed),
            ('topics', 'publish'): sorted({'/rosout', '/parameter_events'} | published),
            ('services', 'reply'): [f'~/{name}' for name in sorted(_PARAMETER_SERVICES)],
        }

    return {
        **measured,
        'benchmark_camera': helper(set(), {IMAGE_TOPIC}),
        'benchmark_viewer': helper(results, set()),
    }


def profiles_of(name: str) -> dict[str, Rules]:
    """Return the rules of each node of a program, by its name."""
    if name == PAGE:
        return {VideoOutputNode.default_name: rules_of_page()}
    if name == BENCHMARK:
        return profiles_of_benchmark()
    return {node_type.default_name: rules_of(node_type) for node_type in PROGRAMS[name]}


def policy(name: str) -> str:
    """Return the policy of a program, for the only camera of nodes without ``cameras``."""
    root = ET.Element('policy', version='0.2.0')
    enclave = ET.SubElement(ET.SubElement(root, 'enclaves'), 'enclave', path=f'/{name}')
    profiles = ET.SubElement(enclave, 'profiles')
    for node_name, rules in profiles_of(name).items():
        profile = ET.SubElement(profiles, 'profile', ns='/', node=node_name)
        for (kind, way), names in rules.items():
            group = ET.SubElement(profile, kind, {way: 'ALLOW'})
            for one in names:
                ET.SubElement(group, kind.removesuffix('s')).text = one
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, "unicode")}\n'


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    for name in PROGRAMS:
        path = FOLDER / f'{name}.policy.xml'
        path.write_text(policy(name))
        print(f'wrote {path}')


if __name__ == '__main__':
    main()
