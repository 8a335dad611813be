# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""`ros2 launch`: start what a launch file describes, or show its arguments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from launch import LaunchDescription, LaunchIntrospector, LaunchService
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import AnyLaunchDescriptionSource
from ros2cli.command import CommandExtension


class LaunchCommand(CommandExtension):  # type: ignore[misc]
    """Run a launch file."""

    def add_arguments(self, parser: argparse.ArgumentParser, cli_name: str) -> None:
        """Declare the arguments of the command."""
        shown = parser.add_mutually_exclusive_group()
        shown.add_argument(
            '-s', '--show-args', action='store_true', help='show the arguments of the launch file'
        )
        shown.add_argument(
            '-p', '--print', action='store_true', help='print the description; start nothing'
        )
        parser.add_argument(
            '-n', '--noninteractive', action='store_true', help='run without a terminal'
        )
        parser.add_argument('-d', '--debug', action='store_true', help='log what launch does')
        parser.add_argument('package', help='package of the launch file, or path of a file')
        parser.add_argument(
            'rest',
            nargs='*',
            metavar='[file] [name:=value ...]',
            help='launch file of the package, then arguments for it',
        )

    def main(self, *, parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
        """Run the command.

        Raises:
            RuntimeError: There is no such launch file, or an argument is not NAME:=VALUE.
        """
        path, rest = chosen_file(args.package, args.rest)
        arguments = parsed_arguments(rest)
        source = AnyLaunchDescriptionSource(str(path))
        description = LaunchDescription(
            [IncludeLaunchDescription(source, launch_arguments=arguments)]
        )
        if args.show_args:
            declared = map(described_argument, description.get_launch_arguments())
            print("Arguments (pass arguments as '<name>:=<value>'):", *declared, sep='\n')
            return 0
        if args.print:
            print(LaunchIntrospector().format_launch_description(description))
            return 0
        service = LaunchService(
            argv=rest,
            noninteractive=args.noninteractive or not sys.stdin.isatty(),
            debug=args.debug,
        )
        service.include_launch_description(description)
        code: int = service.run()
        return code


def chosen_file(first: str, rest: Sequence[str]) -> tuple[Path, list[str]]:
    """Find the launch file of a command line.

    Args:
        first: Name of a package, or path of a launch file.
        rest: The other arguments; begins with the name of a file where `first` is a package.

    Returns:
        The path, and the arguments for it.

    Raises:
        RuntimeError: There is no such file or package, or it has several files of that name.
    """
    if Path(first).is_file():
        return Path(first).resolve(), list(rest)
    if not rest or ':=' in rest[0]:
        msg = f'no launch file {first!r}; expected PACKAGE FILE or the path of a file'
        raise RuntimeError(msg)
    try:
        share = Path(get_package_share_directory(first))
    except (PackageNotFoundError, ValueError) as err:
        msg = f'no package {first!r}; is its workspace sourced?'
        raise RuntimeError(msg) from err
    found = sorted(path for path in share.rglob(rest[0]) if path.is_file())
    if len(found) != 1:
        names = sorted(path.name for path in share.rglob('*launch.*') if path.is_file())
        what = 'several files' if found else 'no file'
        msg = f'{first} has {what} {rest[0]!r}; its launch files: {", ".join(names) or "none"}'
        raise RuntimeError(msg)
    return found[0], list(rest[1:])


def parsed_arguments(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Split arguments such as ``name:=value``; of a name given twice the last one counts.

    Raises:
        RuntimeError: An argument has another form.
    """
    pairs = {}
    for text in texts:
        name, separator, value = text.partition(':=')
        if not separator or not name:
            msg = f'malformed launch argument {text!r}; expected NAME:=VALUE'
            raise RuntimeError(msg)
        pairs[name] = value
    return list(pairs.items())


def described_argument(declared: DeclareLaunchArgument) -> str:
    """Describe an argument: its name, what it does, its choices and its default."""
    lines = ['', f"    '{declared.name}':", f'        {declared.description}']
    if declared.choices:
        lines.append(f'        One of: {", ".join(map(str, declared.choices))}')
    if declared.default_value is not None:
        default = ' + '.join(part.describe() for part in declared.default_value)
        lines.append(f'        (default: {default})')
    return '\n'.join(lines)
