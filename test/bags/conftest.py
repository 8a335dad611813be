# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A network that needs no weights, and annotates bags."""

from bag_fixtures import annotate, annotator, network  # noqa: F401
from network_fixtures import blob_engine, card, info, make_loader  # noqa: F401
