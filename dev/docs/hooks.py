# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Hooks of MkDocs that put files from outside docs/ on the site and make links to them work.

Pages keep links that a reader of the checkout can follow, such as ``../models/README.md``. Here
they are rewritten: to the page that the file became, or to a copy of the file.
"""

from __future__ import annotations

import os.path
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = {
    'README.md': 'index.md',
    'CONTRIBUTING.md': 'contributing.md',
    'SECURITY.md': 'security.md',
    'models/README.md': 'zoo.md',
}
"""Files of the checkout that are pages, by their path, with their path on the site."""
LINK = re.compile(r'(\[[^\]]*\])\(([^)#:\s]+)(#[^)]*)?\)')


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages from outside docs/ and a copy of every other file that a page links to."""
    for source, uri in PAGES.items():
        files.append(File.generated(config, uri, abs_src_path=str(CHECKOUT / source)))
    for page in list(files.documentation_pages()):
        for _, target, _ in LINK.findall(page.content_string):
            path = linked(page, target)
            uri = site_uri(path)
            if (CHECKOUT / path).is_file() and files.get_file_from_path(uri) is None:
                files.append(File.generated(config, uri, abs_src_path=str(CHECKOUT / path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Rewrite the links of a page; a link to a folder, which no site can show, becomes text."""

    def rewritten(match: re.Match[str]) -> str:
        text, target, anchor = match.groups()
        path = linked(page.file, target)
        if (CHECKOUT / path).is_dir():
            return text[1:-1]
        start = posixpath.dirname(page.file.src_uri)
        return f'{text}({posixpath.relpath(site_uri(path), start or ".")}{anchor or ""})'

    return LINK.sub(rewritten, markdown)


def linked(page: File, target: str) -> str:
    """Return the path within the checkout of what a page links to."""
    source = Path(page.abs_src_path or '').relative_to(CHECKOUT)
    return Path(os.path.normpath(source.parent / target)).as_posix()


def site_uri(path: str) -> str:
    """Return where a file of the checkout lies on the site."""
    return PAGES.get(path) or (path[5:] if path.startswith('docs/') else f'files/{path}')
