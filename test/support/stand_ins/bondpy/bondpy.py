# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A bond with bondpy's interface (bond_core 4.1 to 4.3), and std_msgs/String on its topic.

Like the original it leaves what it destroys in the lists of its node, refuses changes once it
has started, and answers nobody but the first sister that it met.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import Any

from rclpy.duration import Duration
from rclpy.node import Node
from std_msgs.msg import String


class Bond:
    def __init__(self, node: Node, topic: str, id: str) -> None:  # noqa: A002
        self.node, self.topic, self.id = node, topic, id
        self.instance_id = str(uuid.uuid4())
        self.sister_instance_id: str | None = None
        self.condition = threading.Condition(threading.RLock())
        self.state = 'waiting'
        self.is_shutdown = False
        self._started = False
        self._period_s, self._timeout_s = 1.0, 4.0
        self._heard_s = time.monotonic()
        self.pub = node.create_publisher(String, topic, 1)

    def set_heartbeat_period(self, seconds: float) -> None:
        assert not self._started
        self._period_s = seconds

    def set_heartbeat_timeout(self, seconds: float) -> None:
        assert not self._started
        self._timeout_s = seconds

    def start(self) -> None:
        self.sub = self.node.create_subscription(String, self.topic, self._on_status, 1)
        self._started = True
        threading.Thread(target=self._beat, daemon=True).start()

    def _beat(self) -> None:
        with self.condition:
            while not self.is_shutdown and self.state in ('waiting', 'alive'):
                silent_s = time.monotonic() - self._heard_s
                if self.state == 'alive' and silent_s > self._timeout_s:
                    self._become('dead')
                    return
                self._say(active=True)
                self.condition.wait(self._period_s)

    def _say(self, *, active: bool) -> None:
        text = {'id': self.id, 'instance_id': self.instance_id, 'active': active}
        self.pub.publish(String(data=json.dumps(text)))

    def _on_status(self, message: Any) -> None:
        told = json.loads(message.data)
        if told['id'] != self.id or told['instance_id'] == self.instance_id:
            return
        with self.condition:
            self.sister_instance_id = self.sister_instance_id or told['instance_id']
            if told['instance_id'] != self.sister_instance_id:
                self.node.get_logger().error('More than two locations use a single bond')
                return
            self._heard_s = time.monotonic()
            if told['active'] and self.state == 'waiting':
                self._become('alive')
            elif not told['active'] and self.state != 'dead':
                self._become('dead')
                self._say(active=False)

    def _become(self, state: str) -> None:
        self.state = state
        self.condition.notify_all()

    def wait_until_formed(self, timeout: Duration) -> bool:
        with self.condition:
            self.condition.wait_for(lambda: self.state != 'waiting', timeout.nanoseconds / 1e9)
            return self.state != 'waiting'

    def wait_until_broken(self, timeout: Duration) -> bool:
        with self.condition:
            self.condition.wait_for(lambda: self.state == 'dead', timeout.nanoseconds / 1e9)
            return self.state == 'dead'

    def is_broken(self) -> bool:
        return self.state == 'dead'

    def break_bond(self) -> None:
        with self.condition:
            if self.state == 'waiting':
                self._become('dead')
            elif self.state == 'alive':
                self._become('dying')
            self._say(active=False)

    def shutdown(self) -> None:
        if self.is_shutdown:
            return
        self.sub.destroy()
        with self.condition:
            self.is_shutdown = True
            if self.state != 'dead':
                self.break_bond()
            self.pub.destroy()
            self.condition.notify_all()
