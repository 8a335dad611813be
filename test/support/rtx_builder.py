# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""TensorRT for RTX, which builds plans without a GPU, and a private plan cache."""

from __future__ import annotations

import pytest

from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.tensorrt.api import tensorrt
from ros_deep_learning.engines.tensorrt.build.plan_request import request_plan
from ros_deep_learning.engines.tensorrt.plans.plan_cache import PlanCache
from ros_deep_learning.engines.tensorrt.target import absent_target


@pytest.fixture
def cache(tmp_path):
    return PlanCache(tmp_path / 'engines')


@pytest.fixture(scope='session')
def rtx():
    """The real TensorRT for RTX, which builds without a GPU."""
    return tensorrt('tensorrt_rtx')


@pytest.fixture
def ask(rtx):
    """Ask for a plan that the RTX builder can make here."""

    def request(path, precision='auto', *, target='8.6', spec=None, limit=False, **options):
        return request_plan(
            path,
            api=rtx,
            target=absent_target(target),
            input_spec=spec,
            precision=precision,
            options=EngineOptions(**options),
            batch_may_be_fixed=limit,
        )

    return request
