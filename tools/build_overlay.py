# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Build this package with colcon on its ROS 2 underlay, into .ros/ of the checkout.

Usage: python3 tools/build_overlay.py [--python PATH] [--apt]
"""

import sys

import ros_underlay

if __name__ == '__main__':
    # Imported here, because ros_underlay has refused an old Python first.
    from underlay.overlay import build

    given = ros_underlay.parser('Build this package.').parse_args()
    sys.exit(ros_underlay.guarded(lambda: print(f'. {build(given.python, apt=given.apt)}')))
