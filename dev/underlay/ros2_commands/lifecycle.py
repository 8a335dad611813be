# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""`ros2 lifecycle`: list lifecycle nodes, show their states, and change them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from lifecycle_msgs.srv import ChangeState, GetAvailableTransitions, GetState
from ros2cli.command import CommandExtension
from ros2cli.node.direct import DirectNode
from ros2cli.node.strategy import NodeStrategy, add_arguments

from .service_calls import call, lifecycle_nodes

READ_TIMEOUT_S = 10.0


class LifecycleCommand(CommandExtension):  # type: ignore[misc]
    """Various lifecycle related sub-commands."""

    def add_arguments(self, parser: argparse.ArgumentParser, cli_name: str) -> None:
        """Declare the sub-commands and their arguments."""
        verbs = parser.add_subparsers(title='Commands', dest='verb', metavar='VERB', required=True)

        def add(
            name: str, run: Callable[[argparse.Namespace], int], text: str
        ) -> argparse.ArgumentParser:
            verb = verbs.add_parser(name, help=text, description=text)
            add_arguments(verb)
            verb.set_defaults(run=run)
            return verb

        listed = add('nodes', print_nodes, 'list the lifecycle nodes')
        listed.add_argument(
            '-c', '--count-nodes', action='store_true', help='print their number only'
        )
        get = add('get', print_states, 'print the state of a node, or of all lifecycle nodes')
        get.add_argument('node_name', nargs='?')
        possible = add('list', print_transitions, 'list the transitions that a node can take now')
        possible.add_argument('node_name')
        change = add('set', change_state, 'change the state of a node')
        change.add_argument('node_name')
        change.add_argument('transition', help='its name or number, such as configure')

    def main(self, *, parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
        """Run the sub-command.

        Raises:
            RuntimeError: The node is missing or does not answer, or refuses the transition.
        """
        code: int = args.run(args)
        return code


def print_nodes(args: argparse.Namespace) -> int:
    """Print the names of the lifecycle nodes."""
    with NodeStrategy(args) as node:
        names = lifecycle_nodes(node)
    for line in [str(len(names))] if args.count_nodes else names:
        print(line)
    return 0


def print_states(args: argparse.Namespace) -> int:
    """Print the state of the named node, or of each lifecycle node."""
    if args.node_name is None:
        with NodeStrategy(args) as node:
            names = lifecycle_nodes(node)
    else:
        names = [absolute(args.node_name)]
    with DirectNode(args) as node:
        for name in names:
            state = read(node, name, 'get_state', GetState).current_state
            before = '' if args.node_name else f'{name}: '
            print(f'{before}{state.label} [{state.id}]')
    return 0


def print_transitions(args: argparse.Namespace) -> int:
    """Print the transitions that start in the present state of a node."""
    with DirectNode(args) as node:
        for possible in transitions(node, absolute(args.node_name)):
            print(f'- {possible.transition.label} [{possible.transition.id}]')
            print(f'\tStart: {possible.start_state.label}')
            print(f'\tGoal: {possible.goal_state.label}')
    return 0


def change_state(args: argparse.Namespace) -> int:
    """Ask a node for a transition and wait for its end, however long that takes.

    Raises:
        RuntimeError: The node has no such transition now, or the transition failed.
    """
    name = absolute(args.node_name)
    with DirectNode(args) as node:
        known = {possible.transition.label: possible for possible in transitions(node, name)}
        chosen = [
            possible.transition
            for label, possible in known.items()
            if args.transition in (label, str(possible.transition.id))
        ]
        if not chosen:
            msg = f'unknown transition {args.transition!r}; {name} can now: {", ".join(known)}'
            raise RuntimeError(msg)
        request = ChangeState.Request(transition=chosen[0])
        if not call(node, f'{name}/change_state', ChangeState, request).success:
            msg = f'{name} did not {chosen[0].label}; its log has the reason'
            raise RuntimeError(msg)
    print('Transitioning successful')
    return 0


def transitions(node: Any, name: str) -> list[Any]:
    """Return the transitions that a node can take now."""
    answer = read(node, name, 'get_available_transitions', GetAvailableTransitions)
    return list(answer.available_transitions)


def read(node: Any, name: str, service: str, kind: Any) -> Any:
    """Call a service that changes nothing."""
    return call(node, f'{name}/{service}', kind, kind.Request(), timeout_s=READ_TIMEOUT_S)


def absolute(name: str) -> str:
    """Return a node's name with the slash in front."""
    return name if name.startswith('/') else f'/{name}'
