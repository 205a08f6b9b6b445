// What all kernels share: element types, sums over warps and blocks, and the list of kernels.
//
// Conventions, kept by lanewise.kernels.cuda:
//   - pointers point at the first element of a view; rows stand `stride` elements apart, the elements of a row are contiguous;
//   - every argument is a pointer, an int, a long long or a double; a double is rounded to the kernel's own type;
//   - a kernel's name is family_operation_type: softmax_forward_f32; bf16 kernels compute in float;
//   - blocks have at most one axis of threads, of a multiple of 32; all threads of a block reach every barrier;
//   - sums are taken in an order that depends on the shape alone, and never by atomics: the same bits in every run.
#pragma once

#ifdef LANEWISE_HOST
#include "host_block.h"
#else
#include <stdint.h>
#endif

// Brain floating point: the upper half of a float.
struct bf16 {
    uint16_t bits;
};

__device__ __forceinline__ float widened(bf16 x) { return __uint_as_float(static_cast<unsigned>(x.bits) << 16); }

// To the nearest, ties to even; NaN stays NaN.
__device__ __forceinline__ bf16 narrowed(float x) {
#ifdef LANEWISE_HOST
    unsigned bits = __float_as_uint(x);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return {static_cast<uint16_t>(0x7fff)};
    }
    return {static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
#else
    uint16_t bits;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return {bits};
#endif
}

// Two in a word, the first in its lower half, as tensor cores want them.
__device__ __forceinline__ unsigned narrowed(float first, float second) {
#ifdef LANEWISE_HOST
    return narrowed(first).bits | static_cast<unsigned>(narrowed(second).bits) << 16;
#else
    unsigned two;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(two) : "f"(second), "f"(first));
    return two;
#endif
}

// The type that a kernel computes in, by the type that its operands are stored in.
template <typename T>
struct Computed {
    using type = T;
};
template <>
struct Computed<bf16> {
    using type = float;
};
template <typename T>
using computed = typename Computed<T>::type;

__device__ __forceinline__ float load(const float* at) { return *at; }
__device__ __forceinline__ double load(const double* at) { return *at; }
__device__ __forceinline__ float load(const bf16* at) { return widened(*at); }
__device__ __forceinline__ void store(float* at, float x) { *at = x; }
__device__ __forceinline__ void store(double* at, double x) { *at = x; }
__device__ __forceinline__ void store(bf16* at, float x) { *at = narrowed(x); }

constexpr int WARP = 32;
constexpr unsigned ALL_LANES = 0xffffffffu;

struct Sum {
    template <typename C>
    __device__ __forceinline__ C operator()(C a, C b) const {
        return a + b;
    }
};

// NaN wins, as it does in the scalar definition.
struct Largest {
    template <typename C>
    __device__ __forceinline__ C operator()(C a, C b) const {
        return a > b || a != a ? a : b;
    }
};

// Of all lanes, for all lanes.
template <typename C, typename Combine>
__device__ __forceinline__ C over_warp(C x, Combine combine) {
#pragma unroll
    for (int mask = WARP / 2; mask > 0; mask /= 2) {
        x = combine(x, __shfl_xor_sync(ALL_LANES, x, mask));
    }
    return x;
}

// Of all threads of a block, for all of them. `nothing` is what changes no result. Two barriers.
template <typename C, typename Combine>
__device__ __forceinline__ C over_block(C x, C nothing, Combine combine) {
    __shared__ C ofWarp[WARP];
    int lane = threadIdx.x % WARP;
    int warp = threadIdx.x / WARP;
    int warps = blockDim.x / WARP;
    x = over_warp(x, combine);
    // Nobody still reads what the last call left.
    __syncthreads();
    if (lane == 0) {
        ofWarp[warp] = x;
    }
    __syncthreads();
    return over_warp(lane < warps ? ofWarp[lane] : nothing, combine);
}

#ifdef LANEWISE_HOST
#define DYNAMIC_SHARED(type, name) \
    type* name = reinterpret_cast<type*>((reinterpret_cast<uintptr_t>(host::dynamic_shared.data()) + 127) / 128 * 128)
// Makes a kernel known by its name.
#define LIST_KERNEL(name) static const bool listed_##name = host::add(#name, name);
#else
#define DYNAMIC_SHARED(type, name)                         \
    extern __shared__ __align__(128) unsigned char shared_bytes[]; \
    type* name = reinterpret_cast<type*>(shared_bytes)
#define LIST_KERNEL(name)
#endif
