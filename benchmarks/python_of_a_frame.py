# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time what a frame of detectnet costs in Python, from the bytes of its image to its message.

Usage: python benchmarks/python_of_a_frame.py --output benchmarks/results/NAME.json

The node is the one that users start, with its subscription's bytes, mailbox and publishers. Its
engine is a stand-in that takes no time and gives the records which TensorRT's kernels give, so
that the time is ours alone: three candidates for every object. All runs in one thread, as in the
node, whose CPU time is taken, since other processes hardly change it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import rclpy
from rclpy.parameter import Parameter
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

import ros_deep_learning
from ros_deep_learning import DetectNet
from ros_deep_learning.benchmarking.machine import describe_machine
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.engines.base import EngineInfo
from ros_deep_learning.engines.cpu_threads import waited_s
from ros_deep_learning.engines.on_device import DeviceCandidates
from ros_deep_learning.engines.tensorrt.kernels.candidates import CANDIDATE, read_candidates
from ros_deep_learning.nodes import rcl_calls
from ros_deep_learning.nodes.detectnet import DetectNetNode
from ros_deep_learning.nodes.messages.results import detections_message
from ros_deep_learning.nodes.stream import camera_feed
from ros_deep_learning.nodes.stream.worker import Spare

MODEL = 'ssd-mobilenet-v2'
SIZE_WH = (640, 480)
OBJECTS = (0, 1, 10, 100)
CANDIDATES_AN_OBJECT = 3
TARGET_MS, TARGET_OBJECTS = 0.15, 10
WARM_UP, FRAMES, IN_A_ROW = 50, 500, 50
STAMP = slice(4, 12)
"""Where the stamp of a serialised image is, in bytes."""
PAUSE_S = 1 / 30
STAGES = ('arrival', 'to_network', 'result', 'publish', 'count')
PUBLISH = STAGES.index('publish')
PAGE = {
    'title': 'The Python of a frame',
    'about': (
        'detectnet from the bytes of an image of 640x480 until its detections are published and '
        'the frame is counted, with a stand-in for the engine that takes no time: what is left '
        'is Python and NumPy, of the CPU time of the thread, and apart from it the call of the '
        'middleware that publishes. Medians of frames one after another, each in bytes that were '
        'copied just before, as the middleware does it. The ratio is of both against what the '
        'detections alone cost as a message of rclpy, made and published in turns of 50 with the '
        'frames: it tells a slow machine from slow code. Of the row `between messages` such a '
        'message is made between two frames, which takes the code of a frame out of the caches. '
        'The last row has a pause of 33 ms before each frame, as a camera of 30 Hz.'
    ),
    'columns': {
        'case': 'objects',
        'ratio': 'ratio',
        'typed_ms': "as rclpy's message, ms",
        'python_ms': 'Python, ms',
        'target_ms': 'target, ms',
        'p95_ms': '95th percentile',
        'arrival_ms': 'bytes to mailbox, ms',
        'to_network_ms': 'mailbox to network, ms',
        'result_ms': 'candidates to result, ms',
        'publish_ms': 'message and publishing, ms',
        'count_ms': 'statistics, ms',
        'middleware_ms': "in the middleware's publish, ms",
    },
    'goals': {'python_ms': 'target_ms'},
}
"""What benchmarks/performance.py makes of the results."""


class Marks:
    """The thread's CPU time at the ends of the stages of one frame, in nanoseconds."""

    def __init__(self) -> None:
        self.taken_ns: list[int] = []

    def take(self) -> None:
        """Take the time."""
        self.taken_ns.append(time.thread_time_ns())


