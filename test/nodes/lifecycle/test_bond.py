# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A node under a lifecycle manager as nav2 has it: transitions by services, and a bond.

By the real bondpy where the distribution has it, else by one with its interface.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rclpy
from rclpy.duration import Duration
from sensor_msgs.msg import Image

from ros_deep_learning.nodes.lifecycle.bond import ManagerBond
from ros_deep_learning.nodes.rclpy_workarounds import NodeExecutor
from ros_deep_learning.nodes.segnet import SegNetNode

pytestmark = pytest.mark.rclpy
STAND_INS = Path(__file__).parents[2] / 'support' / 'stand_ins'
SOON = Duration(seconds=20)


@pytest.fixture
def bond_type(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return bondpy's class, here and in the processes that are started."""
    stood_in = importlib.util.find_spec('bondpy') is None
    if stood_in:
        monkeypatch.syspath_prepend(str(STAND_INS))
        paths = [str(STAND_INS), *filter(None, [os.environ.get('PYTHONPATH')])]
        monkeypatch.setenv('PYTHONPATH', os.pathsep.join(paths))
    yield importlib.import_module('bondpy.bondpy').Bond
    if stood_in:
        for name in ('bondpy', 'bondpy.bondpy'):
            sys.modules.pop(name, None)


class Manager:
    """What nav2_lifecycle_manager does with one node."""

    def __init__(self, graph: Any, bond_type: Any, name: str) -> None:
        self._graph, self._bond_type, self._name = graph, bond_type, name
        self.bond: Any = None

    def configure(self) -> None:
        assert self._graph.transition(self._name, 'configure')
        assert self._graph.state(self._name) == 'inactive'

    def activate(self, heartbeat_timeout_s: float = 60.0) -> None:
        assert self._graph.transition(self._name, 'activate')
        # In the namespace of the manager, as is the node; its id is the node's name.
        namespace, _, name = self._name.rpartition('/')
        topic = f'/{namespace}/bond' if namespace else '/bond'
        self.bond = self._bond_type(self._graph.node, topic, name)
        # With more than SOON, a bond breaks only because the node says so.
        self.bond.set_heartbeat_timeout(heartbeat_timeout_s)
        self.bond.set_heartbeat_period(0.25)
        self.bond.start()
        assert self.bond.wait_until_formed(SOON)

    def deactivate(self) -> None:
        assert self._graph.transition(self._name, 'deactivate')

    def let_go(self) -> None:
        self.bond.shutdown()
        self._graph.node.destroy_subscription(self.bond.sub)
        self._graph.node.destroy_publisher(self.bond.pub)


# Those with a context of their own, or the process's, do not come last: in Fast DDS 2.6 (Humble) a
# participant calls the freed readers of another one of its process until it has noticed its end.
# The module's graph, closed within milliseconds of it, crashed in one run of a hundred.


@pytest.mark.usefixtures('ros_domain')
def test_without_bondpy_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'bondpy', None)
    monkeypatch.setitem(sys.modules, 'bondpy.bondpy', None)
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node('alone', context=context)
    bond = ManagerBond(node)
    bond.form(0.25)
    assert node.count_publishers('/bond') == 0
    bond.dissolve()
    node.destroy_node()
    rclpy.shutdown(context=context)


@pytest.mark.usefixtures('ros_domain')
def test_bonds_leave_nothing_behind(bond_type: Any) -> None:
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node('alone', context=context)
    executor = NodeExecutor(2, context=context)
    executor.add_node(node)
    stop = rclpy.task.Future()
    spinning = threading.Thread(target=executor.spin_until_future_complete, args=(stop,))
    spinning.start()
    bond = ManagerBond(node)
    before = len(list(node.publishers)), len(list(node.subscriptions))
    for _ in range(10):
        bond.form(0.05)
        bond.dissolve()
        bond.dissolve()
    assert (len(list(node.publishers)), len(list(node.subscriptions))) == before
    stop.set_result(None)
    spinning.join(10)
    assert not spinning.is_alive()
    executor.shutdown()
    node.destroy_node()
    rclpy.shutdown(context=context)


def test_a_period_of_0_makes_no_bond(bond_type: Any, active_here: Callable[..., Any]) -> None:
    node = active_here(SegNetNode, '-p', 'bond_heartbeat_period:=0.0')
    assert '/bond' not in {publisher.topic_name for publisher in node.publishers}


def test_a_node_under_a_manager(
    bond_type: Any,
    graph: Any,
    start: Callable[..., Any],
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
) -> None:
    program = start('segnet', '--ros-args', '-r', '__ns:=/robot')
    manager = Manager(graph, bond_type, 'robot/segnet')
    manager.configure()
    overlays = graph.inbox('/robot/segnet/overlay', Image)
    for stamp in range(1, 4):
        manager.activate()
        publisher = graph.image_publisher('/robot/segnet/image_in')
        graph.ask(publisher, make_image(astronaut, stamp=stamp), overlays)
        assert not manager.bond.is_broken()
        manager.deactivate()
        assert manager.bond.wait_until_broken(SOON)
        manager.let_go()
        graph.wait_until('no bond', lambda: graph.node.count_publishers('/robot/bond') == 0)
        graph.node.destroy_publisher(publisher)
    # As nav2 has it: the last message of a process that ends may get lost.
    manager.activate(4.0)
    assert program.stop() == 0
    assert manager.bond.wait_until_broken(SOON)
    manager.let_go()
    text = program.text()
    assert not [word for word in ('Traceback', 'ERROR', 'More than two') if word in text], text
