# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The progress of a training on /diagnostics; the training itself is elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from ros_deep_learning.cli import train
from ros_deep_learning.errors import TrainingError
from ros_deep_learning.nodes.training_watch import published_progress


@pytest.mark.rclpy
def test_progress_and_the_reason_of_an_end_are_published(graph: Any) -> None:
    newest, told = graph.statuses(), []

    def wait(text: str) -> DiagnosticStatus:
        def there() -> DiagnosticStatus | None:
            status = newest.get('train: cats')
            return status if status is not None and text in status.message else None

        found: DiagnosticStatus = graph.wait_until(text, there)
        return found

    def trains() -> None:
        with published_progress(
            Path('runs/cats'), lambda stage, share: told.append(stage)
        ) as progress:
            progress('epoch 2 of 8 (loss 0.5)', 0.25)
            status = wait('epoch 2 of 8')
            assert status.level == DiagnosticStatus.OK
            values = {pair.key: pair.value for pair in status.values}
            assert values == {'output': 'runs/cats', 'done': '25%'}
            msg = 'the loss is nan'
            raise TrainingError(msg)

    with pytest.raises(TrainingError, match='the loss is nan'):
        trains()
    assert wait('the loss is nan').level == DiagnosticStatus.ERROR
    assert told == ['epoch 2 of 8 (loss 0.5)']
    with published_progress(Path('runs/cats'), lambda stage, share: None):
        wait('starting')
    assert wait('finished').level == DiagnosticStatus.OK


def test_without_ros_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, 'ros_deep_learning.nodes.training_watch')
    monkeypatch.setitem(sys.modules, 'rclpy', None)
    assert train.main([str(tmp_path), '-o', str(tmp_path / 'run'), '--watch']) == 1
    said = capsys.readouterr().err
    assert '--watch publishes on /diagnostics of ROS 2, which is not there: ' in said
    assert 'to fix: source its setup.bash, or leave out --watch' in said
