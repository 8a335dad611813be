/* SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A CUDA driver whose GPU computes nothing, and takes a fixed time for what it is given. Memory of
 * the GPU is host memory, full of zeros. fixed_times.py adds the other functions that PyCUDA links,
 * which do nothing.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

enum { INTEGRATED = 18, MAJOR = 75, MINOR = 76, MOST_BLOCKS = 256 };

/* What the GPU takes, and what the call itself takes on the host, in nanoseconds. */
static uint64_t graph_ns = 270000;
static const uint64_t copy_ns = 20000, kernel_ns = 5000;
static const uint64_t call_ns = 500, enqueue_ns = 3000, launch_graph_ns = 6000;

struct stream { uint64_t done_ns; };
static struct stream default_stream;
static struct { char *start; size_t size; } blocks[MOST_BLOCKS];

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void spend(uint64_t ns) {
    const uint64_t end_ns = now_ns() + ns;
    while (now_ns() < end_ns) {}
}

static struct stream *stream_of(void *handle) {
    return (uintptr_t)handle < 16 ? &default_stream : handle;
}

static int put(void *handle, uint64_t ns, uint64_t host_ns) {
    struct stream *stream = stream_of(handle);
    spend(host_ns);
    const uint64_t now = now_ns();
    stream->done_ns = (stream->done_ns > now ? stream->done_ns : now) + ns;
    return 0;
}

static int wait_until(uint64_t done_ns) {
    const struct timespec end = {(time_t)(done_ns / 1000000000u), (long)(done_ns % 1000000000u)};
    if (done_ns > now_ns()) {
        prctl(PR_SET_TIMERSLACK, 1);
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
    }
    return 0;
}

static int is_pinned(const char *address) {
    for (int k = 0; k < MOST_BLOCKS; k++)
        if (blocks[k].start && address >= blocks[k].start &&
            address < blocks[k].start + blocks[k].size)
            return 1;
    return 0;
}

void set_graph_ns(uint64_t ns) { graph_ns = ns; }

int cuDeviceGetCount(int *count) { *count = 1; return 0; }
int cuDeviceGet(int *device, int index) { (void)index; *device = 0; return 0; }
int cuDeviceGetName(char *name, int size, int device) {
    (void)device;
    snprintf(name, (size_t)size, "fixed times");
    return 0;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    (void)device;
    *value = attribute == MAJOR ? 8 : attribute == MINOR ? 7 : attribute == INTEGRATED ? 0 : 1;
    return 0;
}
int cuDriverGetVersion(int *version) { *version = 12040; return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) {
    (void)device;
    *context = &default_stream;
    return 0;
}
int cuCtxGetDevice(int *device) { *device = 0; return 0; }
int cuCtxGetApiVersion(void *context, unsigned *version) {
    (void)context;
    *version = 12040;
    return 0;
}
int cuCtxPushCurrent_v2(void *context) { (void)context; spend(call_ns); return 0; }
int cuCtxPopCurrent_v2(void **context) {
    if (context) *context = &default_stream;
    spend(call_ns);
    return 0;
}

int cuMemAlloc_v2(void **address, size_t size) { *address = calloc(1, size); return 0; }
int cuMemFree_v2(void *address) { free(address); return 0; }
int cuMemHostAlloc(void **address, size_t size, unsigned flags) {
    (void)flags;
    *address = calloc(1, size);
    for (int k = 0; k < MOST_BLOCKS; k++)
        if (!blocks[k].start) {
            blocks[k].size = size;
            blocks[k].start = *address;
            break;
        }
    return 0;
}
int cuMemFreeHost(void *address) {
    for (int k = 0; k < MOST_BLOCKS; k++)
        if (blocks[k].start == address) blocks[k].start = NULL;
    free(address);
    return 0;
}
int cuMemHostGetDevicePointer_v2(void **device, void *address, unsigned flags) {
    (void)flags;
    *device = address;
    return 0;
}
int cuPointerGetAttributes(unsigned count, int *attributes, void **values, void *address) {
    (void)count, (void)attributes;
    spend(call_ns);
    *(unsigned *)values[0] = (unsigned)is_pinned(address);
    *(void **)values[1] = is_pinned(address) ? address : NULL;
    return 0;
}

int cuStreamCreate(void **stream, unsigned flags) {
    (void)flags;
    *stream = calloc(1, sizeof(struct stream));
    return 0;
}
int cuStreamSynchronize(void *stream) { return wait_until(stream_of(stream)->done_ns); }
int cuMemcpyHtoDAsync_v2(void *to, const void *from, size_t size, void *stream) {
    (void)to, (void)from, (void)size;
    return put(stream, copy_ns, enqueue_ns);
}
int cuMemcpyDtoHAsync_v2(void *to, const void *from, size_t size, void *stream) {
    (void)to, (void)from, (void)size;
    return put(stream, copy_ns, enqueue_ns);
}
int cuLaunchKernel(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                   unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,
                   void *stream, void **parameters, void **extra) {
    (void)function, (void)grid_x, (void)grid_y, (void)grid_z, (void)block_x, (void)block_y;
    (void)block_z, (void)shared, (void)parameters, (void)extra;
    return put(stream, kernel_ns, enqueue_ns);
}
int cuModuleLoadDataEx(void **module, const void *image, unsigned count, void *options,
                       void **values) {
    (void)image, (void)count, (void)options, (void)values;
    *module = &default_stream;
    return 0;
}
int cuModuleGetFunction(void **function, void *module, const char *name) {
    (void)module, (void)name;
    *function = &default_stream;
    return 0;
}

int cuStreamBeginCapture_v2(void *stream, int mode) { (void)stream, (void)mode; return 0; }
int cuStreamEndCapture(void *stream, void **graph) {
    (void)stream;
    *graph = &default_stream;
    return 0;
}
int cuGraphInstantiateWithFlags(void **executable, void *graph, uint64_t flags) {
    (void)flags;
    *executable = graph;
    return 0;
}
int cuGraphDestroy(void *graph) { (void)graph; return 0; }
int cuGraphExecDestroy(void *executable) { (void)executable; return 0; }
int cuGraphLaunch(void *executable, void *stream) {
    (void)executable;
    return put(stream, graph_ns, launch_graph_ns);
}
