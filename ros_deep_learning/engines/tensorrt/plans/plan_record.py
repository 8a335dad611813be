# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The sidecar of a cached plan: what it is, and what it must hash to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ....errors import PlanError
from .plan_key import PlanKey

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """What is written beside a plan.

    Attributes:
        key: What the plan was built from and for.
        network: Name of the ONNX file, for people.
        plan_sha256: Of the plan, hex.
        plan_bytes: Its size.
        created: When it was built, ISO 8601 in UTC.
        build_seconds: How long that took.
        reason: Why it was built.
        notes: What was done to the network for the build.
    """

    key: PlanKey
    network: str
    plan_sha256: str
    plan_bytes: int
    created: str
    build_seconds: float
    reason: str
    notes: tuple[str, ...] = ()

    def dump(self) -> bytes:
        """Write the record as JSON."""
        data = {'format': _FORMAT, **asdict(self)}
        return (json.dumps(data, indent=1) + '\n').encode()

    @classmethod
    def parse(cls, text: bytes) -> PlanRecord:
        """Read a record back.

        Raises:
            PlanError: It is torn, or of another version of the package.
        """
        try:
            data = json.loads(text)
        except ValueError as err:
            msg = f'its sidecar is torn: {err}'
            raise PlanError(msg) from err
        if not isinstance(data, Mapping) or data.get('format') != _FORMAT:
            msg = 'its sidecar is not of this version of the package'
            raise PlanError(msg)
        values: dict[str, Any] = {k: v for k, v in data.items() if k != 'format'}
        key = PlanKey.from_json(values.pop('key', None))
        wanted: dict[str, type | tuple[type, ...]] = {
            'network': str,
            'plan_sha256': str,
            'plan_bytes': int,
            'created': str,
            'build_seconds': (int, float),
            'reason': str,
            'notes': list,
        }
        if set(values) != set(wanted) or not all(
            isinstance(values[name], kind) for name, kind in wanted.items()
        ):
            msg = 'its sidecar lacks fields, or has wrong ones'
            raise PlanError(msg)
        values['notes'] = tuple(str(note) for note in values['notes'])
        return cls(key=key, **values)
