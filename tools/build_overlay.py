# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Build this package with colcon on its ROS 2 underlay, into .ros/ of the checkout.

Usage: python3 tools/build_overlay.py [--python PATH] [--apt] [--tests]
"""

import sys

import ros_underlay


def main() -> int:
    """Make the underlay, with what the tests need where that is wanted, and build on it."""
    # Imported here, because ros_underlay has refused an old Python first.
    from underlay import choice, layer, overlay

    options = ros_underlay.parser('Build this package.')
    options.add_argument(
        '--tests', action='store_true', help='install what `make test` needs, too'
    )
    given = options.parse_args()

    def program() -> None:
        underlay = choice.find_or_make(given.python, apt=given.apt)
        if given.tests:
            layer.lay(underlay)
        print(f'. {overlay.build(underlay, apt=given.apt)}')

    return ros_underlay.guarded(program)


if __name__ == '__main__':
    sys.exit(main())
