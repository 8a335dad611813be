# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Take the pictures of docs/images: what the nodes publish on ~/overlay for real images.

Run it after `. .ros/env.sh`, or in a sourced workspace; the pictures that are shown to the nodes
are fetched once.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rclpy
from numpy.typing import NDArray
from rclpy.executors import MultiThreadedExecutor
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image

from ros_deep_learning.imaging.messages import pixels_from_message, write_image
from ros_deep_learning.models.media import media_path
from ros_deep_learning.nodes.detectnet import DetectNetNode
from ros_deep_learning.nodes.imagenet import ImageNetNode
from ros_deep_learning.nodes.segnet import SegNetNode

WIDTH = 800
MAX_BYTES = 150_000
WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Shot:
    """What is shown to which node.

    Attributes:
        make_node: The node's class.
        media: Name of a picture or clip.
        frames: Which frames of a clip, one after the other; the last one's overlay is kept.
        parameters: Of the node.
    """

    make_node: Any
    media: str
    frames: range = range(1)
    parameters: Mapping[str, Any] = field(default_factory=dict)


SHOTS = (
    Shot(ImageNetNode, 'coffee.png', parameters={'threshold': 0.003}),
    Shot(
        DetectNetNode,
        'bikes.mp4',
        range(126, 133),
        parameters={'threshold': 0.4, 'tracking': 'iou'},
    ),
    Shot(SegNetNode, 'astronaut.png'),
)


def images_of(shot: Shot) -> Iterator[NDArray[np.uint8]]:
    """Give the pictures or frames of a shot, BGR, as wide as the screenshots."""
    # A picture is a clip of one frame to OpenCV.
    capture = cv2.VideoCapture(str(media_path(shot.media)))
    for index in range(shot.frames.stop):
        image = capture.read()[1]
        if index in shot.frames:
            # Before the node draws, so that its letters are as sharp as on a camera's image.
            height = round(image.shape[0] * WIDTH / image.shape[1])
            large = cv2.resize(image, (WIDTH, height), interpolation=cv2.INTER_CUBIC)
            yield np.asarray(large, np.uint8)


def overlay_of(shot: Shot) -> Any:
    """Run a node on its images, and answer the overlay that it publishes of the last one."""
    node = shot.make_node()
    node.set_parameters([Parameter(name, value=v) for name, v in shot.parameters.items()])
    viewer = rclpy.create_node('viewer')
    executor = MultiThreadedExecutor(2)
    executor.add_node(node)
    executor.add_node(viewer)
    overlays: list[Any] = []
    name = node.get_name()
    viewer.create_subscription(Image, f'{name}/overlay', overlays.append, 1)
    camera = viewer.create_publisher(Image, f'{name}/image_in', 1)
    try:
        node.trigger_configure()
        node.trigger_activate()
        for count, image in enumerate(images_of(shot), 1):
            message = Image()
            message.header.stamp.sec = count
            write_image(message, image, 'bgr8')
            end_s = time.monotonic() + WAIT_S
            while not any(shown.header == message.header for shown in overlays):
                if time.monotonic() > end_s:
                    return None
                camera.publish(message)
                executor.spin_once(timeout_sec=1.0)
        return overlays[-1]
    finally:
        node.release()
        executor.shutdown()
        viewer.destroy_node()
        node.destroy_node()


def write_jpeg(path: Path, image_bgr: NDArray[np.uint8]) -> None:
    """Write a picture as good as its size allows."""
    for quality in range(95, 40, -5):
        data = cv2.imencode('.jpg', image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        if data.size < MAX_BYTES:
            break
    path.write_bytes(data.tobytes())


def main() -> int:
    """Take them all; answers 1 where a node showed nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folder', nargs='?', default='docs/images', help='where they go')
    folder = Path(parser.parse_args().folder)
    folder.mkdir(parents=True, exist_ok=True)
    rclpy.init()
    try:
        for shot in SHOTS:
            message = overlay_of(shot)
            if message is None:
                print(f'no overlay of {shot.media}', file=sys.stderr)
                return 1
            path = folder / f'{shot.make_node.__name__.removesuffix("Node").lower()}.jpg'
            write_jpeg(path, pixels_from_message(message).as_order('bgr'))
            print(f'{path}: {path.stat().st_size // 1000} kB')
    finally:
        rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
