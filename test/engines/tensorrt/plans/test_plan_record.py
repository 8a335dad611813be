# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the sidecar of a plan."""

from __future__ import annotations

import json

import pytest

from ros_deep_learning.engines.tensorrt.plans.plan_record import PlanRecord
from ros_deep_learning.errors import PlanError


def test_survives_its_file(make_record):
    record = make_record(b'plan', notes=('converted',))
    assert PlanRecord.parse(record.dump()) == record


@pytest.mark.parametrize('text', [b'', b'{', b'\xff\xfe', b'"text'])
def test_refuses_an_incomplete_file(text):
    with pytest.raises(PlanError, match='not valid JSON'):
        PlanRecord.parse(text)


@pytest.mark.parametrize('text', [b'[]', b'null', b'{}', b'{"format": 99}'])
def test_refuses_another_format(text):
    with pytest.raises(PlanError, match='another package version'):
        PlanRecord.parse(text)


@pytest.mark.parametrize(
    ('name', 'value'),
    [('plan_bytes', '12'), ('plan_sha256', None), ('extra', 1), ('notes', 'text')],
)
def test_refuses_wrong_fields(make_record, name, value):
    data = json.loads(make_record(b'plan').dump())
    data[name] = value
    with pytest.raises(PlanError, match='fields'):
        PlanRecord.parse(json.dumps(data).encode())


def test_refuses_missing_fields(make_record):
    data = json.loads(make_record(b'plan').dump())
    del data['reason']
    with pytest.raises(PlanError, match='missing, unknown or invalid fields'):
        PlanRecord.parse(json.dumps(data).encode())
