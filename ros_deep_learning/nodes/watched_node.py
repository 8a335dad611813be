# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The vision node whose images a live page shows: its results, and its parameters."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import numpy as np
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import GetParameters, SetParametersAtomically
from rclpy.node import Node

from ..text import one_line
from ..video.page.newest import Report
from ..video.page.panel import LiveSettings, Panel
from ..video.page.sink import PageSink
from .messages.outputs import LATCHED_QOS, RESULT_QOS
from .messages.results import boxes_of
from .messages.topics import message_type
from .parameters.texts import read_names

OVERLAY = '/overlay'
CAMERA_TOPICS = {
    'classification': 'vision_msgs/Classification',
    'detections': 'vision_msgs/Detection2DArray',
    'stats': 'ros_deep_learning/InferenceStats',
}
"""What is read beside the overlay, and its messages; not every node has all of them."""
NODE_TOPICS = {'label_info': 'vision_msgs/LabelInfo', 'vision_info': 'vision_msgs/VisionInfo'}
"""What is read of the node; latched."""
SERVICES = {
    'get_parameters': GetParameters,
    'set_parameters_atomically': SetParametersAtomically,
}
"""What is asked of the node."""
UNKNOWN = '_NODE_NAME_UNKNOWN_'
KEPT = 30
"""Results that are kept for the image of the same stamp."""
MOST_ROWS = 300
"""Results of an image that are shown."""
OLDEST_S = 60.0
"""An age above this is not one: the stamp is of another clock."""
_NAMES = ('threshold', 'classes')


