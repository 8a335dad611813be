# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the profile for large images, against the shared memory that a real process has."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rclpy.utilities

from ros_deep_learning.nodes.program import large_images
from ros_deep_learning.nodes.program.large_images import large_images_environment

pytestmark = pytest.mark.rclpy


def shared_memory_bytes(pid: int) -> int:
    """Return the size of a process's largest segment of Fast DDS."""
    maps = Path(f'/proc/{pid}/maps').read_text()
    found = re.findall(r'^(\w+)-(\w+) .*/dev/shm/fast\w+$', maps, re.MULTILINE)
    return max((int(end, 16) - int(begin, 16) for begin, end in found), default=0)


def test_without_fast_dds_there_is_nothing_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> str:
        raise large_images.PackageNotFoundError

    monkeypatch.setattr(large_images, 'get_package_prefix', missing)
    assert large_images_environment() == {}


@pytest.mark.parametrize(
    ('library', 'variable'),
    [
        ('libfastrtps.so.2.6', 'FASTRTPS_DEFAULT_PROFILES_FILE'),
        ('libfastdds.so.3.2', 'FASTDDS_DEFAULT_PROFILES_FILE'),
    ],
)
def test_the_variable_is_the_one_that_fast_dds_reads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, library: str, variable: str
) -> None:
    (tmp_path / 'lib').mkdir()
    (tmp_path / 'lib' / library).touch()
    monkeypatch.setattr(large_images, 'get_package_prefix', lambda _: str(tmp_path))
    assert list(large_images_environment()) == [variable]


def test_a_process_has_the_shared_memory_of_the_profile(
    start: Callable[..., Any], graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another middleware takes no notice.
    fast_dds = 'fastrtps' in rclpy.utilities.get_rmw_implementation_identifier()
    plain = start('imagenet')
    graph.wait_until('the node', lambda: graph.node.count_publishers('/diagnostics') == 1)
    assert (0 < shared_memory_bytes(plain.process.pid) < 2**20) == fast_dds
    ((variable, profile),) = large_images_environment().items()
    (wanted,) = (
        int(tag.text or '')
        for tag in ET.parse(profile).iter()
        if tag.tag.endswith('}segment_size')
    )
    assert wanted >= 1920 * 1080 * 3 * 4
    monkeypatch.setenv(variable, profile)
    large = start('imagenet', '--ros-args', '-r', '__node:=large')
    # The one understands the other, and the test's own process without the profile.
    assert graph.state('large') == 'unconfigured'
    assert (shared_memory_bytes(large.process.pid) >= wanted) == fast_dds
