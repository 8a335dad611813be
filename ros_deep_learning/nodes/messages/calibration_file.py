# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A camera's calibration from the YAML file that camera_info_manager writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from sensor_msgs.msg import CameraInfo

from ...cards.foreign_files import parse_foreign
from ...errors import SettingsError
from ...files import read_limited
from ...paths import user_path
from ...text import one_line

MOST_BYTES = 1_000_000
_MATRICES = {'camera_matrix': 9, 'rectification_matrix': 9, 'projection_matrix': 12}


def read_calibration(url: str) -> CameraInfo:
    """Read a calibration.

    Args:
        url: A path, ``file:///path.yaml`` or ``package://package/path.yaml``.

    Raises:
        SettingsError: There is no such file, or it is not a calibration.
    """
    path = _path(url)
    try:
        return _message(parse_foreign(read_limited(path, MOST_BYTES).decode()))
    except OSError as err:
        msg = f'cannot read the calibration {path}: {err.strerror or err}'
        raise SettingsError(msg) from err
    except KeyError as err:
        msg = f'the calibration {path} has no {err.args[0]}'
        raise SettingsError(msg) from err
    except (AttributeError, OverflowError, TypeError, ValueError) as err:
        msg = f'{path} is no calibration of camera_info_manager: {one_line(err)}'
        raise SettingsError(msg) from err


def _path(url: str) -> Path:
    scheme, separator, rest = url.partition('://')
    if not separator:
        return user_path(url)
    if scheme == 'file':
        return user_path(rest)
    if scheme == 'package':
        package, _, below = rest.partition('/')
        try:
            return Path(get_package_share_directory(package)) / below
        except (PackageNotFoundError, ValueError) as err:
            msg = f'{url}: there is no package {package!r}'
            raise SettingsError(msg) from err
    msg = f'{url}: expected a path, file:///path.yaml or package://package/path.yaml'
    raise SettingsError(msg)


def _message(values: Mapping[str, Any]) -> CameraInfo:
    width, height = int(values['image_width']), int(values['image_height'])
    if width < 1 or height < 1:
        msg = f'it is for images of {width}x{height}'
        raise ValueError(msg)
    matrices = {name: _numbers(values[name], count) for name, count in _MATRICES.items()}
    return CameraInfo(
        width=width,
        height=height,
        distortion_model=str(values['distortion_model']),
        d=_numbers(values['distortion_coefficients']),
        k=matrices['camera_matrix'],
        r=matrices['rectification_matrix'],
        p=matrices['projection_matrix'],
    )


def _numbers(matrix: Mapping[str, Any], count: int | None = None) -> list[float]:
    numbers = [float(number) for number in matrix['data']]
    if count is not None and len(numbers) != count:
        msg = f'expected {count} numbers in a matrix, got {len(numbers)}'
        raise ValueError(msg)
    return numbers
