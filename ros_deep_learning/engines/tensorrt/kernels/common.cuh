// SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
// SPDX-License-Identifier: Apache-2.0
// What all kernels share: element types, half precision, launch shapes.
//
// The sources are joined into one translation unit and need no header, so that NVRTC takes them
// without an include path. A plain C++ compiler takes them too, after a shim has defined CUDA's
// keywords, indices and the two half conversions below. They are compiled without contraction
// of a*b+c (--fmad=false), so that every compiler computes the same bits.

enum ElementType { FLOAT32 = 0, FLOAT16 = 1, UINT8 = 2 };

#if defined(__CUDACC__)
static __device__ __forceinline__ float half_to_float(unsigned short bits)
{
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
}

static __device__ __forceinline__ unsigned short float_to_half(float value)
{
    unsigned short bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    return bits;
}
#endif

static __device__ __forceinline__ float load_element(
    const void* __restrict__ data, int type, long long index)
{
    return type == FLOAT16 ? half_to_float(((const unsigned short*)data)[index])
                           : ((const float*)data)[index];
}

// UINT8 is rounded half to even and saturated; NaN becomes 0.
static __device__ __forceinline__ void store_element(
    void* __restrict__ data, int type, long long index, float value)
{
    if (type == FLOAT32)
        ((float*)data)[index] = value;
    else if (type == FLOAT16)
        ((unsigned short*)data)[index] = float_to_half(value);
    else
        ((unsigned char*)data)[index] = (unsigned char)fminf(fmaxf(rintf(value), 0.0f), 255.0f);
}

static __device__ __forceinline__ int clamp_int(int value, int low, int high)
{
    return value < low ? low : (value > high ? high : value);
}

static __device__ __forceinline__ long long thread_index(void)
{
    return (long long)blockIdx.x * blockDim.x + threadIdx.x;
}

// Grid: 1-D, one thread a word.
extern "C" __global__ void zero_words(unsigned int* __restrict__ words, int count)
{
    const long long i = thread_index();
    if (i < count) words[i] = 0;
}
