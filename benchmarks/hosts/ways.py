# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The middlewares between two hosts, and their settings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import transport

from .camera import FORMS
from .two_hosts import ADDRESSES, SIDES

FASTDDS, CYCLONE = 'rmw_fastrtps_cpp', 'rmw_cyclonedds_cpp'
LARGE_DATA = {'FASTDDS_BUILTIN_TRANSPORTS': 'LARGE_DATA'}
SERVER_PORT = 11811


@dataclass(frozen=True, slots=True)
class Way:
    """A middleware and its settings, which both hosts have.

    Attributes:
        rmw: Value of RMW_IMPLEMENTATION.
        variables: Other variables of the environment.
        server: Whether the hosts find each other by a server of Fast DDS on the robot, and the
            link carries no multicast.
        forms: The forms of images that it is for.
    """

    rmw: str
    variables: dict[str, str] = field(default_factory=dict)
    server: bool = False
    forms: Sequence[str] = tuple(FORMS)


WAYS = {
    'Fast DDS': Way(FASTDDS),
    'Fast DDS, discovery server': Way(FASTDDS, server=True),
    'Fast DDS, LARGE_DATA': Way(FASTDDS, LARGE_DATA, forms=('raw',)),
    'Fast DDS, LARGE_DATA, non_blocking': Way(FASTDDS, transport.BUILTIN, forms=('raw',)),
    'Cyclone DDS': Way(CYCLONE),
}


def environment(way: Way) -> dict[str, str]:
    """Return the variables of the processes of a way, without the settings of this one."""
    others = ('ROS_DISCOVERY_SERVER', 'FASTDDS_', 'FASTRTPS_', 'CYCLONEDDS_')
    own = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    own |= {'RMW_IMPLEMENTATION': way.rmw, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}
    if way.server:
        own['ROS_DISCOVERY_SERVER'] = f'{ADDRESSES[SIDES[0]]}:{SERVER_PORT}'
    return own | way.variables
