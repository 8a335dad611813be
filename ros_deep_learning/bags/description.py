# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What rosbag2 writes of a bag, in metadata.yaml and in each file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from ..cards.foreign_files import parse_foreign
from .items import BagSummary, BagTopic
from .qos import has_numbers

_NAMES, _NUMBERS = 9, 8
"""Versions of the description: since 9 QoS is no longer a text, and its policies are names."""


def describe(
    summary: BagSummary, earlier: Mapping[str, Any], file_name: str, storage: str
) -> dict[str, Any]:
    """Describe a bag of one file.

    Args:
        summary: What it holds.
        earlier: The description of the bag that it was made of; may be empty.
        file_name: Name of the file.
        storage: ``mcap`` or ``sqlite3``.
    """
    version = earlier.get('version')
    if not isinstance(version, int) or not 5 <= version <= _NAMES:
        numbers = any(has_numbers(topic.qos) for topic, _ in summary.topics)
        version = _NUMBERS if numbers else _NAMES
    told = _topics_of(earlier)
    topics: dict[str, dict[str, Any]] = {}
    for topic, count in summary.topics:
        known = told.get((topic.name, topic.type))
        one = topics.setdefault(
            topic.name,
            {'topic_metadata': known or _topic(topic, version), 'message_count': 0},
        )
        one['message_count'] += count
    times = {
        'duration': {'nanoseconds': summary.end_ns - summary.start_ns},
        'starting_time': {'nanoseconds_since_epoch': summary.start_ns},
        'message_count': sum(count for _, count in summary.topics),
    }
    content = {
        'version': version,
        'storage_identifier': storage,
        **times,
        'topics_with_message_count': list(topics.values()),
        'compression_format': '',
        'compression_mode': '',
        'relative_file_paths': [file_name],
        'files': [{'path': file_name, **times}],
    }
    for key in ('custom_data', 'ros_distro'):
        if key in earlier:
            content[key] = earlier[key]
    return content


def in_yaml(content: Mapping[str, Any]) -> str:
    """Return a description as YAML."""
    # Aliases, which repeated QoS would become, are not understood everywhere.
    return yaml.dump(dict(content), Dumper=_Dumper, sort_keys=False, default_flow_style=False)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _topics_of(earlier: Mapping[str, Any]) -> dict[tuple[Any, Any], dict[str, Any]]:
    """Return what is said of each topic, by its name and type."""
    try:
        found = [one['topic_metadata'] for one in earlier['topics_with_message_count']]
        return {(one['name'], one['type']): dict(one) for one in found}
    except (KeyError, TypeError, ValueError):
        return {}


def _topic(topic: BagTopic, version: int) -> dict[str, Any]:
    qos: Any = topic.qos
    if version >= _NAMES:
        try:
            qos = parse_foreign(topic.qos, is_json=False) or []
        except ValueError:
            qos = []
    return {
        'name': topic.name,
        'type': topic.type,
        'serialization_format': topic.format,
        'offered_qos_profiles': qos,
        'type_description_hash': topic.type_hash,
    }
