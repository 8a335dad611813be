# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Results are published as they come, and a failure costs no other camera its frame."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from ros_deep_learning.errors import InferenceError, ServerError
from ros_deep_learning.nodes.stream import frame_runner
from ros_deep_learning.nodes.stream.frame_runner import FrameRunner
from ros_deep_learning.tasks.times import NOT_TIMED


class Camera:
    """Counts what became of its frames."""

    def __init__(self, name):
        self.name, self.told = name, []
        self.zero_stamp_told, self.doubt = False, ''
        self.outputs = SimpleNamespace(all_wanted=lambda: {'detections'})
        self.statistics = SimpleNamespace(
            done=lambda times: self.told.append('done'),
            failed=lambda text: self.told.append(f'failed: {text}'),
        )


def frame():
    return SimpleNamespace(
        header=None, stamp_ns=1, topic='/image', pixels=lambda: SimpleNamespace(doubt=''),
        age_ms=lambda now: 1.0, arrival_ns=0,
    )  # fmt: skip


@pytest.fixture
def run():
    """Run a frame of each of three cameras; return the cameras and what happened, in order."""

    def call(infer, outputs=None):
        told, cameras = [], [Camera(name) for name in 'abc']
        for camera in cameras:
            camera.outputs = outputs or camera.outputs

        def results(shots, setup):
            for result in infer([shot.camera.name for shot in shots], told):
                told.append(f'made {result}')
                yield SimpleNamespace(name=result, times=NOT_TIMED)

        runner = FrameRunner(
            MagicMock(now=SimpleNamespace(settings=SimpleNamespace(max_failures=0))),
            infer=results,
            publish=lambda shot, result, setup: told.append(f'published {result.name}'),
            give_up=MagicMock(), unwatched=MagicMock(), clock=MagicMock(), log=MagicMock(),
            ok=lambda: True,
        )  # fmt: skip
        runner.run([(camera, frame()) for camera in cameras])
        return {camera.name: camera.told for camera in cameras}, told

    return call


def test_a_result_is_published_before_the_next_one_is_waited_for(run):
    ends, told = run(lambda names, told: iter(names))
    assert told == [f'{what} {name}' for name in 'abc' for what in ('made', 'published')]
    assert ends == {name: ['done'] for name in 'abc'}


def test_who_fails_costs_the_others_nothing(run):
    def infer(names, told):
        for name in names:
            if name == 'b':
                msg = 'broken'
                raise InferenceError(msg)
            yield name

    ends, told = run(infer)
    assert ends == {'a': ['done'], 'b': ['failed: broken'], 'c': ['done']}
    assert [one for one in told if one.startswith('published')] == ['published a', 'published c']


def test_statistics_that_cannot_be_published_cost_no_result(run, monkeypatch):
    monkeypatch.setattr(frame_runner, 'stats_message', MagicMock())

    def refuse(name, message):
        msg = 'no room'
        raise RuntimeError(msg)

    outputs = SimpleNamespace(all_wanted=lambda: {'detections', 'stats'}, publish=refuse)
    ends, told = run(lambda names, told: iter(names), outputs)
    assert ends == {name: ['done'] for name in 'abc'}
    assert [one for one in told if one.startswith('published')] == [
        f'published {name}' for name in 'abc'
    ]


def test_what_is_on_its_way_to_a_server_is_lost_with_it(run):
    def infer(names, told):
        yield names[0]
        told.append('gone')
        msg = 'the server is gone'
        raise ServerError(msg)

    ends, told = run(infer)
    lost = ['failed: the server is gone']
    assert ends == {'a': ['done'], 'b': lost, 'c': lost}
    assert told.count('gone') == 1
