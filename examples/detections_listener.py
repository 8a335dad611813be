# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A ROS 2 node that prints what detectnet finds.

ros2 launch ros_deep_learning detectnet.launch.py image_topic:=/camera/image_raw
python3 examples/detections_listener.py
"""

import signal
import threading

import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from vision_msgs.msg import Detection2DArray


class DetectionsListener(Node):
    """Prints one line an image."""

    def __init__(self) -> None:
        super().__init__('detections_listener')
        self.create_subscription(Detection2DArray, '/detectnet/detections', self.show, 1)

    def show(self, message: Detection2DArray) -> None:
        """Print the objects of an image; an empty message means that there are none."""
        best = [detection.results[0].hypothesis for detection in message.detections]
        seen = ', '.join(f'{one.class_id} {one.score:.0%}' for one in best)
        self.get_logger().info(seen or 'nothing')


def main() -> None:
    ended = threading.Event()
    # As rclpy is by default, Ctrl-C may interrupt the conversion of a message, with a traceback.
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    listener = DetectionsListener()
    while not ended.is_set():
        rclpy.spin_once(listener, timeout_sec=0.1)
    rclpy.shutdown()


if __name__ == '__main__':
    main()
