# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""CenterNet, known by the names of its maps; the graph's end tells whether they are logits."""

from __future__ import annotations

from ..evidence import Evidence, Family, Finding
from ..usual import CENTERNET


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by names and by the last operator before the heat map."""
    roles = evidence.named(heatmap='^hm|heat', size='^wh|size', offset='^reg|off')
    if roles is None or len(evidence.outputs) != 3:
        return None
    if any(len(evidence.shapes[name]) != 3 for name in roles.values()):
        return None
    last = evidence.facts.ends.last[roles['heatmap']]
    if last not in ('Sigmoid', 'Clip', 'Conv', 'Add'):
        return None
    decoder = 'centernet_raw' if last in ('Conv', 'Add') else 'centernet'
    by = f'maps named as those of CenterNet, the heat map after {last}'
    return Finding(by, 'detection', decoder, roles, {}, CENTERNET)


FAMILY = Family('CenterNet', recognise)
