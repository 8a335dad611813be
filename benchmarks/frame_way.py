# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""List the functions of the package that one frame passes in a detectnet node.

Usage: python benchmarks/frame_way.py --output benchmarks/results/NAME.json

A camera publishes pictures to a node in this process, which runs a real network with ONNX Runtime;
somebody subscribes to its detections. When a few frames have passed, the next one is followed with
``sys.setprofile`` in every thread, from what takes the image until the worker waits again. The
lists of two frames must be equal, so that a timer in between is not counted. Functions of rclpy,
which takes the image with --no-one-copy, are not counted.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import cv2
import numpy as np
import rclpy
import transport
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

import ros_deep_learning
from ros_deep_learning.nodes.detectnet import DetectNetNode
from ros_deep_learning.nodes.rclpy_workarounds import NodeExecutor

PACKAGE = Path(ros_deep_learning.__file__).parent
GENERATED = PACKAGE / 'msg'
PICTURE = Path(__file__).parents[1] / 'docs/images/detectnet.jpg'
WARM_FRAMES = 5
TRIES = 10
COUNTS = ('files', 'functions', 'calls')
ANSWER_S = 2.0
SETTLE_S = 0.3


class Recorder:
    """Follows a frame through the threads of this process.

    Of the executor's threads it lists what is called with an image, and all that this calls, but
    no timers and services; of the node's own threads all.
    """

    def __init__(self) -> None:
        self.on = False
        self.calls: list[tuple[str, CodeType]] = []
        self._ours: dict[CodeType, bool] = {}
        self._roots = threading.local()

    @contextmanager
    def threads(self) -> Iterator[None]:
        """Follow the threads that the body starts."""
        threading.setprofile(self._profile)
        try:
            yield
        finally:
            threading.setprofile(None)

    def _is_ours(self, code: CodeType) -> bool:
        if code not in self._ours:
            path = Path(code.co_filename)
            self._ours[code] = PACKAGE in path.parents and GENERATED not in path.parents
        return self._ours[code]

    def _profile(self, frame: FrameType, event: str, _: Any) -> None:
        if not self.on or event not in ('call', 'return'):
            return
        root = getattr(self._roots, 'frame', None)
        if event == 'return':
            if frame is root:
                self._roots.frame = None
            return
        if not self._is_ours(frame.f_code):
            return
        name = threading.current_thread().name
        if name.startswith('ThreadPoolExecutor'):
            if root is None:
                if not any(isinstance(value, Image) for value in frame.f_locals.values()):
                    return
                self._roots.frame = frame
            name = 'executor'
        self.calls.append((name, frame.f_code))


def measure(model: str, *, one_copy: bool) -> list[tuple[str, CodeType]]:
    """Run a node and list the calls of one frame, thread by thread in their order."""
    recorder = Recorder()
    rclpy.init()
    node = DetectNetNode()
    node.set_parameters(
        [
            Parameter('model', value=model),
            Parameter('backend', value='onnxruntime'),
            Parameter('one_copy', value=one_copy),
        ]
    )
    with recorder.threads():
        executor = NodeExecutor(2)
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin, daemon=True)
    spinning.start()
    context = Context()
    context.init()
    camera = rclpy.create_node('camera', context=context)
    outside = SingleThreadedExecutor(context=context)
    outside.add_node(camera)
    found: list[Detection2DArray] = []
    publisher = camera.create_publisher(Image, '/detectnet/image_in', QoSProfile(depth=1))
    camera.create_subscription(Detection2DArray, '/detectnet/detections', found.append, 5)
    picture = cv2.imread(str(PICTURE))
    image = Image(height=picture.shape[0], width=picture.shape[1], encoding='bgr8')
    image.step = picture.shape[1] * 3
    image.data.frombytes(np.ascontiguousarray(picture).tobytes())
    image.header.frame_id = 'camera'

    def send() -> bool:
        image.header.stamp = camera.get_clock().now().to_msg()
        publisher.publish(image)
        end_s = time.monotonic() + ANSWER_S
        while not (found and found[-1].header == image.header) and time.monotonic() < end_s:
            outside.spin_once(0.05)
        # The worker counts the frame after it has published.
        time.sleep(SETTLE_S)
        return bool(found) and found[-1].header == image.header

    def record() -> list[tuple[str, CodeType]]:
        recorder.calls.clear()
        recorder.on = True
        answered = send()
        recorder.on = False
        if not answered:
            return []
        # The threads go on at the same time, so their order says nothing.
        return sorted(recorder.calls, key=lambda call: (not call[0].startswith('images'), call[0]))

    try:
        with recorder.threads():
            node.trigger_configure()
            node.trigger_activate()
        # The first images may come before the subscription is matched.
        with recorder.threads():
            # The second thread that receives begins with the first frame.
            while len(found) < WARM_FRAMES:
                send()
        calls: list[tuple[str, CodeType]] = []
        for _ in range(TRIES):
            last, calls = calls, record()
            # Two threads receive in turns, so that their steps come in any order.
            if calls and Counter(calls) == Counter(last):
                return calls
        msg = f'no two frames of {TRIES} passed the same functions'
        raise RuntimeError(msg)
    finally:
        executor.shutdown()
        spinning.join(5)
        node.release()
        node.destroy_node()
        camera.destroy_node()
        context.try_shutdown()
        rclpy.try_shutdown()


def summarise(calls: list[tuple[str, CodeType]]) -> dict[str, Any]:
    """Count files, functions and calls, in all and for each folder of the package."""
    named = [
        (thread, str(Path(code.co_filename).relative_to(PACKAGE)), _qualified_name(code))
        for thread, code in calls
    ]
    steps = [
        {'thread': thread, 'file': file, 'function': function, 'calls': count}
        for (thread, file, function), count in Counter(named).items()
    ]
    rooms = [Path(file).parts[0] for _, file, _ in named]
    return {
        **totals(named),
        'rooms': {
            room: totals([call for call, where in zip(named, rooms, strict=True) if where == room])
            for room in dict.fromkeys(rooms)
        },
        'steps': steps,
    }


def totals(calls: list[tuple[str, str, str]]) -> dict[str, int]:
    """Count distinct files, distinct functions and calls.

    A comprehension is a function of its own before Python 3.12, and one with its function later.
    """
    files = {file for _, file, _ in calls}
    functions = {(file, function) for _, file, function in calls}
    return dict(zip(COUNTS, (len(files), len(functions), len(calls)), strict=True))


def _qualified_name(code: CodeType) -> str:
    return str(getattr(code, 'co_qualname', code.co_name))


def main() -> int:
    """Count, print what was found in order, and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, help='the JSON file to write')
    parser.add_argument('--model', default='ssd-mobilenet-v2', help='a detector')
    parser.add_argument(
        '--one-copy', action=argparse.BooleanOptionalAction, default=True, help='of the node'
    )
    arguments = parser.parse_args()
    found = summarise(measure(arguments.model, one_copy=arguments.one_copy))
    for step in found['steps']:
        print(f'{step["thread"]:10} {step["calls"]:3}  {step["file"]}: {step["function"]}')
    for name, room in (*found['rooms'].items(), ('all', found)):
        print(f'{name:10}', *(f'{count:4} {of}' for of, count in room.items() if of in COUNTS))
    if arguments.output:
        transport.write_report(arguments.output, 'none', {'model': arguments.model, **found})
    return 0


if __name__ == '__main__':
    sys.exit(main())
