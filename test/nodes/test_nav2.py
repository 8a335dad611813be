# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The masks of segnet as the semantic segmentation layer of nav2's costmap takes them.

The rules are those that the layer's source checks or relies on:
https://github.com/kiwicampus/semantic_segmentation_layer, src/, read in November 2026.
"""

from __future__ import annotations

import re
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image, PointCloud2, PointField
from vision_msgs.msg import LabelInfo

from ros_deep_learning.nodes.segnet import SegNetNode

pytestmark = pytest.mark.rclpy
SENSOR_QOS = QoSProfile(depth=50, reliability=ReliabilityPolicy.BEST_EFFORT)
LABEL_QOS = QoSProfile(
    depth=5,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
GUIDE = Path(__file__).parents[2] / 'docs' / 'nav2.md'


def cloud_like(image: Image, width: int, height: int) -> PointCloud2:
    """An organised cloud with a point for each pixel, from the same moment as an image."""
    message = PointCloud2(header=image.header, width=width, height=height)
    message.fields = [
        PointField(name=name, offset=4 * k, datatype=PointField.FLOAT32, count=1)
        for k, name in enumerate('xyz')
    ]
    message.point_step, message.row_step = 12, 12 * width
    message.data.frombytes(np.zeros((height, width, 3), np.float32).tobytes())
    return message


class Layer:
    """The subscriptions of the layer, and what it would put into the costmap."""

    def __init__(self, node: Any, topics: dict[str, str], class_names: set[str]) -> None:
        self._classes: dict[int, str] = {}
        self._names = class_names
        self._lock = threading.Lock()
        self._parts: dict[tuple[int, int], dict[str, Any]] = {}
        self.observed: list[tuple[np.ndarray, np.ndarray]] = []
        self.problems: list[str] = []
        node.create_subscription(LabelInfo, topics['labels_topic'], self._take_labels, LABEL_QOS)
        for name, kind in (
            ('segmentation_topic', Image),
            ('confidence_topic', Image),
            ('pointcloud_topic', PointCloud2),
        ):
            node.create_subscription(
                kind,
                topics[name],
                lambda message, name=name: self._take(name, message),
                SENSOR_QOS,
            )

    def _take_labels(self, message: LabelInfo) -> None:
        for each in message.class_map:
            if each.class_name not in self._names:
                self.problems.append(f'{each.class_name} is not among the parameters')
            if not 0 <= each.class_id <= 255:
                self.problems.append(f'{each.class_id} does not fit into 8 bits')
            self._classes[each.class_id] = each.class_name

    def _take(self, name: str, message: Any) -> None:
        # message_filters.TimeSynchronizer: all of them, with the same stamp to the nanosecond.
        stamp = message.header.stamp
        with self._lock:
            parts = self._parts.setdefault((stamp.sec, stamp.nanosec), {})
            parts[name] = message
        if len(parts) == 3:
            self._buffer(*(parts[topic] for topic in sorted(parts)))

    def _buffer(self, confidence: Image, cloud: PointCloud2, mask: Image) -> None:
        pixels = mask.width * mask.height
        if (mask.width, mask.height) != (cloud.width, cloud.height):
            self.problems.append(f'{mask.width}x{mask.height} is not the size of the cloud')
        elif not self._classes:
            self.problems.append('no labels before the first mask')
        # Pixels are read as data[v * width + u], whatever the step, and the confidence's too.
        elif len(mask.data) < pixels or len(confidence.data) < pixels:
            self.problems.append('too little data')
        else:
            self.observed.append(
                tuple(
                    np.frombuffer(each.data, np.uint8)[:pixels].reshape(mask.height, mask.width)
                    for each in (mask, confidence)
                )
            )
            for each in (mask, confidence):
                if (each.encoding, each.step) != ('mono8', each.width):
                    self.problems.append(f'{each.encoding} of step {each.step}')

    def classes_of(self, ids: np.ndarray) -> set[str | None]:
        """The classes that the pixels count for; None is a pixel that is left out."""
        return {self._classes.get(int(k)) for k in np.unique(ids)}


def recipe() -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters of segnet and of the layer in the guide."""
    blocks = re.findall(r'^ *```yaml\n(.*?)^ *```$', GUIDE.read_text(), re.M | re.S)
    ours, theirs = (yaml.safe_load(textwrap.dedent(block)) for block in blocks)
    layer = theirs['local_costmap']['local_costmap']['ros__parameters']['semantic_layer']
    return ours['/**/segnet']['ros__parameters'], layer


def test_the_layer_takes_every_mask_of_the_recipe(
    active_here: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
) -> None:
    ours, theirs = recipe()
    camera = theirs[theirs['observation_sources']]
    arguments = [word for name, value in ours.items() for word in ('-p', f'{name}:={value}')]
    node = active_here(SegNetNode, *arguments)
    names = {name for kind in camera['class_types'] for name in camera[kind]['classes']}
    assert names == set(node.network.labels)
    # It comes to a node that has long been active.
    layer = Layer(graph.node, camera, names)
    # They are latched, so no mask is needed; the layer drops masks that come before them.
    graph.wait_until('the labels', lambda: layer.classes_of(np.arange(len(names))) == names)
    width, height = map(int, ours['mask_size'].split('x'))
    images = graph.image_publisher('/segnet/image_in')
    clouds = graph.node.create_publisher(PointCloud2, camera['pointcloud_topic'], SENSOR_QOS)
    (outputs,) = (camera.outputs for camera in node.cameras)
    graph.wait_until(
        'the layer',
        lambda: (
            outputs.wanted('class_mask')
            and outputs.wanted('confidence_mask')
            and clouds.get_subscription_count()
        ),
    )
    stamps = iter(range(1, 1000))

    def observed() -> bool:
        sent = make_image(astronaut, stamp=next(stamps))
        clouds.publish(cloud_like(sent, width, height))
        images.publish(sent)
        return len(layer.observed) >= 3

    graph.wait_until('three observations', observed)
    assert layer.problems == []
    for mask, confidence in layer.observed:
        assert mask.shape == (height, width)
        assert layer.classes_of(mask) <= {*names, None}
        # The astronaut fills the middle of the lower half, nobody is in its upper corners.
        person = mask[height * 3 // 4 :, width * 2 // 5 : width // 2]
        assert layer.classes_of(person) == {'person'}
        assert layer.classes_of(mask[: height // 10, -width // 10 :]) == {'background'}
        assert confidence.max() > 250
        assert confidence[mask != 255].min() >= 255 / 2 - 1


def test_a_size_that_is_none_is_refused_in_one_line(
    active_here: Callable[..., Any], graph: Any
) -> None:
    node = active_here(SegNetNode)
    for wrong in ('400', '400 x 200', '0x5', '5000x10'):
        answer = graph.set_parameters('segnet', mask_size=wrong)
        assert not answer.successful
        assert answer.reason == (
            f"parameter mask_size: expected a size such as 640x480, got '{wrong}'"
        )
    assert graph.set_parameters('segnet', mask_size='400x200').successful
    assert node.settings.mask_size == '400x200'
