# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Sources and sinks of pictures: files, folders, cameras, streams, videos and windows."""
