// Runs the threads of a block on the host, one after another, as coroutines that change at barriers and warp exchanges. So the
// kernels' arithmetic of indices and their block algorithms are tested where there is no GPU, out-of-bounds accesses included
// (build it with -fsanitize=address). One block runs at a time, its threads in rising or in falling order: a missing barrier shows
// in one of the two, unless threads wait for nobody.
#pragma once

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host_switch.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __noinline__
#define __launch_bounds__(...)
#define __shared__ static
#define __align__(n) __attribute__((aligned(n)))
#define __restrict__
#define __constant__ static const

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};

struct float2 {
    float x, y;
};

struct alignas(16) float4 {
    float x, y, z, w;
};

struct uint2 {
    unsigned x, y;
};

struct alignas(16) uint4 {
    unsigned x, y, z, w;
};

struct alignas(16) double2 {
    double x, y;
};

inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
inline double2 make_double2(double x, double y) { return {x, y}; }

namespace host {

constexpr int WARP = 32;
constexpr size_t STACK = 64 << 10;
constexpr size_t EXCHANGE = 128;

// 16 bytes on their way to shared memory; what is not read becomes 0.
struct Copy {
    void* to;
    const void* from;
    int bytes;
    long group;
};

// A product that was started.
struct StartedProduct {
    std::function<void()> finish;
    long group;
};

// One thread of the block.
struct Thread {
    Place place;
    dim3 index;
    bool ended = false;
    // Barriers of the block and of the warp that it has reached.
    long block_barriers = 0;
    long warp_barriers = 0;
    // Its asynchronous copies that are not done, and the groups that it has made of them.
    std::vector<Copy> copies;
    long groups = 0;
    std::vector<StartedProduct> products;
    long product_groups = 0;

    void finish_products(long end) {
        size_t done = 0;
        for (; done < products.size() && products[done].group < end; done++) {
            products[done].finish();
        }
        products.erase(products.begin(), products.begin() + done);
    }

    // Of the groups before this one.
    void finish_copies(long end) {
        size_t done = 0;
        for (; done < copies.size() && copies[done].group < end; done++) {
            memset(copies[done].to, 0, 16);
            memcpy(copies[done].to, copies[done].from, copies[done].bytes);
        }
        copies.erase(copies.begin(), copies.begin() + done);
    }
};

inline dim3 thread_index, block_index, block_size, grid_size;
inline std::vector<Thread> threads;
inline std::vector<std::unique_ptr<char[]>> stacks;
inline int current;
inline Place scheduler;
inline std::vector<char> dynamic_shared;
inline std::vector<char> slots;
inline const std::function<void()>* body;
inline bool falling = false;
// Whether asynchronous copies and products are done at once, or as late as they may be.
inline bool copies_at_once, products_at_once;

[[noreturn]] inline void fail(const char* what) {
    fprintf(stderr, "host run: %s (block %u %u %u, thread %d)\n", what, block_index.x, block_index.y, block_index.z, current);
    abort();
}

inline void give_way() { threads[current].place.change_to(scheduler); }

// A block or a warp: how many of its threads have not ended, and the barrier that all of these have reached.
struct Group {
    int live = 0;
    int arrived = 0;
    long barrier = 0;

    void pass_if_all_arrived() {
        if (arrived == live) {
            arrived = 0;
            barrier++;
        }
    }

    void arrive() {
        arrived++;
        pass_if_all_arrived();
    }

