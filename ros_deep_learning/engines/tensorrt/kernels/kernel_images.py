# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Compiled kernels, kept in the user's cache so that they are compiled once."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from ....errors import SettingsError
from ....files import write_whole
from ....paths import cache_folder
from .compilers import OPTIONS, Compiler, Target

_log = logging.getLogger(__name__)
_DIGEST_BYTES = hashlib.sha256().digest_size


def kernel_image(compiler: Compiler, target: Target, source: str) -> bytes:
    """Return the compiled source, from the cache if it is there and intact.

    A file is the SHA-256 of the image, then the image; its name is the SHA-256 of the source,
    the compiler, its options and the target. A cache that cannot be used costs a warning.

    Raises:
        BuildError: The compiler failed.
    """
    path = _cache_path(compiler, target, source)
    image = _read(path) if path else None
    if image is None:
        _log.info('compiling the CUDA kernels for %s with %s', target, compiler.name)
        image = compiler.compile(source, target)
        if path:
            _write(path, image)
    return image


def _cache_path(compiler: Compiler, target: Target, source: str) -> Path | None:
    key = '\0'.join((source, compiler.name, *OPTIONS, str(target)))
    try:
        return cache_folder('kernels') / f'{hashlib.sha256(key.encode()).hexdigest()}.{target}'
    except SettingsError as err:
        _log.warning('the CUDA kernels are not cached: %s', err)
        return None


def _read(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as err:
        _log.warning('cannot read the compiled CUDA kernels %s: %s', path, err.strerror)
        return None
    digest, image = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(image).digest() != digest:
        _log.warning('the compiled CUDA kernels %s are torn or altered; compiling again', path)
        return None
    return image


def _write(path: Path, image: bytes) -> None:
    try:
        # Another process may read the file at any time.
        write_whole(path, hashlib.sha256(image).digest() + image)
    except OSError as err:
        _log.warning('cannot keep the compiled CUDA kernels in %s: %s', path, err.strerror)
