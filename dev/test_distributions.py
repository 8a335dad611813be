# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run the tests of the nodes on whole ROS 2 distributions, one after another.

Usage: python3 dev/test_distributions.py [--distributions NAME ...] [--tests PATH ...]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import ros_underlay

CHECKOUT = Path(__file__).resolve().parents[1]
TESTS = ('test/nodes', 'test/launching', 'test/tasks', 'test/imaging')
"""The nodes on this ROS, and the arithmetic on its NumPy."""

CYCLONE = 'rmw_cyclonedds_cpp'
CYCLONE_TESTS = (
    'test/nodes/stream/test_camera.py',
    'test/nodes/stream/test_camera_feed.py',
    'test/nodes/health/test_diagnostics.py',
    'test/nodes/health/test_matching.py',
    'test/nodes/lifecycle/test_vision_node.py',
    'test/nodes/test_video_source.py',
    'test/nodes/test_detectnet.py::test_pictures_in_boxes_out_through_every_state',
)
"""Where the middleware shows: quality of service, discovery, large images, a process."""

AMENT_LINT = ('python3', '-m', 'ament_lint_cmake.main', '--filter=-linelength', 'CMakeLists.txt')
"""As CMakeLists.txt has it; ament's other linters need programs that the wheels lack."""


def main() -> int:
    """Run the tests of each distribution; 0 where all passed."""
    from underlay import distribution

    names = list(distribution.NUMPY)
    options = argparse.ArgumentParser(description='Test the nodes on whole distributions.')
    options.add_argument('--distributions', nargs='+', choices=names, default=names)
    options.add_argument('--tests', nargs='+', metavar='PATH', help='run these tests instead')
    given = options.parse_args()
    failed: list[str] = []

    def program() -> None:
        failed.extend(name for name in given.distributions if not passes(name, given.tests))

    if ros_underlay.guarded(program):
        return int(refused(given.distributions))
    if failed:
        print(f'distributions: FAILED on {", ".join(failed)}')
    return 1 if failed else 0


def refused(names: Sequence[str]) -> bool:
    """Tell that a distribution cannot be made, which in CI is a failure where others can."""
    from underlay import distribution

    in_ci = os.environ.get('CI', '').lower() not in {'', '0', 'false'}
    print(f'distributions: the tests of the nodes did NOT run on {", ".join(names)}: see above')
    return in_ci and distribution.can_be_made_here()


def passes(name: str, tests: Sequence[str] | None) -> bool:
    """Build the package on a distribution and run the tests there.

    Raises:
        UnderlayError: The distribution cannot be made; the line names the fix.
    """
    from underlay import distribution

    _, environment = distribution.find_or_make(name, apt=True)
    build = [sys.executable, 'dev/build_overlay.py', '--apt', '--tests', '--distribution', name]
    if subprocess.run(build, cwd=CHECKOUT, check=False).returncode:
        return False
    pytest = ['pytest', '-q', '-o', f'cache_dir=.ros/{name}/pytest']
    result = run(name, [*pytest, *(tests or TESTS)])
    if tests is None:
        result &= run(name, AMENT_LINT)
        (prefix,) = environment.folders['AMENT_PREFIX_PATH']
        if Path(prefix, 'share', 'ament_index', 'resource_index', 'packages', CYCLONE).exists():
            result &= run(name, [*pytest, *CYCLONE_TESTS], RMW_IMPLEMENTATION=CYCLONE)
        else:
            print(f'distributions: {name} has no {CYCLONE}', flush=True)
    return result


def run(name: str, command: Sequence[str], **variables: str) -> bool:
    """Run a command in the environment of a build; tells whether it passed."""
    from underlay.environment import without_ros

    title = ' '.join([name, *(f'{key}={value}' for key, value in variables.items())])
    print(f'distributions: {title}: {" ".join(command)}', flush=True)
    script = ['sh', '-c', f'. .ros/{name}/env.sh && exec "$@"', 'sh', *command]
    environ = {**without_ros(os.environ), **variables}
    return subprocess.run(script, cwd=CHECKOUT, env=environ, check=False).returncode == 0


if __name__ == '__main__':
    sys.exit(main())
