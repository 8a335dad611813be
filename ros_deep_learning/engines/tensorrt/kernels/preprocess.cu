// SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
// SPDX-License-Identifier: Apache-2.0
// A raw 8-bit frame becomes one batch slot of a network's input.
//
// Resized values are rounded to whole grey levels before the formula, as the CPU path and the
// usual training pipelines do. Nearest, bilinear, bicubic and enlarging area follow the integer
// arithmetic of OpenCV's cv::resize (modules/imgproc/src/resize.cpp: 11 bit weights,
// resizeNN, HResizeLinear, VResizeLinear, interpolateCubic); shrinking area is the exact box
// average.

enum Interpolation { NEAREST = 0, BILINEAR = 1, AREA_SHRINK = 2, AREA_ENLARGE = 3, BICUBIC = 4 };

struct LinearTap {
    int first, second;    // source positions, inside the source
    int weight0, weight1; // of 2048
};

static __device__ __forceinline__ LinearTap linear_tap(
    int position, int source_size, double scale, double inverse, int enlarge_area)
{
    int first;
    float share;
    if (enlarge_area) {
        first = (int)floor(position * scale);
        share = (float)((position + 1) - (first + 1) * inverse);
        share = share <= 0.0f ? 0.0f : share - floorf(share);
    } else {
        share = (float)((position + 0.5) * scale - 0.5);
        first = (int)floorf(share);
        share -= (float)first;
    }

    LinearTap tap;
    tap.first = clamp_int(first, 0, source_size - 1);
    tap.second = clamp_int(first + 1, 0, source_size - 1);
    tap.weight0 = (int)rintf((1.0f - share) * 2048.0f);
    tap.weight1 = (int)rintf(share * 2048.0f);
    return tap;
}

struct CubicTap {
    int first;     // source position of the second of four; may be outside the source
    int weight[4]; // of 2048
};

static __device__ __forceinline__ CubicTap cubic_tap(int position, double scale)
{
    const float a = -0.75f;
    float share = (float)((position + 0.5) * scale - 0.5);
    CubicTap tap;
    tap.first = (int)floorf(share);
    share -= (float)tap.first;

    const float before = share + 1.0f, after = 1.0f - share;
    float weight[4];
    weight[0] = ((a * before - 5.0f * a) * before + 8.0f * a) * before - 4.0f * a;
    weight[1] = ((a + 2.0f) * share - (a + 3.0f)) * share * share + 1.0f;
    weight[2] = ((a + 2.0f) * after - (a + 3.0f)) * after * after + 1.0f;
    weight[3] = 1.0f - weight[0] - weight[1] - weight[2];
    for (int k = 0; k < 4; ++k) tap.weight[k] = (int)rintf(weight[k] * 2048.0f);
    return tap;
}

struct AreaSpan {
    int begin, end;             // source positions, end not included
    float first, last, total;   // weights of the first and last position; all between have 1
};

static __device__ __forceinline__ AreaSpan area_span(int position, int source_size, double scale)
{
    const double low = position * scale;
    const double high = fmin((position + 1) * scale, (double)source_size);
    AreaSpan span;
    span.begin = clamp_int((int)floor(low), 0, source_size - 1);
    span.end = clamp_int((int)ceil(high), span.begin + 1, source_size);
    span.first = (float)(fmin(high, span.begin + 1.0) - low);
    span.last = (float)(high - (span.end - 1.0));
    span.total = (float)(high - low);
    return span;
}

static __device__ __forceinline__ float area_weight(const AreaSpan& span, int position)
{
    if (position == span.begin) return span.first;
    return position == span.end - 1 ? span.last : 1.0f;
}

// Weights of 2^15, as cv::cvtColor rounds them (modules/imgproc/src/color.simd_helpers.hpp).
static __device__ __forceinline__ int grey_level(int red, int green, int blue)
{
    return (red * 9798 + green * 19235 + blue * 3735 + (1 << 14)) >> 15;
}

// First byte of a row of the crop.
static __device__ __forceinline__ const unsigned char* row_of(
    const unsigned char* frame, long long step, const int* rows, int crop_y, int row)
{
    return frame + (rows ? rows[row] : crop_y + row) * step;
}