class WatchedNode:
    """Finds the vision node that publishes an overlay, and connects it with the page.

    All is called by the executor of the node, but for what the viewers want.

    Args:
        node: The node that shows the images.
        topic: The topic of the images, resolved.
        page: The page.
    """

    def __init__(self, node: Node, topic: str, page: PageSink) -> None:
        self._node, self._topic, self._page = node, topic, page
        self._name = ''
        self._labels: list[str] = []
        self._title = ''
        self._rows: dict[tuple[int, int], list[dict[str, Any]]] = {}
        self._times_ms: dict[str, float] = {}
        self._wish: Panel | None = None
        self._stale = False
        self._settings = LiveSettings()
        page.on_change = self._want

    def _want(self, wanted: Panel) -> None:
        self._wish = wanted

    def tick(self) -> None:
        """Look for the node until it is there; set and read its parameters where that is due."""
        if not self._name:
            self._look()
            return
        if self._wish is not None and self._setter.service_is_ready():
            wish, self._wish = self._wish, None
            self._send(wish)
        if self._stale and self._getter.service_is_ready():
            self._stale = False
            request = GetParameters.Request(names=list(_NAMES))
            self._getter.call_async(request).add_done_callback(self._on_values)

    def report(self, stamp: Any) -> Report:
        """Return what is told about the image with a stamp."""
        age_s = (self._node.get_clock().now().nanoseconds - _nanoseconds(stamp)) * 1e-9
        if not 0 <= age_s < OLDEST_S:
            age_s = 0.0
        rows = self._rows.get((stamp.sec, stamp.nanosec))
        if rows is None:
            # They come on their way; those of the image before stand for them.
            rows = next(reversed(self._rows.values()), [])
        return Report(rows, time.monotonic() - age_s, self._times_ms)

    def _look(self) -> None:
        if not self._topic.endswith(OVERLAY):
            return
        for other in self._node.get_publishers_info_by_topic(self._topic):
            # Discovery may know a publisher before its node.
            if other.node_name != UNKNOWN:
                name = f'{other.node_namespace.rstrip("/")}/{other.node_name}'
                try:
                    self._connect(name, self._topic.removesuffix(OVERLAY))
                except RuntimeError as err:
                    # SROS 2 refuses what the policy lacks.
                    self._topic = ''
                    self._node.get_logger().warning(
                        f'the page shows the images alone, without results of {name}: '
                        f'{one_line(err)}; to fix: if SROS 2 is enforced, use the policy '
                        'video_output_page (docs/network_security.md)'
                    )
                else:
                    self._name = name
                return

    def _connect(self, name: str, camera: str) -> None:
        hear = {
            'classification': self._on_classes,
            'detections': self._on_detections,
            'stats': self._on_stats,
            'label_info': self._on_labels,
            'vision_info': self._on_info,
        }
        for place, topics, qos in (
            (camera, CAMERA_TOPICS, RESULT_QOS),
            (name, NODE_TOPICS, LATCHED_QOS),
        ):
            for topic, kind in topics.items():
                # The build may not have generated our own.
                if (message := message_type(kind)) is not None:
                    self._node.create_subscription(message, f'{place}/{topic}', hear[topic], qos)
        self._getter, self._setter = (
            self._node.create_client(kind, f'{name}/{service}')
            for service, kind in SERVICES.items()
        )

    def _on_detections(self, message: Any) -> None:
        rows = []
        for one, box in zip(message.detections, boxes_of(message), strict=True):
            # A message of another program may have none, and any number.
            if one.results and np.isfinite(box).all():
                row = _row(getattr(one.results[0], 'hypothesis', one.results[0]))
                track = getattr(one, 'id', '')
                rows.append({**row, 'box_xyxy': box.tolist(), 'track_id': track or None})
        self._keep(message, rows)

    def _on_classes(self, message: Any) -> None:
        self._keep(message, [_row(one) for one in message.results])

    def _keep(self, message: Any, rows: list[dict[str, Any]]) -> None:
        stamp = message.header.stamp
        shown = [row for row in rows if math.isfinite(row['score'])]
        self._rows[stamp.sec, stamp.nanosec] = shown[:MOST_ROWS]
        while len(self._rows) > KEPT:
            del self._rows[next(iter(self._rows))]

    def _on_stats(self, message: Any) -> None:
        stages = ('preprocess', 'inference', 'postprocess')
        times_ms = {stage: float(getattr(message, f'{stage}_ms')) for stage in stages}
        self._times_ms = {stage: ms for stage, ms in times_ms.items() if math.isfinite(ms)}

    def _on_info(self, message: Any) -> None:
        self._title = message.method
        self._show()

    def _on_labels(self, message: Any) -> None:
        self._labels = [one.class_name for one in message.class_map]
        # The node publishes it again when the threshold or the network changes.
        self._stale = True

    def _on_values(self, done: Any) -> None:
        values = done.result().values if done.result() is not None else []
        if len(values) != len(_NAMES):
            return
        threshold, classes = values
        is_score = threshold.type == ParameterType.PARAMETER_DOUBLE
        self._settings = LiveSettings(
            threshold.double_value if is_score and math.isfinite(threshold.double_value) else None,
            self._ids(classes.string_value)
            if classes.type == ParameterType.PARAMETER_STRING
            else None,
        )
        self._show()

    def _ids(self, text: str) -> frozenset[int]:
        wanted = {name.casefold() for name in read_names(text)}
        return frozenset(k for k, one in enumerate(self._labels) if one.casefold() in wanted)

    def _show(self) -> None:
        self._page.set_panel(Panel(self._title, self._name, self._labels, self._settings))

    def _send(self, wanted: Panel) -> None:
        wish, parameters = wanted.settings, []
        if wish.score_threshold != self._settings.score_threshold:
            value = ParameterValue(
                type=ParameterType.PARAMETER_DOUBLE, double_value=wish.score_threshold
            )
            parameters.append(Parameter(name='threshold', value=value))
        if wish.class_ids != self._settings.class_ids:
            names = [wanted.labels[k] for k in sorted(wish.class_ids or ())]
            # A list of YAML, since a label may have a comma.
            text = json.dumps(names, ensure_ascii=False) if names else ''
            value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=text)
            parameters.append(Parameter(name='classes', value=value))
        request = SetParametersAtomically.Request(parameters=parameters)
        self._setter.call_async(request).add_done_callback(self._on_set)

    def _on_set(self, done: Any) -> None:
        result = done.result().result if done.result() is not None else None
        if result is not None and not result.successful:
            self._node.get_logger().warning(f'{self._name} refused it: {result.reason}')
        # What it has now is shown, whatever was wanted.
        self._stale = True


def _row(hypothesis: Any) -> dict[str, Any]:
    # vision_msgs 2 called it id.
    label = getattr(hypothesis, 'class_id', None) or getattr(hypothesis, 'id', '')
    return {'label': str(label), 'score': float(hypothesis.score)}


def _nanoseconds(stamp: Any) -> int:
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)
