# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Cut the messages of a bag into pieces, and read one of them ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .items import BagItem, BagMessage, Extra

_T = TypeVar('_T')

MOST_BYTES, MOST_ITEMS = 2**26, 2**12
"""A piece ends at these too, so that memory stays small where images are rare."""


def after_messages(items: Iterable[BagItem], count: int) -> Iterator[BagItem]:
    """Yield what comes behind the first ``count`` messages."""
    left = count
    for item in items:
        if left <= 0:
            yield item
        elif isinstance(item, BagMessage):
            left -= 1


def windows(
    items: Iterable[BagItem], is_frame: Callable[[BagMessage], bool], most_frames: int
) -> Iterator[list[BagItem]]:
    """Cut items into pieces; where a piece ends depends only on what follows its beginning.

    Args:
        items: What a bag holds.
        is_frame: Whether a message is an image for the networks.
        most_frames: Most images in a piece; it ends with the last of them.
    """
    window: list[BagItem] = []
    frames = size = 0
    for item in items:
        if isinstance(item, Extra):
            if window:
                yield window
            yield [item]
            window, frames, size = [], 0, 0
            continue
        window.append(item)
        if isinstance(item, BagMessage):
            frames += is_frame(item)
            size += len(item.data)
        if frames == most_frames or size >= MOST_BYTES or len(window) >= MOST_ITEMS:
            yield window
            window, frames, size = [], 0, 0
    if window:
        yield window


def one_ahead(items: Iterator[_T]) -> Iterator[_T]:
    """Yield items, and make the next one in a thread while one is used."""
    end = object()
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = thread.submit(next, items, end)
            yield item  # type: ignore[misc]
