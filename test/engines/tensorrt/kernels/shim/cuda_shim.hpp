// SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
// SPDX-License-Identifier: Apache-2.0
// As much of CUDA C++ as the kernels use, on the CPU: indices, shared memory, barriers, atomics.
//
// A kernel without barriers runs thread after thread. One with barriers runs each thread of a
// block on a stack of its own, from barrier to barrier; __shared__ becomes static, which is
// enough because blocks run one after the other.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include <ucontext.h>

#define __global__
#define __device__
#define __shared__ static
#define __forceinline__ inline
#define __restrict__ __restrict

struct Dim3 {
    unsigned x, y, z;
};

static Dim3 threadIdx, blockIdx, blockDim, gridDim;

static inline unsigned atomicAdd(unsigned* address, unsigned value)
{
    const unsigned before = *address;
    *address += value;
    return before;
}

// IEEE 754 binary16 by its definition; ties to even through rint in the exact binary64.
static inline float half_to_float(unsigned short bits)
{
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value;
    if (exponent == 31)
        value = fraction ? NAN : INFINITY;
    else if (exponent == 0)
        value = std::ldexp(fraction, -24);
    else
        value = std::ldexp(1024 + fraction, exponent - 25);
    return (float)(bits & 0x8000 ? -value : value);
}

static inline unsigned short float_to_half(float value)
{
    const unsigned short sign = std::signbit(value) ? 0x8000 : 0;
    const double size = std::fabs((double)value);
    if (std::isnan(value)) return 0x7fff;
    if (size >= 65520.0) return sign | 0x7c00;
    int exponent = size < std::ldexp(1.0, -14) ? -14 : std::ilogb(size);
    // Counts of the last bit; a carry into the exponent comes out right by the addition.
    const double units = std::rint(std::ldexp(size, 10 - exponent));
    if (exponent == -14) return sign | (unsigned short)units;
    return sign | (unsigned short)(((exponent + 14) << 10) + (int)units);
}

namespace shim {

struct Fiber {
    ucontext_t context;
    std::vector<char> stack;
    unsigned thread;
    bool is_done;
};

static ucontext_t scheduler;
static Fiber* running = nullptr;
static void (*body)(void*) = nullptr;
static void* body_arguments = nullptr;

static inline void fail(const char* message)
{
    std::fprintf(stderr, "CUDA shim: %s\n", message);
    std::abort();
}

static inline void enter_thread(unsigned thread)
{
    threadIdx = {thread % blockDim.x, thread / blockDim.x % blockDim.y,
                 thread / (blockDim.x * blockDim.y)};
}

static inline void fiber_main()
{
    body(body_arguments);
    running->is_done = true;
}

static inline void run_block_with_barriers(unsigned threads, bool backwards)
{
    static std::vector<Fiber> fibers;
    fibers.resize(threads);
    for (unsigned t = 0; t < threads; ++t) {
        Fiber& fiber = fibers[t];
        fiber.stack.resize(1 << 16);
        fiber.thread = backwards ? threads - 1 - t : t;
        fiber.is_done = false;
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.data();
        fiber.context.uc_stack.ss_size = fiber.stack.size();
        fiber.context.uc_link = &scheduler;
        makecontext(&fiber.context, fiber_main, 0);
    }
    for (unsigned done = 0; done < threads;) {
        done = 0;
        for (Fiber& fiber : fibers) {
            running = &fiber;
            enter_thread(fiber.thread);
            swapcontext(&scheduler, &fiber.context);
            done += fiber.is_done;
        }
        if (done && done != threads) fail("not all threads of a block reach a barrier");
    }
    running = nullptr;
}

template <class... A, std::size_t... I>
void call(void (*kernel)(A...), void** arguments, std::index_sequence<I...>)
{
    kernel(*static_cast<A*>(arguments[I])...);
}

// As cuLaunchKernel: an address for each argument.
template <class... A>
void launch(void (*kernel)(A...), bool has_barriers, const unsigned* shape, bool backwards,
            void** arguments)
{
    struct Launch {
        void (*kernel)(A...);
        void** arguments;
        static void run(void* self)
        {
            call(((Launch*)self)->kernel, ((Launch*)self)->arguments,
                 std::index_sequence_for<A...>());
        }
    } here = {kernel, arguments};
    body = Launch::run;
    body_arguments = &here;
    gridDim = {shape[0], shape[1], 1};
    blockDim = {shape[2], shape[3], shape[4]};
    const unsigned blocks = gridDim.x * gridDim.y;
    const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
    for (unsigned b = 0; b < blocks; ++b) {
        const unsigned block = backwards ? blocks - 1 - b : b;
        blockIdx = {block % gridDim.x, block / gridDim.x, 0};
        if (has_barriers) {
            run_block_with_barriers(threads, backwards);
            continue;
        }
        for (unsigned t = 0; t < threads; ++t) {
            enter_thread(backwards ? threads - 1 - t : t);
            body(body_arguments);
        }
    }
}

} // namespace shim

static inline void __syncthreads()
{
    if (!shim::running) shim::fail("a barrier in a kernel that is launched without");
    swapcontext(&shim::running->context, &shim::scheduler);
}

// Makes a kernel callable from Python.
#define SHIM_LAUNCH(kernel, has_barriers)                                                         \
    extern "C" void launch_##kernel(const unsigned* shape, int backwards, void** arguments)       \
    {                                                                                             \
        shim::launch(kernel, has_barriers, shape, backwards != 0, arguments);                     \
    }