class StandIn:
    """An engine whose network finds the same objects in every frame, at once."""

    in_flight: ClassVar[int] = 2

    def __init__(self, info: EngineInfo, records: np.ndarray, marks: Marks) -> None:
        self.info = info
        self._records = records
        self._marks = marks

    def run(self, *_: Any) -> dict[str, np.ndarray]:
        """Return outputs of zeros, for the run that warms the network up."""
        return {one.name: np.zeros(np.abs(one.shape), one.dtype) for one in self.info.outputs}

    def start(self, *_: Any) -> Callable[[], dict[str, np.ndarray]]:
        """Start such a run."""
        return self.run

    start_pixels = start

    def start_candidates(self, *_: Any, **__: Any) -> Callable[[], list[DeviceCandidates]]:
        """Start to pick the candidates of a frame; see ``GathersOnDevice``."""
        self._marks.take()
        return lambda: [read_candidates(self._records)]

    def close(self) -> None:
        """Do nothing."""


class Loader:
    """Gives an engine for every card."""

    def __init__(self, engine: StandIn) -> None:
        self._engine = engine

    def load(self, *_: Any, **__: Any) -> StandIn:
        """Return it."""
        return self._engine


class Bytes:
    """In place of the subscription: what it would be called with."""

    deliver: ClassVar[Callable[[np.ndarray, int | None, Spare], None]]

    def __init__(self, *arguments: Any, **_: Any) -> None:
        type(self).deliver = staticmethod(arguments[3])
        self.qos_profile = None

    def close(self) -> None:
        """Do nothing."""


