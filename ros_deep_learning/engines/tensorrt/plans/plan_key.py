# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a plan was built from and for: the key it is cached under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ....errors import PlanError
from ....files import sha256_of
from ....onnx_tools.facts import OnnxFacts
from ..profile import InputRange

RECIPE = 3
"""Counts the changes to how networks are converted and built; a new one makes plans anew."""

_WORDS = {
    'onnx_sha256': 'ONNX file',
    'module': 'TensorRT flavour',
    'version': 'TensorRT version',
    'platform': 'platform',
    'gpu': 'GPU',
    'compute_capability': 'compute capability',
    'recipe': 'build recipe of the package',
    'precision': 'precision',
    'inputs': 'range of input shapes',
    'workspace_mb': 'workspace limit',
    'dla_core': 'DLA core',
    'optimization_level': 'optimisation level',
}
_ASKED = ('precision', 'inputs', 'workspace_mb', 'dla_core', 'optimization_level')


@dataclass(frozen=True, slots=True)
class PlanKey:
    """Everything that a plan depends on.

    Attributes:
        onnx_sha256: Of the ONNX file and its external data, hex.
        module: ``tensorrt`` or ``tensorrt_rtx``; their plans are of different kinds.
        version: Of that module.
        platform: Operating system and machine, such as ``linux-x86_64``.
        gpu: The GPU's name.
        compute_capability: The GPU's, such as ``8.7``.
        precision: ``fp32``, ``fp16`` or ``int8``.
        inputs: The optimisation profile, one range an input.
        workspace_mb: Limit of scratch memory in MiB; None = TensorRT's own.
        dla_core: Deep learning accelerator; None = the GPU.
        optimization_level: 0..5; None = TensorRT's default.
        recipe: See ``RECIPE``.
    """

    onnx_sha256: str
    module: str
    version: str
    platform: str
    gpu: str
    compute_capability: str
    precision: str
    inputs: tuple[InputRange, ...] = ()
    workspace_mb: int | None = None
    dla_core: int | None = None
    optimization_level: int | None = None
    recipe: int = RECIPE

    @property
    def digest(self) -> str:
        """The key's SHA-256 in hex, which names the plan's files."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(',', ':'))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Answer the key as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> PlanKey:
        """Read a key back.

        Raises:
            PlanError: The data is not a key of this version of the package.
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(data, Mapping) or set(data) != names:
            msg = 'the sidecar has no key of this version of the package'
            raise PlanError(msg)
        try:
            inputs = tuple(InputRange.from_json(item) for item in data['inputs'])
        except (TypeError, KeyError, ValueError) as err:
            msg = f"the sidecar's input shapes cannot be read: {err}"
            raise PlanError(msg) from err
        return cls(**{**data, 'inputs': inputs})

    def differences(self, other: PlanKey) -> list[str]:
        """Say in words what another, older key has otherwise."""
        lines = []
        for name, words in _WORDS.items():
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine == theirs:
                continue
            if name in _ASKED:
                lines.append(f'no plan yet with this {words}')
            else:
                short = name not in ('onnx_sha256', 'recipe')
                lines.append(f'the {words} changed' + (f' from {theirs} to {mine}' * short))
        return lines


def hash_onnx(network: OnnxFacts) -> str:
    """Return the SHA-256 of an ONNX file together with its external data, as lower-case hex.

    Without external data it is the SHA-256 of the file.

    Raises:
        PlanError: A file cannot be read.
    """
    folder = network.path.parent
    try:
        digest = sha256_of(network.path)
        extra = [f'{name}:{sha256_of(folder / name)}' for name in network.external_files]
    except OSError as err:
        msg = f'cannot read {err.filename}: {err.strerror}'
        raise PlanError(msg) from err
    if not extra:
        return digest
    return hashlib.sha256('\n'.join([digest, *extra]).encode()).hexdigest()
