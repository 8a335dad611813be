# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The launch files, run by a real launch service in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray


def test_detectnet_is_configured_and_activated_on_the_topic_that_is_asked_for(
    launch: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    chelsea: np.ndarray,
    ssd_onnx: Path,
    tmp_path: Path,
) -> None:
    params = tmp_path / 'mine.yaml'
    params.write_text('/**:\n  ros__parameters:\n    class_id: index\n    threshold: 0.9\n')
    launched = launch(
        'detectnet.launch.py',
        'image_topic:=/front/image_raw',
        'namespace:=robot',
        'threshold:=0.4',
        f'params_file:={params}',
    )
    detections = graph.inbox('/robot/detectnet/detections', Detection2DArray)
    publisher = graph.image_publisher('/front/image_raw')
    graph.wait_until('active', lambda: graph.state('robot/detectnet') == 'active')
    sent = make_image(chelsea)
    answer = graph.ask(publisher, sent, detections)
    assert [d.results[0].hypothesis.class_id for d in answer.detections] == ['16']
    assert answer.header == sent.header
    launched.stop()
    assert 'Traceback' not in launched.text()
    assert 'process has died' not in launched.text()


def test_without_autostart_the_node_waits(launch: Callable[..., Any], graph: Any) -> None:
    launched = launch('detectnet.launch.py', 'autostart:=false', 'name:=eyes')
    assert graph.state('eyes') == 'unconfigured', launched.text()


def test_a_wrong_model_is_told_and_the_node_can_be_mended(
    launch: Callable[..., Any], graph: Any, ssd_onnx: Path
) -> None:
    launched = launch('detectnet.launch.py', 'model:=no-such-model')
    graph.wait_until('the error', lambda: 'stays unconfigured' in launched.text())
    assert "configure failed: no model 'no-such-model'" in launched.text()
    assert graph.set_parameters('detectnet', model='ssd-mobilenet-v2').successful
    assert graph.transition('detectnet', 'configure')


@pytest.mark.parametrize(
    ('argument', 'words'),
    [
        ('threshold:=9', 'error: parameter threshold'),
        ('threshold:=high', "launch argument threshold wants a float, not 'high'"),
        ('use_sim_time:=perhaps', 'launch argument use_sim_time wants true or false'),
    ],
)
def test_a_wrong_argument_is_told_in_one_line(
    launch: Callable[..., Any], graph: Any, argument: str, words: str
) -> None:
    launched = launch('detectnet.launch.py', argument)
    graph.wait_until('the error', lambda: words in launched.text(), 20)
    assert 'Traceback' not in launched.text()
