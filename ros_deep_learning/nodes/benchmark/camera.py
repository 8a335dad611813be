# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The camera of a benchmark, a process of its own: publishes frames at the rates it is told."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import rclpy
from numpy.typing import NDArray
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image

from ...benchmarking.frames import Input, open_input, sent_frames
from ...errors import DeepLearningError
from ...imaging.image_messages import write_image
from ..video_source import SOURCE_QOS


def main() -> int:
    """Publish what the orders on the standard input say, and answer each with a line of JSON.

    The first line is the size of the frames and whether they come from a live camera. An order
    has ``rate_hz``, ``seconds`` and ``least``, as of ``sent_frames``; its answer has the stamps.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    topic, resource, size = json.loads(sys.argv[1])
    try:
        given = open_input(resource, None if size is None else (size[0], size[1]))
        _tell({'frame_wh': given.frame_wh, 'is_live': given.camera is not None})
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        node = rclpy.create_node('benchmark_camera')
        publish = node.create_publisher(Image, topic, SOURCE_QOS).publish
        messages = [] if given.camera else [_message(frame) for frame in given.frames]
        for line in sys.stdin:
            _tell({'sent_ns': _send(given, messages, publish, json.loads(line))})
    except DeepLearningError as err:
        _tell({'error': str(err)})
        return 1
    return 0


def _send(
    given: Input, messages: list[Any], publish: Callable[[Any], None], order: dict[str, Any]
) -> list[int]:
    """Publish one order, and return the stamps of the frames in ns."""
    sent_ns = []
    frames = sent_frames(given, order['rate_hz'], order['seconds'], order['least'])
    for number, frame in enumerate(frames):
        # Those in memory are converted once, so that a high rate is not limited by that.
        message = messages[number % len(messages)] if messages else _message(frame)
        now_ns = time.time_ns()
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(now_ns, 10**9)
        publish(message)
        sent_ns.append(now_ns)
    return sent_ns


def _message(frame: NDArray[np.uint8]) -> Any:
    message = Image()
    message.header.frame_id = 'camera'
    write_image(message, frame, 'bgr8')
    return message


def _tell(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == '__main__':
    sys.exit(main())
