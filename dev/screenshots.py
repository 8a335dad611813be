# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Take the pictures of docs/images: overlays that the nodes publish for real images.

Run it after `. .ros/env.sh`, or in a sourced workspace; the pictures that are shown to the nodes
are fetched once.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
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

from ros_deep_learning.downloads.media import media_path
from ros_deep_learning.imaging.image_messages import pixels_from_message, write_image
from ros_deep_learning.nodes.detectnet import DetectNetNode
from ros_deep_learning.nodes.imagenet import ImageNetNode
from ros_deep_learning.nodes.segnet import SegNetNode

WIDTH = 800
MAX_BYTES = 150_000
WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture to take: its input and its node.

    Attributes:
        make_node: The node's class.
        media: Name of a picture or clip.
        frames: Which frames of a clip, one after the other; the last one's overlay is kept.
        parameters: Of the node.
        views: What else it publishes is shown beside the image and the overlay, on a picture of
            its own, as rviz2 does with our configuration of the node.
    """

    make_node: Any
    media: str
    frames: range = range(1)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    views: tuple[str, ...] = ()


SHOTS = (
    Shot(ImageNetNode, 'coffee.png', parameters={'threshold': 0.003}),
    Shot(
        DetectNetNode,
        'bikes.mp4',
        range(126, 133),
        parameters={'threshold': 0.4, 'tracking': 'iou'},
    ),
    Shot(SegNetNode, 'astronaut.png', views=('color_mask', 'confidence_mask')),
)


def images_of(shot: Shot) -> Iterator[NDArray[np.uint8]]:
    """Return the pictures or frames of a shot, (H, W, 3) uint8 BGR, scaled to the screenshots."""
    # A picture is a clip of one frame to OpenCV.
    capture = cv2.VideoCapture(str(media_path(shot.media)))
    for index in range(shot.frames.stop):
        image = capture.read()[1]
        if index in shot.frames:
            # Before the node draws, so that its letters are as sharp as on a camera's image.
            height = round(image.shape[0] * WIDTH / image.shape[1])
            large = cv2.resize(image, (WIDTH, height), interpolation=cv2.INTER_CUBIC)
            yield np.asarray(large, np.uint8)


def messages_of(shot: Shot) -> list[Any] | None:
    """Run a node on its images; return the last one, its overlay and its views as published."""
    node = shot.make_node()
    node.set_parameters([Parameter(name, value=v) for name, v in shot.parameters.items()])
    viewer = rclpy.create_node('viewer')
    executor = MultiThreadedExecutor(2)
    executor.add_node(node)
    executor.add_node(viewer)
    name = node.get_name()
    shown: dict[str, list[Any]] = {topic: [] for topic in ('overlay', *shot.views)}
    for topic, messages in shown.items():
        viewer.create_subscription(Image, f'{name}/{topic}', messages.append, 1)
    camera = viewer.create_publisher(Image, f'{name}/image_in', 1)
    try:
        node.trigger_configure()
        node.trigger_activate()
        for count, image in enumerate(images_of(shot), 1):
            message = Image()
            message.header.stamp.sec = count
            write_image(message, image, 'bgr8')
            end_s = time.monotonic() + WAIT_S
            while not all(m and m[-1].header == message.header for m in shown.values()):
                if time.monotonic() > end_s:
                    return None
                camera.publish(message)
                executor.spin_once(timeout_sec=1.0)
        return [message, *(messages[-1] for messages in shown.values())]
    finally:
        node.release()
        executor.shutdown()
        viewer.destroy_node()
        node.destroy_node()


def side_by_side(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return an even number of pictures of one size, laid out in two columns."""
    rows = [np.hstack(pictures[i : i + 2]) for i in range(0, len(pictures), 2)]
    whole = np.vstack(rows)
    height = round(whole.shape[0] * WIDTH / whole.shape[1])
    return np.asarray(cv2.resize(whole, (WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)


def write_jpeg(path: Path, image_bgr: NDArray[np.uint8]) -> None:
    """Write a picture with the best quality that its size limit allows."""
    for quality in range(95, 40, -5):
        data = cv2.imencode('.jpg', image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        if data.size < MAX_BYTES:
            break
    path.write_bytes(data.tobytes())


def main() -> int:
    """Take all pictures; return 1 if a node published nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folder', nargs='?', default='docs/images', help='where they go')
    folder = Path(parser.parse_args().folder)
    folder.mkdir(parents=True, exist_ok=True)
    rclpy.init()
    try:
        for shot in SHOTS:
            messages = messages_of(shot)
            if messages is None:
                print(f'nothing came of {shot.media}', file=sys.stderr)
                return 1
            pictures = [pixels_from_message(message).as_order('bgr') for message in messages]
            files = {shot.make_node.default_name: pictures[1]}
            if shot.views:
                files[f'{shot.make_node.default_name}_views'] = side_by_side(pictures)
            for name, picture in files.items():
                path = folder / f'{name}.jpg'
                write_jpeg(path, picture)
                print(f'{path}: {path.stat().st_size // 1000} kB')
    finally:
        rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
