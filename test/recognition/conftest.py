# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks that need no weights."""

from network_fixtures import (  # noqa: F401
    blob_engine,
    card,
    engine,
    info,
    make_loader,
    outputs,
    pixels_engine,
)
