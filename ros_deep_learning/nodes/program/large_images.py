# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The Fast DDS profile for images of megabytes; see docs/transport.md."""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import (
    PackageNotFoundError,
    get_package_prefix,
    get_package_share_directory,
)


def large_images_environment() -> dict[str, str]:
    """Return the environment of a process that sends or receives large images.

    Returns:
        The variable with the path of the profile, with the name that this Fast DDS reads; empty
        if the distribution has no Fast DDS.
    """
    try:
        libraries = Path(get_package_prefix('rmw_fastrtps_cpp')) / 'lib'
    except PackageNotFoundError:
        return {}
    # Since release 3 the library has this name, and the old variable causes a warning.
    name = 'FASTDDS' if any(libraries.glob('libfastdds.so*')) else 'FASTRTPS'
    share = Path(get_package_share_directory('ros_deep_learning'))
    return {f'{name}_DEFAULT_PROFILES_FILE': str(share / 'config' / 'fastdds_large_images.xml')}
