// SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
// SPDX-License-Identifier: Apache-2.0
// Class scores on a grid become masks of any size.

enum { UNLABELLED = 255 };
enum ScoreKind { PROBABILITIES = 0, LOGITS = 1, UNTOLD = 2 };

// Grid: 1-D, one thread a score. found: set to 1 where a score is no probability; else untouched.
// NaN decides nothing.
extern "C" __global__ void find_logits(
    const void* __restrict__ scores, int type, long long count, float low, float high,
    unsigned int* __restrict__ found)
{
    const long long i = thread_index();
    if (i >= count) return;
    const float score = load_element(scores, type, i);
    if (score < low || score > high) *found = 1u; // all that race write the same
}

// Grid: 1-D, one thread a cell.
// scores: (class, cell) at class * class_stride + cell * cell_stride.
// kind: what they are; UNTOLD are logits where *has_logits is not 0.
// has_score: set to 1 where a probability is above 0, else untouched; may be null.
// out: a plane of probabilities a class, two for a single plane, which is that of class 1. What
//     is NaN or infinite is 0, with its whole cell where softmax mixes the classes.
extern "C" __global__ void activate(
    const void* __restrict__ scores, int type, int planes, int cells,
    long long class_stride, long long cell_stride,
    int kind, const unsigned int* __restrict__ has_logits, unsigned int* __restrict__ has_score,
    float* __restrict__ out)
{
    const long long cell = thread_index();
    if (cell >= cells) return;

    const int logits = kind == LOGITS || (kind == UNTOLD && *has_logits);
    float peak = 0.0f, sum = 0.0f;
    if (logits && planes > 1) {
        for (int k = 0; k < planes; ++k) {
            const float s = load_element(scores, type, k * class_stride + cell * cell_stride);
            if (k == 0 || s > peak || s != s) peak = s;
        }
        for (int k = 0; k < planes; ++k)
            sum += expf(load_element(scores, type, k * class_stride + cell * cell_stride) - peak);
    }
    const int classes = planes == 1 ? 2 : planes;
    int scored = 0;
    for (int k = 0; k < classes; ++k) {
        const int plane = planes == 1 ? 0 : k;
        float share = load_element(scores, type, plane * class_stride + cell * cell_stride);
        if (logits && planes > 1) {
            share = expf(share - peak) / sum;
        } else if (logits) {
            const float power = expf(-fabsf(share)), positive = 1.0f / (1.0f + power);
            share = share < 0.0f ? power * positive : positive;
        }
        if (planes == 1 && k == 0) share = 1.0f - share;
        const int finite = share - share == 0.0f;
        share = finite ? fminf(fmaxf(share, 0.0f), 1.0f) : 0.0f;
        scored |= share > 0.0f;
        out[(long long)k * cells + cell] = share;
    }
    if (has_score && scored) *has_score = 1u; // all that race write the same
}

