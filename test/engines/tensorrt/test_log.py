# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the forwarding of TensorRT's log to Python's."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

from ros_deep_learning.engines.tensorrt.api import TensorRt
from ros_deep_learning.engines.tensorrt.log import RecentErrors, logger


def test_nothing_was_wrong():
    assert RecentErrors().take() == ''


def test_errors_are_taken_once_and_repeats_told_once():
    errors = RecentErrors()
    for line in ('first', 'second', 'first'):
        errors.add(line)
    assert errors.take() == 'first; second'
    assert errors.take() == ''


def test_only_the_last_errors_are_kept():
    errors = RecentErrors()
    for number in range(1000):
        errors.add(str(number))
    assert errors.take().split('; ')[-1] == '999'
    for number in range(1000):
        errors.add(str(number))
    assert len(errors.take()) < 200


def test_there_is_one_logger(rtx):
    assert logger(rtx)[0] is logger(rtx)[0]


@pytest.mark.parametrize(
    ('severity', 'level', 'kept'),
    [
        ('INTERNAL_ERROR', logging.ERROR, True),
        ('ERROR', logging.ERROR, True),
        ('WARNING', logging.WARNING, False),
        ('INFO', logging.DEBUG, False),
    ],
)
def test_severities_become_levels(rtx, caplog, severity, level, kept):
    trt_logger, errors = logger(rtx)
    errors.take()
    with caplog.at_level(logging.DEBUG, 'ros_deep_learning.tensorrt'):
        trt_logger.log(getattr(rtx.module.ILogger.Severity, severity), 'two\n  lines')
    assert [(r.levelno, r.getMessage()) for r in caplog.records] == [(level, 'two lines')]
    assert errors.take() == ('two lines' if kept else '')


def test_expected_errors_are_kept_but_quiet(rtx, caplog):
    trt_logger, errors = logger(rtx)
    errors.take()
    severity = rtx.module.ILogger.Severity.ERROR
    with caplog.at_level(logging.DEBUG, 'ros_deep_learning.tensorrt'):
        with errors.expecting():
            trt_logger.log(severity, 'refused')
        trt_logger.log(severity, 'failed')
    assert [r.levelno for r in caplog.records] == [logging.DEBUG, logging.ERROR]
    assert errors.take() == 'refused; failed'


def test_plugins_are_registered_with_the_logger(rtx):
    registered = []
    module = SimpleNamespace(
        __name__='tensorrt',
        __version__='8.6.0',
        ILogger=type('ILogger', (), {'Severity': rtx.module.ILogger.Severity}),
        init_libnvinfer_plugins=lambda made, namespace: registered.append((made, namespace)),
    )
    api = TensorRt(module)
    assert registered == []
    made, _ = logger(api)
    assert registered == [(made, '')]
    assert logger(api)[0] is made
    assert len(registered) == 1
