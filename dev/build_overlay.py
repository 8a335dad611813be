# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Build this package with colcon on its ROS 2 underlay, into .ros/ of the checkout.

Usage: python3 dev/build_overlay.py [--python PATH] [--apt] [--tests] [--distribution NAME]
"""

import sys

import ros_underlay


def main() -> int:
    """Make the underlay, with what the tests need where that is wanted, and build on it."""
    # Imported here, because ros_underlay has refused an old Python first.
    from underlay import choice, distribution, layer, overlay, recipe
    from underlay.environment import source

    options = ros_underlay.parser('Build this package.')
    options.add_argument(
        '--tests', action='store_true', help='install what `make test` needs, too'
    )
    options.add_argument(
        '--distribution',
        choices=list(distribution.NUMPY),
        help='make this whole distribution and build on it, into .ros/NAME',
    )
    given = options.parse_args()

    def program() -> None:
        python, place, tests = given.python, None, None
        if given.distribution:
            python, environment = distribution.find_or_make(given.distribution, apt=given.apt)
            # From here on all is done as on a distribution that the user has sourced.
            source(environment)
            place = overlay.CHECKOUT / '.ros' / given.distribution
            tests = recipe.NODE_TESTS
        underlay = choice.find_or_make(python, apt=given.apt)
        if given.tests:
            layer.lay(underlay, tests)
        print(f'. {overlay.build(underlay, apt=given.apt, place=place)}')

    return ros_underlay.guarded(program)


if __name__ == '__main__':
    sys.exit(main())
