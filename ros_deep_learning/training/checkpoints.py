# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""States of a training on the disk, complete or not at all."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins import CheckpointIO

from ..errors import TrainingError
from ..files import replacing
from ..text import disk_cause, one_line


class WholeFiles(CheckpointIO):
    """Writes states so that a killed process leaves the older one."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        """Write a state.

        Raises:
            TrainingError: It cannot be written; the older one stays.
        """
        try:
            # In memory first: torch.save does not say why a file could not be written.
            content = BytesIO()
            torch.save(checkpoint, content)
            with replacing(Path(path), private=False) as stream:
                stream.write(content.getbuffer())
        except OSError as err:
            msg = f'cannot write {path}: {disk_cause(err)}'
            raise TrainingError(msg) from err

    def load_checkpoint(self, path: Any, *_: Any, **__: Any) -> dict[str, Any]:
        """Read a state, of which no part can be code.

        Raises:
            TrainingError: It cannot be read.
        """
        try:
            content: dict[str, Any] = torch.load(path, map_location='cpu', weights_only=True)
        # What torch.load raises for a damaged file depends on the damage.
        except Exception as err:
            msg = f'cannot read {path}: {one_line(err, 200)}; to fix: remove it and start again'
            raise TrainingError(msg) from err
        return content

    def remove_checkpoint(self, path: Any) -> None:
        """Remove a state."""
        Path(path).unlink(missing_ok=True)
