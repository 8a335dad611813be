# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The libraries that only a training needs."""

from __future__ import annotations

from importlib import import_module
from itertools import chain

from ..errors import TrainingError
from ..text import one_line
from .settings import DFINE, TIMM

NEEDED = ('torch', 'torchvision', 'torchmetrics', 'pytorch_lightning', 'tensorboard')
_FOR = {TIMM: ('timm',), DFINE: ('scipy', 'transformers')}
"""What networks need besides, by the beginning of their names."""

_INSTALL = "pip install 'ros_deep_learning[train]'"


def check_libraries(network: str = '') -> None:
    """Import the libraries that a training needs.

    Args:
        network: Name of the network, which may need more.

    Raises:
        TrainingError: One is missing, or is built for another PyTorch.
    """
    more = (names for start, names in _FOR.items() if network.startswith(start))
    for name in (*NEEDED, *chain.from_iterable(more)):
        try:
            import_module(name)
        except ImportError as err:
            msg = f'a training needs {name}: {one_line(err)}; to fix: {_INSTALL}'
            raise TrainingError(msg) from err
        except RuntimeError as err:
            # Of torchvision beside a PyTorch with or without CUDA when it is the other way round.
            msg = (
                f'{name} does not fit the installed PyTorch: {one_line(err)}; to fix: install '
                'both from the same index, such as https://download.pytorch.org/whl/cpu'
            )
            raise TrainingError(msg) from err
