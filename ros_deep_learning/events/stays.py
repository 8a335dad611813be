# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""How long each object, by the number of its track, has been in a place."""

from __future__ import annotations

from collections.abc import Iterable


class Stays:
    """Remembers since when each track is in a place.

    Args:
        stay_s: Seconds that count as a stay.
        gap_s: Seconds for which a track may be away, as behind a pillar, and still stays.
    """

    def __init__(self, stay_s: float, gap_s: float) -> None:
        self._stay_ns, self._gap_ns = round(stay_s * 1e9), round(gap_s * 1e9)
        self._seen: dict[int, tuple[int, int]] = {}

    def update(self, track_ids: Iterable[int], stamp_ns: int) -> tuple[int, ...]:
        """Take the tracks that are in the place in a frame; return those that have stayed.

        Those that were away for too long, or were seen after this frame because the clock jumped
        back, start anew.

        Args:
            track_ids: Numbers of the tracks.
            stamp_ns: Stamp of the frame.
        """
        here = {
            track: span
            for track, span in self._seen.items()
            if 0 <= stamp_ns - span[1] <= self._gap_ns
        }
        stayed = []
        for track in track_ids:
            since_ns, _ = here.get(track, (stamp_ns, stamp_ns))
            here[track] = since_ns, stamp_ns
            if stamp_ns - since_ns >= self._stay_ns:
                stayed.append(track)
        self._seen = here
        return tuple(stayed)
