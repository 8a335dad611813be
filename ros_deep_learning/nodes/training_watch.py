# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The progress of a training on /diagnostics, for ``rdl train --watch``."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.context import Context
from rclpy.signals import SignalHandlerOptions

from ..progress import Progress
from ..text import one_line

_PERIOD_S = 1.0
_NAME = 'train'


@contextmanager
def published_progress(output: Path, progress: Progress) -> Iterator[Progress]:
    """Yield a progress callback that also publishes on /diagnostics, once a second.

    The last status says how the training ended: OK if it finished, ERROR with the reason if not.

    Args:
        output: Folder of the training.
        progress: Told too.
    """
    context = Context()
    # Ctrl-C is the training's.
    rclpy.init(args=[], context=context, signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node(_NAME, context=context)
    publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
    now: tuple[str, float | None] = ('starting', None)
    ended = threading.Event()

    def report(stage: str, share: float | None) -> None:
        nonlocal now
        now = stage, share
        progress(stage, share)

    def publish(level: bytes, message: str, share: float | None) -> None:
        values = {'output': str(output)}
        if share is not None:
            values['done'] = f'{share:.0%}'
        status = DiagnosticStatus(
            level=level,
            name=f'{_NAME}: {output.name}',
            message=message,
            hardware_id=socket.gethostname(),
            values=[KeyValue(key=key, value=value) for key, value in values.items()],
        )
        array = DiagnosticArray(status=[status])
        array.header.stamp = node.get_clock().now().to_msg()
        publisher.publish(array)

    def publish_each_second() -> None:
        while not ended.wait(_PERIOD_S):
            publish(DiagnosticStatus.OK, *now)

    publishing = threading.Thread(target=publish_each_second, name='diagnostics', daemon=True)
    publishing.start()
    level, message = DiagnosticStatus.OK, 'finished'
    try:
        yield report
    except BaseException as err:
        level = DiagnosticStatus.ERROR
        message = 'interrupted' if isinstance(err, KeyboardInterrupt) else one_line(err)
        raise
    finally:
        ended.set()
        publishing.join()
        publish(level, message, None)
        node.destroy_node()
        rclpy.shutdown(context=context)
