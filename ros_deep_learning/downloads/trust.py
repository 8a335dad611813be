# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Trust on first use: pin the SHA-256 of a first download and require it from then on."""

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
    """Record of the first download of a file for which no SHA-256 is published.

    Attributes:
        url: The URL of the download.
        sha256: SHA-256 of the download, 64 lower-case hex digits.
        size_bytes: Size of the download.
        date: Day of the download in UTC, ISO 8601.
    """

    url: str
    sha256: str
    size_bytes: int
    date: str


def new_pin(url: str, sha256: str, size_bytes: int) -> Pin:
    """Create the pin of a first download, dated today."""
    return Pin(url, sha256, size_bytes, datetime.now(timezone.utc).date().isoformat())


def read_pin(path: Path) -> Pin | None:
    """Read a pin; return None if there is none yet.

    Raises:
        FetchError: The pin cannot be read. It must not count as missing, because then any
            download would be trusted.
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
    msg = f'the pin of the first download, {path}, is damaged; remove it to trust the next one'
    raise FetchError(msg) from reason


def write_pin(path: Path, pin: Pin, part_folder: Path) -> None:
    """Write a pin.

    Raises:
        OSError: The file cannot be written.
    """
    path.parent.mkdir(exist_ok=True)
    write_whole(path, json.dumps(asdict(pin), indent=1).encode(), part_folder)
