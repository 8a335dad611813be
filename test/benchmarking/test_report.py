# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the report of a benchmark, of its diagrams, and of two side by side."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ros_deep_learning.benchmarking.compare import Figure, differences, figures
from ros_deep_learning.benchmarking.distribution import Distribution
from ros_deep_learning.benchmarking.plan import Measured, trial_warnings
from ros_deep_learning.benchmarking.plot import plot, round_end
from ros_deep_learning.benchmarking.report import Subject, as_json, markdown, read_report
from ros_deep_learning.benchmarking.trial import Trial
from ros_deep_learning.benchmarking.usage import Usage
from ros_deep_learning.errors import BenchmarkError

MACHINE = {'name': 'Board', 'cores': 4, 'system': 'Linux', 'ros_deep_learning': '0.1'}


def spread(ms: float) -> Distribution:
    return Distribution(ms, 2 * ms, 3 * ms, 4 * ms, ms, 0.1, 300)


def trial(rate_hz: float | None, latency_ms: float, lost: int = 0, **usage: Any) -> Trial:
    spreads = [spread(latency_ms), spread(40.0), spread(1.0), None]
    return Trial(rate_hz, 300, 300 - lost, rate_hz or 29.9, 29.5, *spreads, Usage(**usage))  # type: ignore[arg-type]


def report(
    best_hz: float = 50.0, latency_ms: float = 20.0, *, machine: Any = MACHINE, **usage: Any
) -> dict[str, Any]:
    subject = Subject(
        'rdl benchmark', 'net', 'onnxruntime 1.2', 'fp32', 'CPU', 'pattern://bars', (640, 480),
        {'engine': spread(12.0)},
    )  # fmt: skip
    best = trial(best_hz, 2 * latency_ms, 9, **usage)
    measured = Measured(best, (trial(10.0, latency_ms, **usage),), (trial(90.0, 70.0, 99), best))
    text = as_json(subject, measured, machine, ['too hot'], command='rdl', date='2026-11-29')
    return json.loads(text)


def test_markdown_has_a_row_a_trial_and_no_column_without_figures() -> None:
    text = markdown(report(cpu_cores=1.25, memory_mb=321.4))
    assert '**net**, onnxruntime 1.2 fp32 on CPU, 640x480 from pattern://bars' in text
    assert '* engine, one after the other: 12.0 / 24.0 / 36.0 ms (p50 / p95 / p99)' in text
    assert '* highest input rate with less than 5 % lost: **50 Hz**' in text
    assert '> WARNING: too hot' in text
    rows = [
        [cell.strip() for cell in line.strip('|').split('|')]
        for line in text.splitlines()
        if line.startswith('|')
    ]
    assert rows[0] == [
        'input Hz', 'results a second', 'lost', 'latency p50 / p95 / p99 ms', 'peak age p95 ms',
        'jitter mean ms', 'CPU cores', 'MiB',
    ]  # fmt: skip
    assert set(''.join(rows[1])) == {'-', ':'}
    last = ['80.0', '1.0', '1.25', '321']
    assert rows[2] == ['10', '29.5', '0.0%', '20.0 / 40.0 / 60.0', *last]
    assert rows[3] == ['50', '29.5', '3.0%', '40.0 / 80.0 / 120.0', *last]


def test_losses_on_the_way_have_a_column_where_they_are_counted() -> None:
    whole = report()
    whole['fixed'][0]['lost_on_the_way'] = 3
    lines = [line for line in markdown(whole).splitlines() if line.startswith('|')]
    assert '| of them on the way |' in lines[0]
    assert '1.0%' in lines[2]


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    content = report()
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(content))
    assert read_report(path) == content
    assert content['highest']['usage']['power_w'] is None
    assert content['searched'][0]['is_kept'] is False


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('{', 'is no JSON'),
        ('[' * 100_000, 'is no JSON'),
        ('[]', 'no report of this version'),
        ('{"format": 9}', 'no report'),
    ],
)
def test_another_file_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / 'a.json'
    path.write_text(text)
    with pytest.raises(BenchmarkError, match=reason):
        read_report(path)
    with pytest.raises(BenchmarkError, match='No such file'):
        read_report(tmp_path / 'b.json')


def test_diagrams_are_an_svg_file() -> None:
    root = ET.fromstring(plot({**report(), 'model': '<net> & more'}))
    names = {'svg': 'http://www.w3.org/2000/svg'}
    texts = {element.text for element in root.iterfind('.//svg:text', names)}
    assert {'<net> & more: frames lost', 'input rate, Hz', 'latency, p95', '5 %'} <= texts
    # Six lines, and as many in the legends.
    assert len(root.findall('.//svg:polyline', names)) == 12


@pytest.mark.parametrize(
    ('highest', 'end'), [(0.0, 1.0), (1.0, 1.0), (41.0, 45.0), (99.0, 100.0), (0.012, 0.015)]
)
def test_an_axis_ends_at_a_round_number(highest: float, end: float) -> None:
    assert round_end([highest, 0.0]) == pytest.approx(end)


def test_two_reports_side_by_side() -> None:
    other = report(40.0, 18.0, machine={**MACHINE, 'cores': 8}, cpu_cores=2.0)
    first = report(cpu_cores=1.0)
    assert list(differences(first, other)) == ['cores: 4 and 8']
    found = {one.name: one for one in figures(first, other)}
    highest = found['highest rate, Hz']
    assert (highest.first, highest.second, highest.ratio) == (50.0, 40.0, 0.8)
    assert highest.verdict == 'worse'
    assert found['engine, p50 ms'].verdict == 'same'
    assert found['latency at 10 Hz, p50 ms'].verdict == 'better'
    assert found['CPU cores at 10 Hz'].verdict == 'worse'
    assert found['lost at 10 Hz'].ratio is None
    assert found['lost at 10 Hz'].verdict == 'same'
    assert 'power, W at 10 Hz' not in found
    assert [one.verdict for one in figures(first, first)] == ['same'] * len(found)


@pytest.mark.parametrize(
    ('second', 'more_is_better', 'verdict'),
    [
        (104.0, True, 'same'),
        (96.0, True, 'same'),
        (106.0, True, 'better'),
        (94.0, True, 'worse'),
        (106.0, False, 'worse'),
        (94.0, False, 'better'),
    ],
)
def test_figures_within_five_percent_are_the_same(
    second: float, more_is_better: bool, verdict: str
) -> None:
    assert Figure('x', 100.0, second, more_is_better).verdict == verdict


def test_doubtful_trials_are_told() -> None:
    good, over = trial(50.0, 20.0), trial(90.0, 70.0, 99)
    assert trial_warnings(Measured(good, (), (over, good))) == []
    (only,) = trial_warnings(Measured(good, (), (good,)))
    assert 'nothing above 50 Hz was tried, so that the highest rate is that or more' in only
    assert 'no rate was kept' in trial_warnings(Measured(None, (), (good,)))[0]
    slow = Trial(75.0, 300, 300, 60.0, 60.0, None, None, None, None, Usage())
    assert 'may be its limit' in trial_warnings(Measured(good, (), (slow, good)))[0]
    far = Trial(400.0, 300, 300, 60.0, 60.0, None, None, None, None, Usage())
    assert trial_warnings(Measured(good, (), (far, good))) == []
    lossy = replace(good, lost_on_the_way=30)
    assert 'up to 10% of the frames' in trial_warnings(Measured(good, (), (over, good, lossy)))[0]
    few = Trial(1.0, 25, 25, 1.0, 1.0, None, None, None, None, Usage())
    assert 'only 25 results' in trial_warnings(Measured(None, (few,)))[0]