// Grid: 2-D, one thread a pixel of the network's input.
// frame: first byte of the frame of 3 bytes a pixel; step: bytes from row to row.
// rows: may be null; else the frame holds only the rows that are read, and rows[k] is the place of
//     row k of the crop among them.
// swap: the frame's and the network's channel orders differ.
// crop_*: region of the frame that is used; paste_*: region of the input that it fills.
// scale_*: source pixels a network pixel.
// pad*: levels around the paste region, in the frame's channel order.
// offset: elements before the slot in out; nhwc: channels last.
// grey: out has one channel, of mean0 and std0; the frame is blue first if swap is set.
extern "C" __global__ void preprocess(
    const unsigned char* __restrict__ frame, long long step, const int* __restrict__ rows, int swap,
    int crop_x, int crop_y, int crop_w, int crop_h,
    int paste_x, int paste_y, int paste_w, int paste_h,
    int network_w, int network_h, int interpolation, double scale_x, double scale_y,
    int pad0, int pad1, int pad2, float factor, float mean0, float mean1, float mean2,
    float std0, float std1, float std2,
    void* __restrict__ out, long long offset, int nhwc, int grey, int type)
{
    const int x = (int)thread_index();
    const int y = (int)(blockIdx.y * blockDim.y + threadIdx.y);
    if (x >= network_w || y >= network_h) return;

    const int px = x - paste_x, py = y - paste_y;
    int level[3] = {pad0, pad1, pad2};
    if (px >= 0 && py >= 0 && px < paste_w && py < paste_h) {
        const unsigned char* crop = frame + (long long)crop_x * 3;
        if (interpolation == NEAREST) {
            const int sx = clamp_int((int)floor(px * scale_x), 0, crop_w - 1);
            const int sy = clamp_int((int)floor(py * scale_y), 0, crop_h - 1);
            const unsigned char* p = row_of(crop, step, rows, crop_y, sy) + (long long)sx * 3;
            level[0] = p[0];
            level[1] = p[1];
            level[2] = p[2];
        } else if (interpolation == AREA_SHRINK) {
            const AreaSpan h = area_span(px, crop_w, scale_x);
            const AreaSpan v = area_span(py, crop_h, scale_y);
            float sum[3] = {0.0f, 0.0f, 0.0f};
            for (int sy = v.begin; sy < v.end; ++sy) {
                const unsigned char* row = row_of(crop, step, rows, crop_y, sy);
                const float wy = area_weight(v, sy);
                for (int sx = h.begin; sx < h.end; ++sx) {
                    const unsigned char* p = row + (long long)sx * 3;
                    const float w = wy * area_weight(h, sx);
                    sum[0] += w * p[0];
                    sum[1] += w * p[1];
                    sum[2] += w * p[2];
                }
            }
            const float area = h.total * v.total;
            for (int c = 0; c < 3; ++c)
                level[c] = clamp_int((int)rintf(sum[c] / area), 0, 255);
        } else if (interpolation == BICUBIC) {
            const CubicTap h = cubic_tap(px, scale_x);
            const CubicTap v = cubic_tap(py, scale_y);
            int sum[3] = {0, 0, 0};
            for (int j = 0; j < 4; ++j) {
                const unsigned char* row = row_of(
                    crop, step, rows, crop_y, clamp_int(v.first - 1 + j, 0, crop_h - 1));
                int across[3] = {0, 0, 0};
                for (int i = 0; i < 4; ++i) {
                    const unsigned char* p
                        = row + (long long)clamp_int(h.first - 1 + i, 0, crop_w - 1) * 3;
                    for (int c = 0; c < 3; ++c) across[c] += h.weight[i] * p[c];
                }
                for (int c = 0; c < 3; ++c) sum[c] += v.weight[j] * across[c];
            }
            for (int c = 0; c < 3; ++c)
                level[c] = clamp_int((sum[c] + (1 << 21)) >> 22, 0, 255);
        } else {
            const int enlarge = interpolation == AREA_ENLARGE;
            const LinearTap h = linear_tap(
                px, crop_w, scale_x, (double)paste_w / crop_w, enlarge);
            const LinearTap v = linear_tap(
                py, crop_h, scale_y, (double)paste_h / crop_h, enlarge);
            const unsigned char* row0 = row_of(crop, step, rows, crop_y, v.first);
            const unsigned char* row1 = row_of(crop, step, rows, crop_y, v.second);
            const long long p0 = (long long)h.first * 3;
            const long long p1 = (long long)h.second * 3;
            for (int c = 0; c < 3; ++c) {
                const int top = row0[p0 + c] * h.weight0 + row0[p1 + c] * h.weight1;
                const int low = row1[p0 + c] * h.weight0 + row1[p1 + c] * h.weight1;
                level[c] = clamp_int(
                    (((v.weight0 * (top >> 4)) >> 16) + ((v.weight1 * (low >> 4)) >> 16) + 2) >> 2,
                    0, 255);
            }
        }
    }

    if (grey) {
        const int luma = grey_level(level[swap ? 2 : 0], level[1], level[swap ? 0 : 2]);
        const float value = ((float)luma * factor - mean0) / std0;
        store_element(out, type, offset + (long long)y * network_w + x, value);
        return;
    }

    const float mean[3] = {mean0, mean1, mean2};
    const float deviation[3] = {std0, std1, std2};
    const long long plane = (long long)network_w * network_h;
    const long long pixel = (long long)y * network_w + x;
    for (int c = 0; c < 3; ++c) {
        const int source = swap ? 2 - c : c;
        const float value = ((float)level[source] * factor - mean[c]) / deviation[c];
        store_element(out, type, offset + (nhwc ? pixel * 3 + c : plane * c + pixel), value);
    }
}
