// SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
// SPDX-License-Identifier: Apache-2.0
// Follows the kernels' source, which follows cuda_shim.hpp, in one translation unit.

SHIM_LAUNCH(zero_words, false)
SHIM_LAUNCH(preprocess, false)
SHIM_LAUNCH(find_logits, false)
SHIM_LAUNCH(activate, false)
SHIM_LAUNCH(segment, false)
SHIM_LAUNCH(colorize, false)
SHIM_LAUNCH(blend, false)
SHIM_LAUNCH(count_classes, true)
SHIM_LAUNCH(gather_candidates, false)

extern "C" float shim_half_to_float(unsigned short bits) { return half_to_float(bits); }
extern "C" unsigned short shim_float_to_half(float value) { return float_to_half(value); }
