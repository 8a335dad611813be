# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a launch prints of its own end."""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor

import pytest
from launch_ros.actions import Node

from ros_deep_learning.launching.endings import with_endings
from ros_deep_learning.nodes.rclpy_workarounds import InvalidHandle

pytestmark = pytest.mark.rclpy


@pytest.mark.parametrize(('error', 'is_told'), [(InvalidHandle, False), (ValueError, True)])
def test_a_client_that_was_destroyed_at_the_end_is_no_news(
    caplog: pytest.LogCaptureFixture, error: type[Exception], is_told: bool
) -> None:
    with_endings(Node(package='demo', executable='demo'), 'demo', respawn=False)

    def wait_for_service() -> None:
        msg = 'destruction was requested'
        raise error(msg)

    async def leave() -> None:
        with ThreadPoolExecutor(1) as pool:
            await asyncio.wait(
                [asyncio.get_running_loop().run_in_executor(pool, wait_for_service)]
            )

    asyncio.run(leave())
    gc.collect()
    assert ('never retrieved' in caplog.text) is is_told
