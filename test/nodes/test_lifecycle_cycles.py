# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Many cycles of a node with several cameras, in a real process: its memory stays flat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import psutil
import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from sensor_msgs.msg import Image

pytestmark = pytest.mark.rclpy
CAMERAS = ('front', 'rear')
STEPS = (
    Transition.TRANSITION_CONFIGURE,
    Transition.TRANSITION_ACTIVATE,
    Transition.TRANSITION_DEACTIVATE,
    Transition.TRANSITION_CLEANUP,
)


# Eight show a thread or a file that stays; fifty show memory too.
@pytest.mark.parametrize(
    ('cycles', 'warm_up'), [(8, 3), pytest.param(50, 10, marks=pytest.mark.slow)]
)
def test_cycles_leave_memory_threads_and_files_flat(
    cycles: int,
    warm_up: int,
    start: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Else glibc keeps what was freed for the threads of the same arena (docs/launch.md). So, what
    # grows is what is still held.
    monkeypatch.setenv('MALLOC_ARENA_MAX', '1')
    monkeypatch.setenv('MALLOC_MMAP_THRESHOLD_', '131072')
    program = start('segnet', '--ros-args', '-p', f'cameras:=[{", ".join(CAMERAS)}]')
    assert graph.state('segnet') == 'unconfigured'
    client = graph.node.create_client(ChangeState, '/segnet/change_state')
    assert client.wait_for_service(60)
    process = psutil.Process(program.process.pid)
    masks = {c: graph.inbox(f'/segnet/{c}/class_mask', Image) for c in CAMERAS}
    cameras = {c: graph.node.create_publisher(Image, f'/segnet/{c}/image_in', 1) for c in CAMERAS}
    seen: list[tuple[int, int, int]] = []
    for cycle in range(cycles):
        for step in STEPS:
            request = ChangeState.Request(transition=Transition(id=step))
            future = client.call_async(request)
            graph.wait_until(f'step {step} of cycle {cycle}', future.done)
            assert future.result().success, program.text()
            if step == Transition.TRANSITION_ACTIVATE:
                for camera, publisher in cameras.items():
                    graph.wait_until(camera, lambda p=publisher: p.get_subscription_count() == 1)
                    image = make_image(astronaut, stamp=cycle + 1)
                    graph.ask(publisher, image, masks[camera])
        seen.append((process.memory_info().rss, process.num_threads(), process.num_fds()))
    before, after = seen[warm_up], seen[-1]
    # 40 copies of the weights alone would be 20 MB, and of an engine several times that.
    assert after[0] - before[0] < 15 * 2**20, [rss >> 20 for rss, _, _ in seen]
    assert after[1] <= before[1]
    assert after[2] <= before[2] + 2
    assert program.stop() == 0
    assert 'Traceback' not in program.text()