    void end() {
        live--;
        if (live > 0) {
            pass_if_all_arrived();
        }
    }
};

inline Group block;
inline std::vector<Group> warps;

inline void block_barrier() {
    threads[current].block_barriers++;
    block.arrive();
    give_way();
}

inline void warp_barrier() {
    threads[current].warp_barriers++;
    warps[current / WARP].arrive();
    give_way();
}

inline int lane() { return current % WARP; }

// What the other lanes of the warp hand in: all lanes must call it alike, as they must a shuffle with a full mask.
template <typename T>
T* exchange(const T& mine) {
    static_assert(sizeof(T) <= EXCHANGE, "too large to be exchanged");
    int first = current / WARP * WARP;
    if (first + WARP > static_cast<int>(threads.size())) {
        fail("an exchange in a warp that is not whole");
    }
    memcpy(&slots[current * EXCHANGE], &mine, sizeof(T));
    warp_barrier();
    static T all[WARP];
    for (int i = 0; i < WARP; i++) {
        memcpy(&all[i], &slots[(first + i) * EXCHANGE], sizeof(T));
    }
    return all;
}

// After what came of an exchange has been read, so that the next one may begin.
inline void exchanged() { warp_barrier(); }

inline void thread_body() {
    (*body)();
    threads[current].ended = true;
    block.end();
    warps[current / WARP].end();
    give_way();
}

inline bool waits(const Thread& thread, int index) {
    return thread.block_barriers > block.barrier || thread.warp_barriers > warps[index / WARP].barrier;
}

inline void run_block(const std::function<void()>& kernel) {
    body = &kernel;
    int count = static_cast<int>(block_size.x * block_size.y * block_size.z);
    threads.assign(count, Thread());
    slots.assign(count * EXCHANGE, 0);
    block = Group();
    warps.assign((count + WARP - 1) / WARP, Group());
    while (static_cast<int>(stacks.size()) < count) {
        stacks.emplace_back(new char[STACK]);
    }
    for (int i = 0; i < count; i++) {
        Thread& thread = threads[i];
        unsigned at = i;
        thread.index.x = at % block_size.x;
        thread.index.y = at / block_size.x % block_size.y;
        thread.index.z = at / (block_size.x * block_size.y);
        thread.place.begin(stacks[i].get(), STACK, thread_body);
        block.live++;
        warps[i / WARP].live++;
    }
    while (block.live > 0) {
        bool moved = false;
        bool warp_moved = false;
        for (int n = 0; n < count; n++) {
            // A warp goes on until it waits for others, so that it is far ahead of those that should wait for it and do not.
            if (n % WARP == 0 && warp_moved) {
                n -= WARP;
                warp_moved = false;
            }
            int i = falling ? count - 1 - n : n;
            if (threads[i].ended || waits(threads[i], i)) {
                continue;
            }
            moved = warp_moved = true;
            current = i;
            thread_index = threads[i].index;
            scheduler.change_to(threads[i].place);
        }
        if (!moved) {
            fail("threads wait for each other at different barriers");
        }
    }
}

inline void run_grid(dim3 grid, dim3 block, size_t shared, const std::function<void()>& kernel) {
    static unsigned launches;
    launches++;
    copies_at_once = launches / 2 % 2 == 0;
    products_at_once = launches / 4 % 2 == 0;
    grid_size = grid;
    block_size = block;
    for (unsigned z = 0; z < grid.z; z++) {
        for (unsigned y = 0; y < grid.y; y++) {
            for (unsigned x = 0; x < grid.x; x++) {
                block_index.x = x;
                block_index.y = y;
                block_index.z = z;
                // Poison: shared memory is not cleared on a device.
                dynamic_shared.assign(shared + 128, static_cast<char>(0x7f));
                run_block(kernel);
            }
        }
    }
}

// Kernels by name, each called with its arguments as 8 bytes each.
using Kernel = std::function<void(const uint64_t*)>;
inline std::map<std::string, Kernel>& kernels() {
    static std::map<std::string, Kernel> all;
    return all;
}

template <typename T>
T argument(uint64_t bits) {
    T value;
    memcpy(&value, &bits, sizeof(T));
    return value;
}

template <typename... A, size_t... I>
void call(void (*kernel)(A...), const uint64_t* arguments, std::index_sequence<I...>) {
    kernel(argument<A>(arguments[I])...);
}

template <typename... A>
bool add(const char* name, void (*kernel)(A...)) {
    kernels()[name] = [kernel](const uint64_t* arguments) { call(kernel, arguments, std::index_sequence_for<A...>()); };
    return true;
}

}  // namespace host

#define threadIdx (host::thread_index)
#define blockIdx (host::block_index)
#define blockDim (host::block_size)
#define gridDim (host::grid_size)

inline void __syncthreads() { host::block_barrier(); }
inline void __syncwarp(unsigned = 0xffffffffu) { host::warp_barrier(); }

template <typename T>
T __shfl_sync(unsigned, T value, int from) {
    T result = host::exchange(value)[from & 31];
    host::exchanged();
    return result;
}

template <typename T>
T __shfl_xor_sync(unsigned, T value, int mask) {
    T result = host::exchange(value)[host::lane() ^ mask];
    host::exchanged();
    return result;
}

template <typename T>
T __shfl_down_sync(unsigned, T value, unsigned delta) {
    int from = host::lane() + static_cast<int>(delta);
    T result = host::exchange(value)[from < 32 ? from : host::lane()];
    host::exchanged();
    return result;
}

inline int __any_sync(unsigned, int predicate) {
    const int* all = host::exchange(predicate);
    int any = 0;
    for (int i = 0; i < host::WARP; i++) {
        any |= all[i] != 0;
    }
    host::exchanged();
    return any;
}

template <typename T>
T atomicAdd(T* at, T value) {
    T old = *at;
    *at += value;
    return old;
}

inline float __expf(float x) { return expf(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline float rsqrtf(float x) { return 1 / sqrtf(x); }
inline double rsqrt(double x) { return 1 / sqrt(x); }
inline float __uint_as_float(unsigned bits) { return host::argument<float>(bits); }
inline unsigned __float_as_uint(float x) {
    unsigned bits;
    memcpy(&bits, &x, 4);
    return bits;
}