def records_of(objects: int) -> np.ndarray:
    """Make the records of objects on a grid, each with weaker candidates over it."""
    count = objects * CANDIDATES_AN_OBJECT
    records = np.zeros(1 + count, CANDIDATE)
    records['box'][0] = count
    place = np.repeat(np.arange(objects), CANDIDATES_AN_OBJECT)
    first = np.stack([place // 10, place % 10], axis=1) / 10
    kept = records[1:]
    kept['coordinates'] = np.hstack([first + 0.01, first + 0.09])
    kept['box'], kept['class_id'] = np.arange(count), 1 + place % 80
    kept['score'] = np.linspace(0.99, 0.6, count)
    return records


def measure(
    objects: int, info: EngineInfo, *, in_a_row: int = IN_A_ROW, pause_s: float = 0.0
) -> dict[str, Any]:
    """Time the frames of a node that finds so many objects in each.

    Args:
        objects: How many.
        info: What the stand-in stands for.
        in_a_row: Frames until as many of rclpy's messages take their turn.
        pause_s: Before each frame, in seconds.
    """
    marks = Marks()
    engine = StandIn(info, records_of(objects), marks)

    class Node(DetectNetNode):
        def open_network(self, *_: Any) -> DetectNet:
            return DetectNet(find_card(MODEL), loader=Loader(engine))

    node = Node()
    node.set_parameters([Parameter('max_detections', value=max(OBJECTS))])
    viewer = rclpy.create_node('viewer')
    viewer.create_subscription(Detection2DArray, '/detectnet/detections', lambda _: None, 1)
    # Those of the whole process.
    functions = rcl_calls._functions()  # noqa: SLF001 - where the middleware's part begins
    send = functions.rcl_publish_serialized_message
    try:
        node.trigger_configure()
        node.trigger_activate()
        (camera,) = node.cameras
        while not camera.outputs.wanted('detections'):
            time.sleep(0.01)
        found: list[Any] = []
        publish = node._runner._publish_results  # noqa: SLF001 - the end of the network's part
        sent_ns = 0

        def timed_send(*arguments: Any) -> int:
            nonlocal sent_ns
            begun_ns = time.thread_time_ns()
            result: int = send(*arguments)
            sent_ns = time.thread_time_ns() - begun_ns
            return result

        functions.rcl_publish_serialized_message = timed_send

        def timed_publish(shot: Any, result: Any, setup: Any) -> None:
            found.append(result)
            marks.take()
            publish(shot, result, setup)
            marks.take()

        node._runner._publish_results = timed_publish  # noqa: SLF001 - as above
        image = Image(width=SIZE_WH[0], height=SIZE_WH[1], encoding='rgb8', step=3 * SIZE_WH[0])
        image.data.frombytes(bytes(image.step * image.height))
        image.header.frame_id = 'camera'
        sent = np.frombuffer(serialize_message(image), np.uint8).copy()

        def frame_ms(number: int) -> np.ndarray:
            image.header.stamp = now = node.get_clock().now().to_msg()
            sent[STAMP].view('<u4')[:] = now.sec, now.nanosec
            time.sleep(pause_s)
            # As the middleware does it.
            data = sent.copy()
            marks.taken_ns.clear()
            spare = Spare()
            marks.take()
            Bytes.deliver(data, number, spare)
            marks.take()
            assert spare.work is not None
            spare.work()
            marks.take()
            stages_ns = np.diff(marks.taken_ns)
            stages_ns[PUBLISH] -= sent_ns
            return np.append(stages_ns, sent_ns) / 1e6

        def message_ms() -> float:
            names = node.setup.now.plan.names
            begun_ns = time.thread_time_ns()
            message = detections_message(image.header, found[-1], names)
            camera.outputs.publish('detections', message)
            return (time.thread_time_ns() - begun_ns) / 1e6

        spent_ms: list[np.ndarray] = []
        typed_ms: list[float] = []
        before_s, began_s = waited_s(), time.perf_counter()
        for start in range(0, WARM_UP + FRAMES, in_a_row):
            spent_ms += [frame_ms(start + k) for k in range(in_a_row)]
            typed_ms += [message_ms() for _ in range(in_a_row)]
        waited = (waited_s() - before_s) / (time.perf_counter() - began_s)
        counts = {len(result) for result in found}
        if counts != {objects}:
            msg = f'expected {objects} objects in each frame, got {counts}'
            raise RuntimeError(msg)
        typed = float(np.median(typed_ms[WARM_UP:]))
        row = _row(objects, np.array(spent_ms[WARM_UP:]), typed)
        return row | {'waited_share': round(waited, 3)}
    finally:
        functions.rcl_publish_serialized_message = send
        node.release()
        node.destroy_node()
        viewer.destroy_node()


def _row(objects: int, spent_ms: np.ndarray, typed_ms: float) -> dict[str, Any]:
    python, in_all = spent_ms[:, :-1].sum(axis=1), spent_ms.sum(axis=1)
    row = {
        'case': f'{objects} object{"" if objects == 1 else "s"}',
        'ratio': round(float(np.median(in_all)) / typed_ms, 2),
        'typed_ms': round(typed_ms, 4),
        'python_ms': round(float(np.median(python)), 4),
        'p95_ms': round(float(np.percentile(python, 95)), 4),
    }
    for stage, each in zip((*STAGES, 'middleware'), np.median(spent_ms, axis=0), strict=True):
        row[f'{stage}_ms'] = round(float(each), 4)
    if objects == TARGET_OBJECTS:
        row['target_ms'] = TARGET_MS
    return row


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure frames with several numbers of objects, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, required=True, help='the JSON file to write')
    given = parser.parse_args(arguments)
    with DetectNet(MODEL, backend='onnxruntime') as net:
        info = net.info
    camera_feed.OneCopySubscription = Bytes
    rclpy.init()
    rows = []
    for objects in OBJECTS:
        rows.append(measure(objects, info))
        print(json.dumps(rows[-1]), flush=True)
    others: dict[str, dict[str, Any]] = {
        'between messages': {'in_a_row': 1},
        'at 30 Hz': {'pause_s': PAUSE_S},
    }
    for name, how in others.items():
        row = measure(TARGET_OBJECTS, info, **how)
        row['case'] += f', {name}'
        del row['target_ms']
        rows.append(row)
        print(json.dumps(row), flush=True)
    rclpy.shutdown()
    machine = describe_machine(ros_deep_learning.__version__)
    machine['middleware'] = rclpy.get_rmw_implementation_identifier()
    report = {'page': PAGE, 'machine': machine, 'rows': rows}
    given.output.write_text(json.dumps(report, indent=1) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
