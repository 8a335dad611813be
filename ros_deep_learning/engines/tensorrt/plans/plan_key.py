# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The key that a plan is cached under: what it was built from and for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from ....errors import PlanError
from ....files import sha256_of
from ....onnx_tools.facts import OnnxFacts
from ..profile import InputRange

RECIPE = 4
"""Version of the conversion and build; increase it to have all plans built again."""

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
        onnx_sha256: SHA-256 of the ONNX file and its external data, hex.
        module: ``tensorrt`` or ``tensorrt_rtx``, which have different plan formats.
        version: Version of the module.
        platform: Operating system and machine, such as ``linux-x86_64``.
        gpu: Name of the GPU.
        compute_capability: Compute capability of the GPU, such as ``8.7``.
        precision: ``fp32``, ``fp16`` or ``int8``.
        inputs: Optimisation profile, one range per input.
        workspace_mb: Limit of scratch memory in MiB; None = TensorRT's default.
        dla_core: Deep learning accelerator; None = the GPU.
        optimization_level: 0 to 5; None = TensorRT's default.
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
        """SHA-256 of the key in hex, used as the name of the plan's files."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(',', ':'))
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def from_json(cls, data: object) -> PlanKey:
        """Read a key from JSON.

        Raises:
            PlanError: The data is not a key of this package version.
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(data, Mapping) or set(data) != names:
            msg = 'the sidecar has no key of this package version'
            raise PlanError(msg)
        try:
            inputs = tuple(InputRange.from_json(item) for item in data['inputs'])
        except (TypeError, KeyError, ValueError) as err:
            msg = f"the sidecar's input shapes cannot be read: {err}"
            raise PlanError(msg) from err
        return cls(**{**data, 'inputs': inputs})

    def differences(self, other: PlanKey) -> list[str]:
        """List the differences from an older key, as text for people."""
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
