# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Damage files as transfers, disks and attackers do; the same number gives the same damage."""

from __future__ import annotations

import random
from collections.abc import Sequence

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**32 - 1)


def mutated(seed: int, files: Sequence[bytes], tokens: Sequence[bytes] = ()) -> bytes:
    """Return one of the files with one to eight changes.

    Args:
        seed: Chooses the file and the changes.
        files: Whole files.
        tokens: Texts that mean something in such a file.
    """
    rng = random.Random(seed)
    data = bytearray(rng.choice(files))
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(data) + 1)
        length = min(rng.choice((1, 1, 2, 4, 16, 64, 1024)), len(data) - at)
        change = rng.randrange(8 if tokens else 7)
        if change == 0:
            data[at : at + length] = rng.randbytes(length)
        elif change == 1:
            if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
        elif change == 2:
            del data[at : at + length]
        elif change == 3:
            data[at:at] = data[at : at + length] * rng.randint(1, 4)
        elif change == 4:
            size = rng.choice((1, 2, 4))
            number = rng.choice(_NUMBERS) % 256**size
            data[at : at + size] = number.to_bytes(size, rng.choice(('big', 'little')))
        elif change == 5:
            other = rng.choice(files)
            begin = rng.randrange(len(other) + 1)
            data[at : at + length] = other[begin : begin + length]
        elif change == 6:
            if rng.random() < 0.2:
                del data[at:]
        else:
            data[at : at + rng.choice((0, length))] = rng.choice(tokens)
    return bytes(data)
