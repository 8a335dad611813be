# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The least node in Python that runs a network on a camera's images: what a node could cost.

Usage: python least_node.py NODE MODEL OUTPUT IMAGE_TOPIC BACKEND LEVEL

One thread waits for an image, takes it with one copy, runs the network alone and publishes a
result of the size and form that the node of that name publishes, with the image's stamp. On
TensorRT the bytes of a frame go up that its resize reads, and those of the outputs or masks come
down, by the node's plan; on ONNX Runtime the input is a tensor that is ready. Nothing is read,
resized, decoded or counted, and the result is that of the first image.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Classification, Detection2DArray

sys.path.insert(0, str(Path(__file__).parents[1]))

import frame_to_result
from gpu import bare_plan
from receivers import minimal_one_copy

from ros_deep_learning.imaging.image_messages import pixels_from_message
from ros_deep_learning.nodes.messages.mask_messages import MaskMessages
from ros_deep_learning.nodes.messages.outgoing_images import OutgoingImages
from ros_deep_learning.nodes.messages.outputs import RESULT_QOS
from ros_deep_learning.nodes.messages.serialized_classification import serialized_classification
from ros_deep_learning.nodes.messages.serialized_detections import serialized_detections
from ros_deep_learning.nodes.rcl_calls import SerializedPublish

CAMERA_HEADER = Header(frame_id='camera')
STAMP = slice(4, 12)
"""Where a message that begins with a header has its stamp."""


def classes(net: Any, frame: np.ndarray) -> np.ndarray:
    """Make the message of imagenet."""
    return serialized_classification(CAMERA_HEADER, net.classify(frame), net.labels)


def objects(net: Any, frame: np.ndarray) -> np.ndarray:
    """Make the message of detectnet."""
    message = serialized_detections(CAMERA_HEADER, net.detect(frame), net.labels)
    return np.array(bytearray(message), np.uint8)


def class_mask(net: Any, frame: np.ndarray) -> np.ndarray:
    """Make the message of segnet."""
    return MaskMessages(OutgoingImages(), CAMERA_HEADER).class_mask(net.segment(frame))


MESSAGES = {
    'imagenet': (Classification, classes),
    'detectnet': (Detection2DArray, objects),
    'segnet': (Image, class_mask),
}


def frame_call(
    net: Any, frame: np.ndarray, backend: str, used: ExitStack
) -> tuple[Callable[[], None], np.ndarray]:
    """Return the call that runs the network, and what images are received into."""
    if backend != 'tensorrt':
        rng = np.random.default_rng(0)
        feed = {
            spec.name: rng.random([max(1, side) for side in spec.shape], np.float32)
            for spec in net.engine.info.inputs
        }
        return lambda: net.engine.run(feed), np.empty(minimal_one_copy.CAPACITY, np.uint8)
    plan = used.enter_context(bare_plan.opened(net))
    memory, _ = plan.exchanged(minimal_one_copy.CAPACITY)
    (trip,) = bare_plan.frame_trips(net, plan, frame, pinned=True, masks_bytes=1)
    return trip, memory


def first_frame(node: Any, topic: str) -> np.ndarray:
    """Wait for an image, and return its pixels."""
    seen: list[np.ndarray] = []

    def take(_: str, data: np.ndarray) -> None:
        seen.append(pixels_from_message(minimal_one_copy.image(data)).as_order('rgb').copy())

    minimal_one_copy.receive(node, {topic: Image}, take, lambda: not seen)
    return seen[0]


def main() -> int:
    """Run until the process is interrupted."""
    name, model, output, topic, backend, level = sys.argv[1:]
    kind, message_of = MESSAGES[name]
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node('least')
    net, _ = frame_to_result.open_network(model, 'auto', int(level), backend)
    with net, ExitStack() as used:
        frame = first_frame(node, topic)
        message = message_of(net, frame)
        call, memory = frame_call(net, frame, backend, used)
        publish = SerializedPublish(node.create_publisher(kind, output, RESULT_QOS)).publish

        def take(_: str, data: np.ndarray) -> None:
            call()
            message[STAMP] = data[STAMP]
            publish(message)

        try:
            minimal_one_copy.receive(node, {topic: Image}, take, lambda: True, memory)
        except KeyboardInterrupt:
            return 0


if __name__ == '__main__':
    sys.exit(main())
