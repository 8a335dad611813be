# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Download one file over https from the first of several URLs that delivers it."""

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
"""Attempts per URL; each resumes where the previous one was interrupted."""

_TIMEOUT_S = 30.0
_PAUSE_S = 0.5
_CHUNK_BYTES = 1 << 18
_PASSING = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Download:
    """A completed download.

    Attributes:
        url: The URL that delivered it.
        sha256: SHA-256 of the file, 64 lower-case hex digits.
        size_bytes: Size of the file.
        is_surely_whole: Whether its SHA-256 was known, or the server told where the file ends:
            without that, one that broke off looks whole.
    """

    url: str
    sha256: str
    size_bytes: int
    is_surely_whole: bool


class _TransferError(Exception):
    """The transfer ended early; it may be resumed."""


def download_file(
    urls: Sequence[str],
    part: Path,
    *,
    max_bytes: int,
    sha256: str | None = None,
    progress: Progress = silent,
) -> Download:
    """Download a file to ``part``, or resume the download that an earlier call began there.

    An interrupted transfer is kept only if the server sent an ETag or a date that proves, on
    resuming, that the rest belongs to the same file. A refused file is removed.

    Args:
        urls: URLs in order of preference; all https.
        part: Path of the downloaded file; its folder must exist. A second file, with ``.state``
            appended to the name, holds what resuming needs.
        max_bytes: A larger file is refused.
        sha256: Expected SHA-256; None = any.
        progress: Called with the finished share; an exception from it cancels the download and
            keeps the part.

    Raises:
        FetchError: No URL delivered the file; the message has the reason for each of them.
        OSError: The part cannot be written.
    """
    complaints: list[str] = []
    for url in urls:
        try:
            return _download_from(url, part, max_bytes, sha256, progress)
        except RefusedError as err:
            discard(part)
            complaints.append(f'{url}: {err}')
        except _TransferError as err:
            complaints.append(f'{url}: {err}')
        except OSError:
            # Most likely the disk is full.
            discard(part)
            raise
        except BaseException:
            if _validator(part, url) is None:
                discard(part)
            raise
    msg = f'cannot download {part.stem.lstrip(".")}: {"; ".join(complaints)}'
    raise FetchError(msg)


def discard(part: Path) -> None:
    """Remove a part and its ``.state`` file."""
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
            ends = _transfer(url, part, validator, max_bytes, progress)
        except _TransferError as err:
            if _validator(part, url) is None:
                discard(part)
            trouble = str(err)
            continue
        found = sha256_of(part)
        if sha256 in (None, found):
            return Download(url, found, part.stat().st_size, ends or sha256 is not None)
        discard(part)
        if validator is None:
            msg = f'expected the SHA-256 {sha256}, got {found}: refused'
            raise RefusedError(msg)
        trouble = 'the file changed while it was being downloaded'
    raise _TransferError(trouble)


def _transfer(
    url: str, part: Path, validator: str | None, max_bytes: int, progress: Progress
) -> bool:
    """Download the missing bytes.

    Returns:
        Whether the server told where the file ends.

    Raises:
        _TransferError: The transfer ended early.
        RefusedError: The server's answer is not acceptable.
    """
    if not url.startswith('https://'):
        msg = 'it is not an https URL: refused'
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
                raise _TransferError(message) from None
            raise RefusedError(message) from None
    except (URLError, OSError, HTTPException) as err:
        raise _unreachable(err) from err
    with closing(response):
        if response.status != 206 or not here:
            here = 0
        elif not response.headers.get('Content-Range', '').startswith(f'bytes {here}-'):
            discard(part)
            msg = 'the server sent another range than requested'
            raise _TransferError(msg)
        return _receive(url, response, part, here, max_bytes, progress)


def _unreachable(err: Exception) -> Exception:
    reason = err.reason if isinstance(err, URLError) else err
    if isinstance(reason, ssl.SSLCertVerificationError):
        return RefusedError(f'the certificate of the server is not valid: {reason.verify_message}')
    return _TransferError(f'no connection: {reason}')


def _receive(
    url: str, response: HTTPResponse, part: Path, here: int, max_bytes: int, progress: Progress
) -> bool:
    headers = response.headers
    if headers.get_content_type() == 'text/html':
        msg = 'the server sent a web page instead of a file: refused'
        raise RefusedError(msg)
    if headers.get('Content-Encoding', 'identity') != 'identity':
        msg = f'the server encodes it as {headers["Content-Encoding"]}: refused'
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
                msg = f'interrupted after {here} bytes: {err}'
                raise _TransferError(msg) from err
            if not chunk:
                break
            here += len(chunk)
            if here > max_bytes:
                raise RefusedError(too_large)
            stream.write(chunk)
    if total is not None and here < total:
        msg = f'interrupted after {here} of {total} bytes'
        raise _TransferError(msg)
    # The last of the chunks says so.
    return total is not None or response.chunked


def _state_path(part: Path) -> Path:
    return part.with_name(f'{part.name}.state')


def _note_state(part: Path, url: str, etag: str, modified: str) -> None:
    # RFC 9110, 13.1.5: only a strong validator proves that two parts belong together.
    validator = etag if etag and not etag.startswith('W/') else modified
    if validator:
        _state_path(part).write_text(json.dumps({'url': url, 'validator': validator}))
    else:
        _state_path(part).unlink(missing_ok=True)


def _validator(part: Path, url: str) -> str | None:
    """Return the validator that proves that the rest at a URL belongs to the existing part."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        state = json.loads(_state_path(part).read_text())
        if state['url'] == url and part.is_file():
            return str(state['validator'])
    return None
