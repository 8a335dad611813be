# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write the tables of arguments in docs/launch.md from the launch files themselves.

Usage, in the environment that `make env` makes: python dev/launch_reference.py
"""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from pathlib import Path
from typing import Any

from ros_deep_learning.launching.launch_arguments import parameter_arguments
from ros_deep_learning.nodes.parameters.detectnet_settings import DetectNetSettings
from ros_deep_learning.nodes.parameters.imagenet_settings import ImageNetSettings
from ros_deep_learning.nodes.parameters.segnet_settings import SegNetSettings

ROOT = Path(__file__).parents[1]
PAGE = ROOT / 'docs' / 'launch.md'
BEGIN, END = '<!-- made by dev/launch_reference.py -->', '<!-- made until here -->'
SETTINGS = {
    'detectnet': DetectNetSettings,
    'imagenet': ImageNetSettings,
    'segnet': SegNetSettings,
}


def declared(name: str) -> dict[str, Any]:
    """Return the arguments that a launch file declares, by name."""
    path = ROOT / 'launch' / f'{name}.launch.py'
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {a.name: a for a in module.generate_launch_description().get_launch_arguments()}


def table() -> str:
    """Return the table of all arguments, less those that are parameters of vision nodes."""
    paths = (ROOT / 'launch').glob('*.launch.py')
    files = sorted(path.name.removesuffix('.launch.py') for path in paths)
    rows: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for file in files:
        settings = SETTINGS.get(file)
        own = {a.name for a in parameter_arguments(settings)} if settings else set()
        for name, argument in declared(file).items():
            if name not in own:
                default = ''.join(part.text for part in argument.default_value)
                rows[name, default, argument.description].append(file)
    lines = ['| argument | default | of | what it does |', '|---|---|---|---|']
    for (name, default, text), users in rows.items():
        text = text.replace('|', 'or')
        shown = f'`{default}`' if default else ''
        rest = [file for file in files if file not in users]
        few = ', '.join(users) if len(users) <= len(rest) else f'all but {", ".join(rest)}'
        of = few if rest else 'all'
        lines.append(f'| `{name}` | {shown} | {of} | {text} |')
    return '\n'.join(lines) + '\n'


def page(text: str) -> str:
    """Return the text of the page with the table in it."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f'{before}{BEGIN}\n{table()}{END}{after}'


if __name__ == '__main__':
    PAGE.write_text(page(PAGE.read_text()))
    print(f'wrote {PAGE}')
