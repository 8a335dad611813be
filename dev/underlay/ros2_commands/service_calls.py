# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find lifecycle nodes in the graph, and call their services."""

from __future__ import annotations

import time
from typing import Any

import rclpy

_SUFFIX = '/get_state'
_TYPE = 'lifecycle_msgs/srv/GetState'
_DISCOVERY_S = 5.0
_MATCHING_S = 0.3
_ANSWER_S = 3.0


def lifecycle_nodes(node: Any) -> list[str]:
    """Return the names of the nodes that offer the services of the lifecycle."""
    services = node.get_service_names_and_types()
    return sorted(
        name.removesuffix(_SUFFIX)
        for name, types in services
        if name.endswith(_SUFFIX) and _TYPE in types
    )


def call(node: Any, service: str, kind: Any, request: Any, timeout_s: float | None = None) -> Any:
    """Call a service once, or until it answers.

    Args:
        node: A node of ros2cli.
        service: Absolute name of the service.
        kind: Its type.
        request: What is sent.
        timeout_s: For calls that change nothing: they are made again until then. None makes one
            call and waits without a limit.

    Raises:
        RuntimeError: There is no such service, or no answer came in time.
    """
    client = node.create_client(kind, service)
    try:
        if not client.wait_for_service(_DISCOVERY_S):
            msg = f'Node not found: there is no {service}; ros2 lifecycle nodes lists them'
            raise RuntimeError(msg)
        # rmw_fastrtps drops the answer to a client that the server has not matched yet.
        time.sleep(_MATCHING_S)
        ends = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            future = client.call_async(request)
            wait_s = None if ends is None else min(_ANSWER_S, max(0.1, ends - time.monotonic()))
            rclpy.spin_until_future_complete(node.node, future, timeout_sec=wait_s)
            if future.done():
                return future.result()
            if ends is None or time.monotonic() > ends:
                msg = f'{service} does not answer'
                raise RuntimeError(msg)
    finally:
        node.destroy_client(client)
