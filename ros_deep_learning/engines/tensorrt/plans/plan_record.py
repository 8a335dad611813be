# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The sidecar of a cached plan: its description and its SHA-256."""

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
    """Description of a plan, stored beside it.

    Attributes:
        key: What the plan was built from and for.
        network: Name of the ONNX file.
        plan_sha256: SHA-256 of the plan, hex.
        plan_bytes: Size of the plan in bytes.
        created: Time of the build, ISO 8601 in UTC.
        build_seconds: Duration of the build, s.
        reason: Why the plan was built.
        notes: Changes that were made to the network for the build.
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
        """Return the record as JSON."""
        data = {'format': _FORMAT, **asdict(self)}
        return (json.dumps(data, indent=1) + '\n').encode()

    @classmethod
    def parse(cls, text: bytes) -> PlanRecord:
        """Read a record from JSON.

        Raises:
            PlanError: The text is not valid JSON, or is from another package version.
        """
        try:
            data = json.loads(text)
        except ValueError as err:
            msg = f'its sidecar is not valid JSON: {err}'
            raise PlanError(msg) from err
        if not isinstance(data, Mapping) or data.get('format') != _FORMAT:
            msg = 'its sidecar is from another package version'
            raise PlanError(msg)
        values: dict[str, Any] = {k: v for k, v in data.items() if k != 'format'}
        key = PlanKey.from_json(values.pop('key', None))
        kinds: dict[str, type | tuple[type, ...]] = {
            'network': str,
            'plan_sha256': str,
            'plan_bytes': int,
            'created': str,
            'build_seconds': (int, float),
            'reason': str,
            'notes': list,
        }
        if set(values) != set(kinds) or not all(
            isinstance(values[name], kind) for name, kind in kinds.items()
        ):
            msg = 'its sidecar has missing, unknown or invalid fields'
            raise PlanError(msg)
        values['notes'] = tuple(str(note) for note in values['notes'])
        return cls(key=key, **values)
