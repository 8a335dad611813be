# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The parser of the programs' arguments."""

from __future__ import annotations

import argparse
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line: the usage of some programs fills the screen."""

    def error(self, message: str) -> NoReturn:
        """End the process with 2, after the error and where the options are told."""
        self.exit(2, f'{self.prog}: error: {message}; see {self.prog} --help\n')
