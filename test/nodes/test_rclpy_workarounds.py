# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests that private parts of rclpy are used in one file, and that no name of ours hides one."""

from __future__ import annotations

import ast
import gc
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import rclpy
from rclpy.clock import Clock, ClockType, ROSClock
from rclpy.executors import Executor, MultiThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleNodeMixin
from rclpy.service import Service
from rclpy.time import Time

from ros_deep_learning.nodes.detectnet import DetectNetNode
from ros_deep_learning.nodes.imagenet import ImageNetNode
from ros_deep_learning.nodes.program.spin import run_node
from ros_deep_learning.nodes.rclpy_workarounds import now_ns_of
from ros_deep_learning.nodes.segnet import SegNetNode

PACKAGE = Path(__file__).parents[2] / 'ros_deep_learning'
FILES = sorted(path for room in ('nodes', 'launching') for path in (PACKAGE / room).rglob('*.py'))
WORKAROUNDS = PACKAGE / 'nodes' / 'rclpy_workarounds.py'


def is_private(name: str) -> bool:
    return name.startswith('_') and not name.startswith('__')


def defined(tree: ast.AST) -> Iterator[str]:
    """Every attribute, method, field or slot that a file gives a private name."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Store):
            yield node.attr if isinstance(node, ast.Attribute) else node.id


def foreign(tree: ast.AST, ours: set[str]) -> Iterator[str]:
    """Every private name of others that a file reads or imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) == 'os._exit':
            continue  # public in spite of its name
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            of_super = isinstance(node.value, ast.Call) and ast.unparse(node.value) == 'super()'
            if of_super or node.attr not in ours:
                yield node.attr
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            parts = (node.module or '').split('.') + [alias.name for alias in node.names]
            yield from filter(is_private, parts)
        elif isinstance(node, ast.Import):
            parts = [part for alias in node.names for part in alias.name.split('.')]
            yield from filter(is_private, parts)


def test_private_names_of_others_are_used_in_one_file() -> None:
    trees = {path: ast.parse(path.read_text()) for path in FILES}
    names = {path: set(defined(tree)) for path, tree in trees.items()}
    common = set().union(*(own for path, own in names.items() if path != WORKAROUNDS))
    used = {
        str(path.relative_to(PACKAGE)): found
        for path, tree in trees.items()
        if (found := set(foreign(tree, common | names[path])))
    }
    assert used == {
        'nodes/rclpy_workarounds.py': {
            '_executor',
            '_executor_event',
            '_make_handler',
            '_parameter_overrides',
            '_service_change_state',
        }
    }


@pytest.mark.usefixtures('ros_domain')
@pytest.mark.parametrize('node_type', [DetectNetNode, ImageNetNode, SegNetNode])
def test_no_attribute_of_a_node_hides_one_of_rclpy(node_type: Any) -> None:
    context = rclpy.Context()
    rclpy.init(context=context)
    node = LifecycleNode('plain', context=context)
    theirs = {name for name in {*dir(LifecycleNode), *vars(node)} if is_private(name)}
    node.destroy_node()
    rclpy.shutdown(context=context)
    classes = [c for c in node_type.__mro__ if c.__module__.startswith('ros_deep_learning')]
    paths = [PACKAGE.parent / f'{c.__module__.replace(".", "/")}.py' for c in classes]
    ours = {name for path in paths for name in defined(ast.parse(path.read_text()))}
    assert theirs & ours == set()


def without(patch: pytest.MonkeyPatch, kind: Any, name: str) -> None:
    """Let objects of a class of rclpy lack an attribute that their ``__init__`` gives them."""
    original = kind.__init__

    def begin(self: Any, *args: Any, **options: Any) -> None:
        original(self, *args, **options)
        delattr(self, name)

    patch.setattr(kind, '__init__', begin)


@pytest.mark.rclpy
@pytest.mark.usefixtures('ros_domain')
@pytest.mark.parametrize(
    ('kind', 'name'),
    [
        (Executor, '_make_handler'),
        (MultiThreadedExecutor, '_executor'),
        (LifecycleNodeMixin, '_service_change_state'),
        (Service, '_executor_event'),
    ],
)
def test_a_private_name_that_is_missing_is_one_line_at_the_start(
    kind: Any, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, 'argv', ['segnet'])
    if name in vars(kind):
        monkeypatch.delattr(kind, name)
    else:
        without(monkeypatch, kind, name)
    assert run_node(SegNetNode, threads=2) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('error: the rclpy in ')
    assert f'.{name}, which ros_deep_learning uses' in line
    assert 'docs/distributions.md' in line


@pytest.mark.usefixtures('ros_domain')
def test_a_destroyed_node_leaves_nothing_to_the_garbage_collector() -> None:
    rclpy.init()
    node = ImageNetNode()
    machine = weakref.ref(node._state_machine)
    gc.disable()
    try:
        node.destroy_node()
        assert machine() is None
        node.destroy_node()
    finally:
        gc.enable()
        rclpy.shutdown()


def test_the_time_of_a_clock_without_its_time_object():
    system = Clock(clock_type=ClockType.SYSTEM_TIME)
    before = system.now().nanoseconds
    assert before <= now_ns_of(system)() <= system.now().nanoseconds
    simulated = ROSClock()
    simulated._set_ros_time_is_active(True)
    simulated.set_ros_time_override(Time(nanoseconds=7, clock_type=ClockType.ROS_TIME))
    assert now_ns_of(simulated)() == 7 == simulated.now().nanoseconds
    without_handle = SimpleNamespace(now=lambda: Time(nanoseconds=5))
    assert now_ns_of(without_handle)() == 5
