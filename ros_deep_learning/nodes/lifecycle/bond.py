# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The bond by which nav2's lifecycle manager notices that an active node is gone."""

from __future__ import annotations

from typing import Any

from rclpy.duration import Duration
from rclpy.node import Node

TOPIC = 'bond'
HEARTBEAT_TIMEOUT_S = 86_400.0
"""Only the manager watches; its own silence does not break the bond, as in nav2's nodes."""

PARTING = Duration(seconds=0, nanoseconds=500_000_000)
"""How long a manager may take to answer; bondcpp's 0.1 s is too short for a busy machine, where
the last message was lost."""


class ManagerBond:
    """A bond on the topic ``bond`` with the node's name as id, a new one for each activation.

    The manager would refuse a second one with the identity of the first. Without bondpy there is
    no bond, and the manager must not require one (its parameter ``bond_timeout`` at 0).
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._bond: Any = None

    def form(self, heartbeat_period_s: float) -> None:
        """Start to send heartbeats.

        Args:
            heartbeat_period_s: Seconds between them; 0 or less sends none.
        """
        if heartbeat_period_s <= 0:
            return
        try:
            from bondpy.bondpy import Bond
        except ImportError as err:
            self._node.get_logger().debug(f'no bond to a lifecycle manager: {err}')
            return
        self._bond = Bond(self._node, TOPIC, self._node.get_name())
        self._bond.set_heartbeat_period(heartbeat_period_s)
        self._bond.set_heartbeat_timeout(HEARTBEAT_TIMEOUT_S)
        self._bond.start()

    def dissolve(self) -> None:
        """Break the bond and notify the manager; harmless without a bond."""
        bond, self._bond = self._bond, None
        if bond is None:
            return
        bond.break_bond()
        # As in bondcpp: what is destroyed before the manager has heard it says nothing.
        bond.wait_until_broken(PARTING)
        bond.shutdown()
        # bondpy destroys these, but leaves them in the node's lists.
        self._node.destroy_subscription(bond.sub)
        self._node.destroy_publisher(bond.pub)
