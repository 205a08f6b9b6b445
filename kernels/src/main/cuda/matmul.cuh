// What the kernels of products share: the tile that a block takes, and what becomes of its sums.
#pragma once

#include "activation.cuh"

// A row of tiles is visited in strips of so many, so that blocks which run together read few different rows and columns: the second
// cache then holds them.
constexpr int STRIP = 8;

// The place of this block's tile in C, in tiles.
struct TilePlace {
    int row, column;

    __device__ __forceinline__ TilePlace(int rows, int columns) {
        int first = blockIdx.x / (STRIP * columns) * STRIP;
        int height = rows - first < STRIP ? rows - first : STRIP;
        int within = blockIdx.x % (STRIP * columns);
        row = first + within % height;
        column = within / height;
    }
};

// The part of the sum over k that this block takes: grid.y blocks share it, each a multiple of `unit` but the last.
struct KRange {
    int from, to;

    __device__ __forceinline__ KRange(int k, int unit) {
        int units = (k + unit - 1) / unit;
        int each = (units + gridDim.y - 1) / gridDim.y;
        long long start = static_cast<long long>(blockIdx.y) * each * unit;
        from = start < k ? static_cast<int>(start) : k;
        to = k - from < each * unit ? k : from + each * unit;
    }
};

// Four neighbours of a row, on a boundary of four elements where `aligned` says so.
__device__ __forceinline__ void load_four(const float* at, float (&x)[4]) {
    float4 v = *reinterpret_cast<const float4*>(at);
    x[0] = v.x, x[1] = v.y, x[2] = v.z, x[3] = v.w;
}
__device__ __forceinline__ void load_four(const double* at, double (&x)[4]) {
    double2 v = reinterpret_cast<const double2*>(at)[0], w = reinterpret_cast<const double2*>(at)[1];
    x[0] = v.x, x[1] = v.y, x[2] = w.x, x[3] = w.y;
}
__device__ __forceinline__ void load_four(const bf16* at, float (&x)[4]) {
    uint2 v = *reinterpret_cast<const uint2*>(at);
    x[0] = __uint_as_float(v.x << 16), x[1] = __uint_as_float(v.x & 0xffff0000u);
    x[2] = __uint_as_float(v.y << 16), x[3] = __uint_as_float(v.y & 0xffff0000u);
}
__device__ __forceinline__ void store_four(float* at, const float (&x)[4]) {
    *reinterpret_cast<float4*>(at) = make_float4(x[0], x[1], x[2], x[3]);
}
__device__ __forceinline__ void store_four(double* at, const double (&x)[4]) {
    reinterpret_cast<double2*>(at)[0] = make_double2(x[0], x[1]);
    reinterpret_cast<double2*>(at)[1] = make_double2(x[2], x[3]);
}
__device__ __forceinline__ void store_four(bf16* at, const float (&x)[4]) {
    uint2 v;
    v.x = narrowed(x[0]).bits | static_cast<unsigned>(narrowed(x[1]).bits) << 16;
    v.y = narrowed(x[2]).bits | static_cast<unsigned>(narrowed(x[3]).bits) << 16;
    *reinterpret_cast<uint2*>(at) = v;
}

template <typename O>
__device__ __forceinline__ bool on_fours(const O* at, long long stride) {
    return reinterpret_cast<uintptr_t>(at) % (4 * sizeof(O)) == 0 && stride % 4 == 0;
}

// Together, or those of the four that are there, one by one.
template <typename O>
__device__ __forceinline__ void load_some(const O* at, bool together, int there, computed<O> (&x)[4]) {
    if (together) {
        load_four(at, x);
        return;
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
        x[i] = i < there ? load(at + i) : computed<O>(0);
    }
}
template <typename O>
__device__ __forceinline__ void store_some(O* at, bool together, int there, const computed<O> (&x)[4]) {
    if (together) {
        store_four(at, x);
        return;
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
        if (i < there) {
            store(at + i, x[i]);
        }
    }
}

// c = activation(alpha sum + beta c + bias), and what goes into the activation to `pre` if that is wanted. All of type O.
template <typename O>
struct Result {
    using C = computed<O>;

    O* c;
    long long cStride;
    const O* bias;
    O* pre;
    long long preStride;
    int m, n;
    C alpha, beta;
    int activation;
    // Four elements on a boundary of four columns may be moved together.
    bool aligned;

    __device__ __forceinline__ Result(O* c, long long cStride, const O* bias, O* pre, long long preStride, int m, int n, double alpha, double beta,
                                      int activation)
        : c(c), cStride(cStride), bias(bias), pre(pre), preStride(preStride), m(m), n(n), alpha(static_cast<C>(alpha)),
          beta(static_cast<C>(beta)), activation(activation) {
        aligned = on_fours(c, cStride) && on_fours(bias, 0) && on_fours(pre, preStride);
    }

    // Of four columns from a multiple of four on.
    __device__ __forceinline__ void put(int row, int column, C (&x)[4]) const {
        if (row >= m || column >= n) {
            return;
        }
        int there = n - column;
        bool together = aligned && there >= 4;
        O* to = c + row * cStride + column;
        C more[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            x[i] *= alpha;
        }
        if (beta != 0) {
            load_some(to, together, there, more);
#pragma unroll
            for (int i = 0; i < 4; i++) {
                x[i] = fma(beta, more[i], x[i]);
            }
        }
        if (bias != nullptr) {
            load_some(bias + column, together, there, more);
#pragma unroll
            for (int i = 0; i < 4; i++) {
                x[i] += more[i];
            }
        }
        if (pre != nullptr) {
            store_some(pre + row * preStride + column, together, there, x);
        }
        if (activation != IDENTITY) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                x[i] = activated<O>(activation, x[i]);
            }
        }
        store_some(to, together, there, x);
    }

    // Of a part of a tile, whose sums lie in shared memory.
    template <int ROWS, int COLUMNS, int THREADS>
    __device__ __forceinline__ void put_tile(const C* sums, int stride, int row, int column) const {
#pragma unroll 1
        for (int at = threadIdx.x; at < ROWS * COLUMNS / 4; at += THREADS) {
            int i = at / (COLUMNS / 4), j = at % (COLUMNS / 4) * 4;
            C x[4];
            load_four(sums + i * stride + j, x);
            put(row + i, column + j, x);
        }
    }
};
