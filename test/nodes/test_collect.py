# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The collect node keeps pictures of a topic, and the last seconds when it is asked to."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger

from ros_deep_learning.collecting import folder
from ros_deep_learning.collecting.naming import decode_picture
from ros_deep_learning.errors import DatasetError
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.nodes.collect import CollectNode


@pytest.mark.rclpy
def test_pictures_of_a_topic_and_the_last_seconds(
    spinning: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    tmp_path: Path,
) -> None:
    top = tmp_path / 'data'
    node = spinning(
        CollectNode,
        *('-p', f'folder:={top}', '-p', 'topic:=/camera', '-p', 'every:=0.01'),
        *('-p', 'last_rate:=60.0'),
    )
    camera = graph.node.create_publisher(Image, '/camera', 5)
    graph.wait_until('the subscription', lambda: camera.get_subscription_count())
    random = np.random.default_rng(0)
    frames = [random.integers(0, 256, (8, 9, 1), np.uint8).repeat(3, axis=2) for _ in range(3)]
    waiting = top / 'unlabelled'

    def kept() -> int:
        return len(list(waiting.glob('*.jpg')))

    for count, frame in enumerate(frames, 1):
        image = make_image(frame, stamp=count)

        def is_kept(image: Image = image, count: int = count) -> bool:
            # The same one is kept once, so that it may be sent until it arrives.
            camera.publish(image)
            return kept() == count

        graph.wait_until('the picture', is_kept)
    client = graph.node.create_client(Trigger, '/collect/keep_last')
    graph.wait_until('the service', client.service_is_ready)
    answer = client.call_async(Trigger.Request())
    graph.wait_until('the answer', answer.done)
    assert answer.result().success, answer.result().message
    written = int(answer.result().message.split()[0])
    assert written >= 3
    assert kept() == 3 + written
    assert node._keeper.kept == 3
    picture = decode_picture(next(waiting.glob('*.jpg')).read_bytes())
    assert picture.shape == (8, 9, 3)


def test_a_full_disk_is_an_error_of_the_process(
    spinning: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = spinning(CollectNode, '-p', f'folder:={tmp_path}', '-p', 'every:=0.01')

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, 'No space left on device')

    grey = Pixels(np.full((8, 9, 3), 90, np.uint8), 'bgr')
    with monkeypatch.context() as patch:
        patch.setattr(folder, 'write_output', full)
        node._on_image(SimpleNamespace(pixels=lambda: grey))
        answer = node._on_keep_last(None, Trigger.Response())
        assert not answer.success
        assert answer.message.startswith('0 pictures written, then: cannot write')
    # What was held is still there when the disk has space again.
    assert node._on_keep_last(None, Trigger.Response()).message == '1 pictures written'
    with pytest.raises(DatasetError, match=r'not all pictures were kept: .*no space left'):
        node.release()
    node._failure = ''
