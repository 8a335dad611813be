# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run tests on whole ROS 2 distributions.

Usage: python3 dev/test_distributions.py [--distributions NAME ...] [--all | --tests PATH ...]
       python3 dev/test_distributions.py [--distributions NAME ...] --only-build
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import beside
import ros_underlay

CHECKOUT = Path(__file__).resolve().parents[1]

NODES = ('test/nodes', 'test/launching')
"""Of these the tests marked ``rclpy`` run, without the slow ones; all of them with --all."""

ARITHMETIC = ('test/tasks', 'test/imaging')
"""Where the code depends on NumPy: run with another major version than that of Kilted."""

CYCLONE = 'rmw_cyclonedds_cpp'
CYCLONE_TESTS = (
    'test/nodes/stream/test_camera.py',
    'test/nodes/stream/test_camera_feed.py',
    'test/nodes/stream/test_one_copy.py',
    'test/nodes/health/test_diagnostics.py',
    'test/nodes/health/test_matching.py',
    'test/nodes/health/test_qos_overrides.py',
    'test/nodes/lifecycle/test_vision_node.py',
    'test/nodes/test_security_enforced.py',
    'test/nodes/test_video_source.py',
    'test/nodes/test_detectnet.py::test_pictures_in_boxes_out_through_every_state',
)
"""Where the middleware shows: quality of service, discovery, large images, a process."""

AMENT_LINT = ('python3', '-m', 'ament_lint_cmake.main', '--filter=-linelength', 'CMakeLists.txt')
"""As CMakeLists.txt has it; ament's other linters need programs that the wheels lack."""

RCLPY = ('-m', 'rclpy and not slow')
QUICK = ('-m', 'not slow')
THOROUGH = ('--hypothesis-profile=thorough',)


def main() -> int:
    """Run the tests of each distribution; return 0 if all passed."""
    from underlay import distribution

    names = list(distribution.NUMPY)
    options = argparse.ArgumentParser(description='Test the package on whole distributions.')
    options.add_argument('--distributions', nargs='+', choices=names, default=names)
    options.add_argument('--all', action='store_true', help='run every test there, slow ones too')
    options.add_argument('--tests', nargs='+', metavar='PATH', help='run these tests instead')
    options.add_argument('--only-build', action='store_true', help='build there and test nothing')
    options.add_argument('--built', action='store_true', help='test what --only-build has built')
    given = options.parse_args()
    if given.built and len(given.distributions) > 1:
        return at_once(given.distributions)
    failed: list[str] = []

    def program() -> None:
        for name in given.distributions:
            done = given.built or build(name)
            if not given.only_build:
                done = done and passes(name, given.tests, everything=given.all)
            if not done:
                failed.append(name)

    if ros_underlay.guarded(program):
        return int(refused(given.distributions))
    if failed:
        print(f'distributions: FAILED on {", ".join(failed)}')
    return 1 if failed else 0


def at_once(names: Sequence[str]) -> int:
    """Run the tests of several distributions beside each other, since each waits half the time."""
    command = [sys.executable, __file__, '--built', '--distributions']
    first, *others = names
    return beside.main([shlex.join([*command, *others]), *command, first])


def refused(names: Sequence[str]) -> bool:
    """Return whether it is a failure that a distribution cannot be made: in CI, if others can."""
    from underlay import distribution

    in_ci = os.environ.get('CI', '').lower() not in {'', '0', 'false'}
    print(f'distributions: the tests did NOT run on {", ".join(names)}: see above')
    return in_ci and distribution.can_be_made_here()


def build(name: str) -> bool:
    """Build the package on a distribution; return whether that worked."""
    command = [sys.executable, 'dev/build_overlay.py', '--apt', '--tests', '--distribution', name]
    return subprocess.run(command, cwd=CHECKOUT, check=False).returncode == 0


def passes(name: str, tests: Sequence[str] | None, *, everything: bool) -> bool:
    """Run the tests on a distribution that the package is built on; return whether all passed.

    Raises:
        UnderlayError: The distribution cannot be made; the line names the fix.
    """
    from underlay import distribution

    # In all more than CPUs, because some tests wait.
    workers = str(len(os.sched_getaffinity(0)))
    pytest = [
        *('pytest', '-q', '-o', f'cache_dir=.ros/{name}/pytest'),
        # As in the Makefile.
        *('--reruns', '1', '--only-rerun', 'in vain'),
        *('-n', workers, '--dist', 'loadfile', '--max-worker-restart=0'),
    ]
    if tests is not None:
        return run(name, [*pytest, *tests])
    if everything:
        result = run(name, [*pytest, *THOROUGH, *NODES, *ARITHMETIC])
    else:
        result = run(name, [*pytest, *RCLPY, *NODES])
        if distribution.NUMPY[name].startswith('numpy==1.'):
            result &= run(name, [*pytest, *QUICK, *ARITHMETIC])
    result &= run(name, AMENT_LINT)
    if everything or name == next(iter(distribution.NUMPY)):
        _, environment = distribution.find_or_make(name, apt=True)
        (prefix,) = environment.folders['AMENT_PREFIX_PATH']
        if Path(prefix, 'share', 'ament_index', 'resource_index', 'packages', CYCLONE).exists():
            chosen = THOROUGH if everything else QUICK
            command = [*pytest, *chosen, *CYCLONE_TESTS]
            result &= run(name, command, RMW_IMPLEMENTATION=CYCLONE)
        else:
            print(f'distributions: {name} has no {CYCLONE}', flush=True)
    return result


def run(name: str, command: Sequence[str], **variables: str) -> bool:
    """Run a command in the environment of a build; return whether it passed."""
    from underlay.environment import without_ros

    title = ' '.join([name, *(f'{key}={value}' for key, value in variables.items())])
    print(f'distributions: {title}: {" ".join(command)}', flush=True)
    script = ['sh', '-c', f'. .ros/{name}/env.sh && exec "$@"', 'sh', *command]
    environ = {**without_ros(os.environ), **variables}
    return subprocess.run(script, cwd=CHECKOUT, env=environ, check=False).returncode == 0


if __name__ == '__main__':
    sys.exit(main())
