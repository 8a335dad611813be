# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Download one file over https from the first of several addresses that has it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from time import sleep
from urllib.error import HTTPError, URLError
from urllib.request import Request

from ..errors import FetchError
from ..files import sha256_of
from ..progress import Progress, silent
from .https_only import RefusedError, https_opener

ATTEMPTS = 3
"""Tries of one address; each goes on where the one before was broken off."""

_TIMEOUT_S = 30.0
_PAUSE_S = 0.5
_CHUNK_BYTES = 1 << 18
_PASSING = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Download:
    """A download that is whole.

    Attributes:
        url: The address that gave it.
        sha256: Of its bytes, 64 hex digits.
        size_bytes: How many.
    """

    url: str
    sha256: str
    size_bytes: int


class _BrokenOffError(Exception):
    """The transfer ended early; it may go on."""


def download_file(
    urls: Sequence[str],
    part: Path,
    *,
    max_bytes: int,
    sha256: str | None = None,
    progress: Progress = silent,
) -> Download:
    """Download a file to ``part``; what an earlier call left there is gone on with.

    A transfer that breaks off leaves its part only if the server can prove, by an ETag or a
    date, that the rest is of the same file. What is refused leaves nothing.

    Args:
        urls: Addresses, best first; all https.
        part: Where it grows; its folder must exist. ``part`` with ``.state`` holds what is
            needed to go on.
        max_bytes: A larger file is refused.
        sha256: What the file must have; None = anything.
        progress: Told the share that is here; may raise to give up, which keeps the part.

    Raises:
        FetchError: No address gave the file; the message tells why for each of them.
        OSError: The part cannot be written.
    """
    complaints: list[str] = []
    for url in urls:
        try:
            return _download_from(url, part, max_bytes, sha256, progress)
        except RefusedError as err:
            discard(part)
            complaints.append(f'{url}: {err}')
        except _BrokenOffError as err:
            complaints.append(f'{url}: {err}')
        except OSError:
            # The disk is full, more often than not.
            discard(part)
            raise
        except BaseException:
            if _validator(part, url) is None:
                discard(part)
            raise
    msg = f'cannot download {part.stem.lstrip(".")}: {"; ".join(complaints)}'
    raise FetchError(msg)


def discard(part: Path) -> None:
    """Remove a part and what was noted of it."""
    part.unlink(missing_ok=True)
    _state_path(part).unlink(missing_ok=True)


def _download_from(
    url: str, part: Path, max_bytes: int, sha256: str | None, progress: Progress
) -> Download:
    trouble = ''
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(_PAUSE_S * attempt)
        validator = _validator(part, url)
        if validator is None:
            discard(part)
        try:
            _transfer(url, part, validator, max_bytes, progress)
        except _BrokenOffError as err:
            if _validator(part, url) is None:
                discard(part)
            trouble = str(err)
            continue
        found = sha256_of(part)
        if sha256 in (None, found):
            return Download(url, found, part.stat().st_size)
        discard(part)
        if validator is None:
            msg = f'it has the SHA-256 {found}, not {sha256}: refused'
            raise RefusedError(msg)
        trouble = 'the file changed while it was being downloaded'
    raise _BrokenOffError(trouble)


def _transfer(
    url: str, part: Path, validator: str | None, max_bytes: int, progress: Progress
) -> None:
    """Fetch what is missing; raises _BrokenOffError or RefusedError."""
    if not url.startswith('https://'):
        msg = 'it is not an https address: refused'
        raise RefusedError(msg)
    request = Request(url, headers={'User-Agent': 'ros_deep_learning'})  # noqa: S310
    here = part.stat().st_size if validator is not None else 0
    if validator is not None and here:
        request.add_header('Range', f'bytes={here}-')
        request.add_header('If-Range', validator)
    try:
        response = https_opener().open(request, timeout=_TIMEOUT_S)
    except HTTPError as err:
        with closing(err):
            if err.code == 416:
                discard(part)
            message = f'the server answers {err.code} {err.reason}'
            if err.code in (*_PASSING, 416):
                raise _BrokenOffError(message) from None
            raise RefusedError(message) from None
    except (URLError, OSError, HTTPException) as err:
        raise _unreachable(err) from err
    with closing(response):
        if response.status != 206 or not here:
            here = 0
        elif not response.headers.get('Content-Range', '').startswith(f'bytes {here}-'):
            discard(part)
            msg = 'the server sent another range than it was asked for'
            raise _BrokenOffError(msg)
        _receive(url, response, part, here, max_bytes, progress)


def _unreachable(err: Exception) -> Exception:
    reason = err.reason if isinstance(err, URLError) else err
    if isinstance(reason, ssl.SSLCertVerificationError):
        return RefusedError(f'the server is not who it says: {reason.verify_message}')
    return _BrokenOffError(f'no connection: {reason}')


def _receive(
    url: str, response: HTTPResponse, part: Path, here: int, max_bytes: int, progress: Progress
) -> None:
    headers = response.headers
    if headers.get_content_type() == 'text/html':
        msg = 'the server answers a web page, not a file: refused'
        raise RefusedError(msg)
    if headers.get('Content-Encoding', 'identity') != 'identity':
        msg = f'the server packs it as {headers["Content-Encoding"]}: refused'
        raise RefusedError(msg)
    length = headers.get('Content-Length', '')
    total = here + int(length) if length.isdecimal() else None
    too_large = f'it is larger than the {max_bytes} bytes its card allows: refused'
    if total is not None and total > max_bytes:
        raise RefusedError(too_large)
    _note_state(part, url, headers.get('ETag', ''), headers.get('Last-Modified', ''))
    stage = f'downloading {part.stem.lstrip(".")}'
    with part.open('ab' if here else 'wb') as stream:
        while True:
            progress(stage, here / (total or max_bytes))
            try:
                chunk = response.read1(_CHUNK_BYTES)
            except (OSError, HTTPException) as err:
                msg = f'broken off after {here} bytes: {err}'
                raise _BrokenOffError(msg) from err
            if not chunk:
                break
            here += len(chunk)
            if here > max_bytes:
                raise RefusedError(too_large)
            stream.write(chunk)
    if total is not None and here < total:
        msg = f'broken off after {here} of {total} bytes'
        raise _BrokenOffError(msg)


def _state_path(part: Path) -> Path:
    return part.with_name(f'{part.name}.state')


def _note_state(part: Path, url: str, etag: str, modified: str) -> None:
    # RFC 9110, 13.1.5: only a strong validator may join parts.
    validator = etag if etag and not etag.startswith('W/') else modified
    if validator:
        _state_path(part).write_text(json.dumps({'url': url, 'validator': validator}))
    else:
        _state_path(part).unlink(missing_ok=True)


def _validator(part: Path, url: str) -> str | None:
    """Give what proves that the rest at an address belongs to the part that is here."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        state = json.loads(_state_path(part).read_text())
        if state['url'] == url and part.is_file():
            return str(state['validator'])
    return None
