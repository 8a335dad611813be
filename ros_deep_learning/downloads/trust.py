# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Trust on first use: what a download was when it came first, so that it stays that."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from ..errors import FetchError
from ..files import write_whole

_SHA256 = re.compile('[0-9a-f]{64}')


@dataclass(frozen=True, slots=True)
class Pin:
    """A download for which no SHA-256 was published, as it was the first time.

    Attributes:
        url: The address that gave it.
        sha256: Of the download, 64 hex digits.
        size_bytes: Of the download.
        date: When, in UTC, as ISO 8601 writes a day.
    """

    url: str
    sha256: str
    size_bytes: int
    date: str


def new_pin(url: str, sha256: str, size_bytes: int) -> Pin:
    """Make the pin of a download that comes for the first time, today."""
    return Pin(url, sha256, size_bytes, datetime.now(timezone.utc).date().isoformat())


def read_pin(path: Path) -> Pin | None:
    """Read a pin, or None where there is none yet.

    Raises:
        FetchError: It cannot be read. It is not taken for a missing one, as anything would be
            trusted then.
    """
    try:
        values = json.loads(path.read_bytes())
        pin = Pin(**values)
        if _SHA256.fullmatch(pin.sha256):
            return pin
        reason: Exception | None = None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as err:
        reason = err
    msg = f'the record of the first download, {path}, is damaged; remove it to trust anew'
    raise FetchError(msg) from reason


def write_pin(path: Path, pin: Pin, part_folder: Path) -> None:
    """Write a pin; OSError where that cannot be done."""
    path.parent.mkdir(exist_ok=True)
    write_whole(path, json.dumps(asdict(pin), indent=1).encode(), part_folder)
