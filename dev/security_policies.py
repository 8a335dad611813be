# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write config/security/, an SROS 2 policy for each node, from the nodes' own topic tables.

Usage, in the environment that `make env` makes: python dev/security_policies.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from ros_deep_learning.nodes.detectnet import DetectNetNode
from ros_deep_learning.nodes.imagenet import ImageNetNode
from ros_deep_learning.nodes.lifecycle.vision_node import VisionNode
from ros_deep_learning.nodes.segnet import SegNetNode
from ros_deep_learning.nodes.video_output import VideoOutputNode
from ros_deep_learning.nodes.video_source import VideoSourceNode

FOLDER = Path(__file__).parents[1] / 'config' / 'security'
NODES = (DetectNetNode, ImageNetNode, SegNetNode, VideoOutputNode, VideoSourceNode)

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
    return sorted(subscribed), sorted(published)


def services_of(node_type: Any) -> list[str]:
    """Return the services that a node answers, sorted."""
    names = list(_PARAMETER_SERVICES)
    if issubclass(node_type, VisionNode):
        names += _LIFECYCLE_SERVICES
    return sorted(f'~/{name}' for name in names)


def policy(node_type: Any) -> str:
    """Return the policy file of a node, for the only camera of a node without ``cameras``."""
    name = node_type.default_name
    root = ET.Element('policy', version='0.2.0')
    enclave = ET.SubElement(ET.SubElement(root, 'enclaves'), 'enclave', path=f'/{name}')
    profile = ET.SubElement(ET.SubElement(enclave, 'profiles'), 'profile', ns='/', node=name)
    subscribed, published = topics_of(node_type)
    for way, names in (('subscribe', subscribed), ('publish', published)):
        topics = ET.SubElement(profile, 'topics', {way: 'ALLOW'})
        for topic in names:
            ET.SubElement(topics, 'topic').text = topic
    services = ET.SubElement(profile, 'services', reply='ALLOW')
    for service in services_of(node_type):
        ET.SubElement(services, 'service').text = service
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, "unicode")}\n'


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    for node_type in NODES:
        path = FOLDER / f'{node_type.default_name}.policy.xml'
        path.write_text(policy(node_type))
        print(f'wrote {path}')


if __name__ == '__main__':
    main()
