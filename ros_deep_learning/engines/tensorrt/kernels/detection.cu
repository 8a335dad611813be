// SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
// SPDX-License-Identifier: Apache-2.0
// Boxes that reach the score threshold are gathered, so that only they are copied back.

struct Candidate {
    int box, class_id;
    float score, coordinates[4]; // as the network gives them
    int spare;
};

// Grid: 1-D, one thread a box (best_only) or a (box, class) pair.
// scores: (box, class) at box * box_stride + class * class_stride.
// objectness: may be null; else the score is its product with the class's score.
// boxes: coordinate c of a box at box * boxes_stride + c * coordinate_stride.
// skipped: class that is never given (-1 = none), such as an SSD's background.
// out: 1 + capacity records in the order the threads arrive. Record 0 must be zero before; its
//     first word counts all that reached the threshold, also those beyond the capacity. Its second
//     word is set to 1 if any score, factor or coordinate is NaN, whether it decides or not.
extern "C" __global__ void gather_candidates(
    const void* __restrict__ scores, int scores_type, int box_count, int classes,
    long long box_stride, long long class_stride,
    const void* __restrict__ objectness, long long objectness_stride,
    const void* __restrict__ boxes, int boxes_type,
    long long boxes_stride, long long coordinate_stride,
    int skipped, int best_only, float threshold, int capacity, Candidate* __restrict__ out)
{
    const long long i = thread_index();
    int box, class_id = -1, has_nan = 0;
    float score = 0.0f;
    if (best_only) {
        if (i >= box_count) return;
        box = (int)i;
        for (int k = 0; k < classes; ++k) {
            const float s = load_element(
                scores, scores_type, box * box_stride + k * class_stride);
            has_nan |= s != s;
            // As NumPy's max, which is NaN then.
            if (k != skipped && (class_id < 0 || s > score || s != s)) {
                class_id = k;
                score = s;
            }
        }
    } else {
        if (i >= (long long)box_count * classes) return;
        // Neighbouring threads read neighbouring scores in either layout.
        box = (int)(class_stride == 1 ? i / classes : i % box_count);
        class_id = (int)(class_stride == 1 ? i % classes : i / box_count);
        score = load_element(scores, scores_type, box * box_stride + class_id * class_stride);
        has_nan = score != score;
    }
    if (best_only || class_id == 0) {
        if (objectness) {
            const float factor = load_element(objectness, scores_type, box * objectness_stride);
            has_nan |= factor != factor;
        }
        for (int c = 0; c < 4; ++c) {
            const float edge = load_element(
                boxes, boxes_type, box * boxes_stride + c * coordinate_stride);
            has_nan |= edge != edge;
        }
    }
    if (has_nan) ((unsigned int*)out)[1] = 1u; // all that race write the same
    if (class_id < 0 || class_id == skipped) return;
    if (objectness) score *= load_element(objectness, scores_type, box * objectness_stride);
    if (!(score >= threshold)) return;

    const unsigned int slot = atomicAdd((unsigned int*)out, 1u);
    if (slot >= (unsigned int)capacity) return;
    Candidate* candidate = out + 1 + slot;
    candidate->box = box;
    candidate->class_id = class_id;
    candidate->score = score;
    for (int c = 0; c < 4; ++c)
        candidate->coordinates[c] = load_element(
            boxes, boxes_type, box * boxes_stride + c * coordinate_stride);
    candidate->spare = 0;
}