// Grid: 2-D, one thread a pixel of the output.
// scores: element (class, row, column) lies at class * class_stride + row * row_stride +
//     column * column_stride. One class is a binary network: its plane is the score of class 1,
//     and class 0 has 1 - score.
// first_*, last_*: cells of the grid that show the image; those around it are never mixed in.
// factor_*, shift_*: grid coordinate of an output pixel = (pixel + 0.5) * factor + shift.
// visible_*: output pixels that the network saw; all others are unlabelled.
// linear: interpolate the scores at each output pixel before the arg-max; else nearest cell.
// ignored: class that never wins (-1 = none). Ties go to the lowest class; NaN never wins.
// confidences: the winner's score; may be null; UINT8 is 255 times as much.
extern "C" __global__ void segment(
    const void* __restrict__ scores, int type, int classes,
    long long class_stride, long long row_stride, long long column_stride,
    int first_column, int last_column, int first_row, int last_row,
    double factor_x, double shift_x, double factor_y, double shift_y,
    int visible_x1, int visible_y1, int visible_x2, int visible_y2,
    int out_w, int out_h, int linear, int ignored, float least_confidence,
    unsigned char* __restrict__ class_ids, void* __restrict__ confidences, int confidence_type)
{
    const int x = (int)thread_index();
    const int y = (int)(blockIdx.y * blockDim.y + threadIdx.y);
    if (x >= out_w || y >= out_h) return;

    int winner = -1;
    float best = 0.0f;
    if (x >= visible_x1 && x < visible_x2 && y >= visible_y1 && y < visible_y2) {
        // A centre on the border of two cells is the next one's, also after rounding below it.
        const double onto_center = linear ? -0.5 : 1e-9;
        const double gx = (x + 0.5) * factor_x + shift_x + onto_center;
        const double gy = (y + 0.5) * factor_y + shift_y + onto_center;
        const int cx = (int)floor(gx), cy = (int)floor(gy);
        const float fx = (float)(gx - cx), fy = (float)(gy - cy);
        const int x0 = clamp_int(cx, first_column, last_column);
        const int x1 = clamp_int(cx + 1, first_column, last_column);
        const int y0 = clamp_int(cy, first_row, last_row);
        const int y1 = clamp_int(cy + 1, first_row, last_row);
        const long long at00 = y0 * row_stride + x0 * column_stride;
        const long long at01 = y0 * row_stride + x1 * column_stride;
        const long long at10 = y1 * row_stride + x0 * column_stride;
        const long long at11 = y1 * row_stride + x1 * column_stride;

        const int binary = classes == 1, count = binary ? 2 : classes;
        for (int k = 0; k < count; ++k) {
            const long long plane = binary ? 0 : k * class_stride;
            float score = load_element(scores, type, plane + at00);
            if (linear) {
                const float s01 = load_element(scores, type, plane + at01);
                const float s10 = load_element(scores, type, plane + at10);
                const float s11 = load_element(scores, type, plane + at11);
                const float top = score * (1.0f - fx) + s01 * fx;
                const float low = s10 * (1.0f - fx) + s11 * fx;
                score = top * (1.0f - fy) + low * fy;
            }
            if (binary && k == 0) score = 1.0f - score;
            if (k != ignored && score == score && (winner < 0 || score > best)) {
                winner = k;
                best = score;
            }
        }
        if (!(best >= least_confidence)) winner = -1;
    }
    const long long pixel = (long long)y * out_w + x;
    class_ids[pixel] = (unsigned char)(winner < 0 ? (int)UNLABELLED : winner);
    if (confidences)
        store_element(confidences, confidence_type, pixel,
                      confidence_type == UINT8 ? best * 255.0f : best);
}

// Grid: 1-D, one thread a pixel. palette: 256 entries of r, g, b, opacity.
extern "C" __global__ void colorize(
    const unsigned char* __restrict__ class_ids, int pixels,
    const unsigned char* __restrict__ palette, unsigned char* __restrict__ out_rgb)
{
    const long long i = thread_index();
    if (i >= pixels) return;
    const unsigned char* color = palette + 4 * class_ids[i];
    for (int c = 0; c < 3; ++c) out_rgb[3 * i + c] = color[c];
}

// Grid: 2-D, one thread a pixel of the frame; the mask is read at the nearest pixel.
// out = (opacity * color + (255 - opacity) * frame) / 255, rounded to nearest; rows are tight.
extern "C" __global__ void blend(
    const unsigned char* __restrict__ frame, long long step, int swap,
    int width, int height,
    const unsigned char* __restrict__ class_ids, int mask_w, int mask_h,
    const unsigned char* __restrict__ palette, unsigned char* __restrict__ out_rgb)
{
    const int x = (int)thread_index();
    const int y = (int)(blockIdx.y * blockDim.y + threadIdx.y);
    if (x >= width || y >= height) return;

    const long long mx = (2LL * x + 1) * mask_w / (2LL * width);
    const long long my = (2LL * y + 1) * mask_h / (2LL * height);
    const unsigned char* color = palette + 4 * class_ids[my * mask_w + mx];
    const unsigned char* pixel = frame + y * step + (long long)x * 3;
    unsigned char* out = out_rgb + 3 * ((long long)y * width + x);
    for (int c = 0; c < 3; ++c) {
        const int source = swap ? 2 - c : c;
        out[c] = (unsigned char)((color[3] * color[c] + (255 - color[3]) * pixel[source] + 127)
                                 / 255);
    }
}

// Grid: 1-D, any number of blocks; each strides over the pixels. counts: 256, added to.
extern "C" __global__ void count_classes(
    const unsigned char* __restrict__ class_ids, int pixels, unsigned int* __restrict__ counts)
{
    __shared__ unsigned int bins[256];
    for (int k = (int)threadIdx.x; k < 256; k += (int)blockDim.x) bins[k] = 0;
    __syncthreads();
    const long long stride = (long long)gridDim.x * blockDim.x;
    for (long long i = thread_index(); i < pixels; i += stride) atomicAdd(&bins[class_ids[i]], 1u);
    __syncthreads();
    for (int k = (int)threadIdx.x; k < 256; k += (int)blockDim.x)
        if (bins[k]) atomicAdd(&counts[k], bins[k]);
}
