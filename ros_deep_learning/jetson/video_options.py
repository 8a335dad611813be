# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The options of videos that a script passes on with ``sys.argv`` or a dictionary."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import SettingsError
from .network_options import NetworkOptions


class VideoOptions(NetworkOptions):
    """Options of a video source or output; those of networks are ignored."""

    def __init__(self, title: str) -> None:
        argparse.ArgumentParser.__init__(self, prog=title, add_help=False, allow_abbrev=False)

    def read_all(
        self, argv: Sequence[str] | None, options: Mapping[str, Any] | None, names: dict[str, str]
    ) -> argparse.Namespace:
        """Read options; those of the command line win.

        Args:
            argv: The command line, with the program's name first.
            options: Values by jetson-utils' names.
            names: Our name of each of those names.

        Raises:
            SettingsError: A name is unknown.
        """
        given = dict(options or {})
        if unknown := sorted(set(given) - set(names)):
            msg = f'video option {unknown[0]!r} is unknown; known are {", ".join(names)}'
            raise SettingsError(msg)
        return self.read(argv, **{names[key]: value for key, value in given.items()})
