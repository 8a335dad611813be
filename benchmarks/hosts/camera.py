# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A camera that sends the demo clip in a form, and a viewer that receives it as the nodes do."""

from __future__ import annotations

import array
import itertools
import json
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

RATE_HZ = 30
TOPIC = '/camera/image'
JPEG_QUALITY = 80
"""The default of overlay_jpeg_quality, and of compressed_image_transport."""
H264_BITS_A_PIXEL = 4e6 / (1920 * 1080 * RATE_HZ)
"""The default of our streams and of jetson-utils, 4 Mbit/s, at 1080p."""
FRAMES = 60
RAW_FRAMES = 4
"""Of which each has 6 MB at 1080p."""
MEET_S = 20.0
SETTLE_S = 1.0
FORMS = {'raw': 'raw', 'JPEG': 'compressed', 'H.264': 'ffmpeg'}
"""The image_transport of each form."""


def pictures(size_wh: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    """Yield frames of the demo clip, cut and scaled to a size; BGR, uint8."""
    from ros_deep_learning.downloads.media import media_path
    from ros_deep_learning.video.sources import open_frames

    for frame in itertools.islice(open_frames(str(media_path('bikes.mp4'))).frames(), FRAMES):
        height = frame.shape[0]
        width = height * size_wh[0] // size_wh[1]
        left = (frame.shape[1] - width) // 2
        cut = frame[:, left : left + width]
        yield cv2.resize(cut, size_wh, interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)


def encode(form: str, size_wh: tuple[int, int]) -> list[bytes]:
    """Return the bytes of each frame; H.264 begins with a key frame, and has one a second."""
    frames = pictures(size_wh)
    if form == 'raw':
        return [frame[..., ::-1].tobytes() for frame in itertools.islice(frames, RAW_FRAMES)]
    if form == 'JPEG':
        quality = (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY)
        return [cv2.imencode('.jpg', frame, quality)[1].tobytes() for frame in frames]
    import av

    encoder = av.CodecContext.create('libx264', 'w')
    encoder.width, encoder.height = size_wh
    encoder.pix_fmt, encoder.framerate = 'yuv420p', RATE_HZ
    encoder.bit_rate = int(H264_BITS_A_PIXEL * size_wh[0] * size_wh[1] * RATE_HZ)
    encoder.gop_size = RATE_HZ
    encoder.options = {'preset': 'ultrafast', 'tune': 'zerolatency'}
    packets = [
        packet
        for frame in (*frames, None)
        for packet in encoder.encode(frame if frame is None else av_frame(frame))
    ]
    return [bytes(packet) for packet in packets]


def av_frame(frame_bgr: NDArray[np.uint8]) -> Any:
    """Return a frame as PyAV has it."""
    import av

    return av.VideoFrame.from_ndarray(frame_bgr, 'bgr24')


def publish(form: str, size_wh: tuple[int, int], coded: Path, seconds: float) -> None:
    """Publish as a camera driver does, once somebody subscribes; print when it begins and ends.

    Args:
        form: A key of ``FORMS``.
        size_wh: Size of the frames.
        coded: Folder with a file for each frame.
        seconds: For how long.
    """
    import rclpy
    from rclpy.qos import QoSProfile
    from sensor_msgs.msg import CompressedImage, Image

    frames = [array.array('B', path.read_bytes()) for path in sorted(coded.iterdir())]
    rclpy.init()
    node = rclpy.create_node('camera')
    if form == 'raw':
        width, height = size_wh
        message = Image(width=width, height=height, encoding='rgb8', step=3 * width)
        publisher = node.create_publisher(Image, TOPIC, QoSProfile(depth=1))
    else:
        message = CompressedImage(format='h264' if form == 'H.264' else 'rgb8; jpeg')
        # Each packet of a video is needed; 10 is the depth of image_transport.
        depth = 10 if form == 'H.264' else 1
        topic = f'{TOPIC}/{FORMS[form]}'
        publisher = node.create_publisher(CompressedImage, topic, QoSProfile(depth=depth))
    end_s = time.monotonic() + MEET_S
    while not publisher.get_subscription_count() and time.monotonic() < end_s:
        rclpy.spin_once(node, timeout_sec=0.05)
    met = publisher.get_subscription_count() > 0
    time.sleep(SETTLE_S)
    say({'met': met})
    began_s, published, number = time.monotonic(), 0, 0
    # A camera does not wait: the images of a call that lasts longer than a period are not sent.
    while met and (now_s := time.monotonic() - began_s) < seconds:
        if now_s < number / RATE_HZ:
            time.sleep(number / RATE_HZ - now_s)
        # Each packet of H.264 in its turn.
        message.data = frames[published % len(frames)]
        message.header.stamp = node.get_clock().now().to_msg()
        publisher.publish(message)
        published += 1
        number = max(number + 1, int((time.monotonic() - began_s) * RATE_HZ))
    took_s = time.monotonic() - began_s
    say({'published': published, 'took_s': took_s})
    # The last ones may still be on their way.
    time.sleep(1.0)
    rclpy.shutdown()


def receive(form: str) -> None:
    """Receive with the subscription and the executor of the nodes, until a line of input comes.

    The age is that of an image whose pixels are there, decoded.
    """
    import threading

    import rclpy
    from rclpy.callback_groups import MutuallyExclusiveCallbackGroup

    from ros_deep_learning.nodes.health import image_topics
    from ros_deep_learning.nodes.program.heap import keep_freed_images
    from ros_deep_learning.nodes.rclpy_workarounds import NodeExecutor
    from ros_deep_learning.nodes.stream.image_subscription import ImageSubscription

    # A node waits for this once, at its first packet; the ages are those of what comes later.
    import_module('av')
    # The messages of ffmpeg_image_transport are not on PyPI; this one has the same bytes in it.
    image_topics.VIDEO_TYPES['ffmpeg'] = 'sensor_msgs/msg/CompressedImage'
    keep_freed_images()
    rclpy.init()
    node = rclpy.create_node('viewer')
    ages_ms: list[float] = []

    def take(frame: Any) -> None:
        frame.pixels()
        ages_ms.append(frame.age_ms(time.time_ns()))

    executor = NodeExecutor(2)
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin, daemon=True)
    spinning.start()
    group = MutuallyExclusiveCallbackGroup()
    camera = ImageSubscription(node, TOPIC, take, group, FORMS[form], one_copy=True)
    sys.stdin.readline()
    camera.close()
    executor.shutdown()
    spinning.join()
    say({'ages_ms': ages_ms})


def say(found: dict[str, Any]) -> None:
    """Print what was found, for the process that started this one."""
    print(json.dumps(found), flush=True)
