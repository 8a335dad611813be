# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The recorder of the demo hears topics that everybody on the graph may publish."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from ros_deep_learning.nodes.messages.results import detections_message
from ros_deep_learning.nodes.recorder import KEPT, RecorderNode
from ros_deep_learning.tasks.detection import Detections

FOUND = Detections(
    boxes_xyxy=np.array([[1, 2, 11, 22]] * 2, np.float32),
    scores=np.array([0.75, 0.5], np.float32),
    class_ids=np.array([0, 1], np.int32),
    source_wh=(64, 48),
    track_ids=None,
)


def test_results_of_other_programs_may_hold_anything(
    spinning: Callable[..., Any], tmp_path: Path
) -> None:
    node = spinning(RecorderNode, '-p', f'folder:={tmp_path}')
    message = detections_message(Header(), FOUND, ['cat\x1b[2J', 'dog'])
    message.detections[1].results = []
    (far,) = detections_message(Header(), FOUND, ['far', 'far']).detections[:1]
    far.bbox.size_x = float('inf')
    message.detections.append(far)
    for second in range(2 * KEPT):
        message.header.stamp.sec = second
        node._on_detections(message)
    assert len(node._lines) == len(node._found) == KEPT
    assert set(node._lines.values()) == {'cat\\x1b[2J 0.75 [1 2 11 22]'}


def test_a_frame_after_the_end_does_not_replace_the_video(
    spinning: Callable[..., Any], make_image: Callable[..., Image], tmp_path: Path
) -> None:
    node = spinning(RecorderNode, '-p', f'folder:={tmp_path}', '-p', 'silence_s:=0.1')
    image = np.zeros((48, 64, 3), np.uint8)
    for second in range(1, 4):
        node._on_overlay(make_image(image, stamp=second))
    node._last_s -= 1.0
    node._check_end()
    assert node.finished.result() == 0
    written = (tmp_path / 'annotated.mp4').read_bytes()
    node._on_overlay(make_image(image, stamp=4))
    node.release()
    assert (tmp_path / 'annotated.mp4').read_bytes() == written
