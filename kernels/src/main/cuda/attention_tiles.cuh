// Tiles of matrices in shared memory, and products of them, of which each of 16 by 16 threads computes a part.
#pragma once

#include "vector.cuh"

namespace {

constexpr int SIDE = 16;
constexpr int THREADS = SIDE * SIDE;

// Rows of tiles are padded, so that threads which read one column of consecutive rows meet in no bank.
template <typename C, int W>
constexpr int STRIDE = W + WIDE<C>;

// Rows of a matrix to shared memory; zeros below its last row and beyond its last column.
template <typename T, int TILE, int W>
__device__ void load_tile(computed<T>* to, const T* from, long long stride, int rows, int columns) {
    using C = computed<T>;
    constexpr int P = WIDE<T>;
    if (on_boundary(from) && stride % P == 0 && columns % P == 0) {
#pragma unroll 2
        for (int i = threadIdx.x; i < TILE * (W / P); i += THREADS) {
            int r = i / (W / P);
            int c = i % (W / P) * P;
            Pack<T, P> pack = {};
            if (r < rows && c < columns) {
                pack = load_pack<P>(from + r * stride + c);
            }
#pragma unroll
            for (int e = 0; e < P; e++) {
                to[r * STRIDE<C, W> + c + e] = load(pack.at + e);
            }
        }
    } else {
#pragma unroll 1
        for (int i = threadIdx.x; i < TILE * W; i += THREADS) {
            int r = i / W;
            int c = i % W;
            to[r * STRIDE<C, W> + c] = r < rows && c < columns ? load(from + r * stride + c) : C(0);
        }
    }
}

// A thread's part of a tile of scores: M rows of `a` from row M * (thread / 16), and every 16th row of `b` from row thread % 16.
template <int M, int W, typename C>
__device__ __forceinline__ void add_products(C (&s)[M][M], const C* a, const C* b) {
    a += threadIdx.x / SIDE * M * STRIDE<C, W>;
    b += threadIdx.x % SIDE * STRIDE<C, W>;
#pragma unroll 1
    for (int d = 0; d < W; d += WIDE<C>) {
        Pack<C, WIDE<C>> x[M], y[M];
#pragma unroll
        for (int i = 0; i < M; i++) {
            x[i] = load_pack<WIDE<C>>(a + i * STRIDE<C, W> + d);
            y[i] = load_pack<WIDE<C>>(b + i * SIDE * STRIDE<C, W> + d);
        }
#pragma unroll
        for (int e = 0; e < WIDE<C>; e++) {
#pragma unroll
            for (int i = 0; i < M; i++) {
#pragma unroll
                for (int j = 0; j < M; j++) {
                    s[i][j] += x[i].at[e] * y[j].at[e];
                }
            }
        }
    }
}

template <int M, typename C>
__device__ __forceinline__ void store_scores(C* to, const C (&s)[M][M]) {
    to += threadIdx.x / SIDE * M * STRIDE<C, SIDE * M> + threadIdx.x % SIDE;
#pragma unroll
    for (int i = 0; i < M; i++) {
#pragma unroll
        for (int j = 0; j < M; j++) {
            to[i * STRIDE<C, SIDE * M> + j * SIDE] = s[i][j];
        }
    }
}

// A thread's columns of a chunk of W: groups of a pack, or fewer.
template <typename C, int W>
struct Columns {
    static constexpr int COUNT = W / SIDE;
    static constexpr int GROUP = COUNT < WIDE<C> ? COUNT : WIDE<C>;
    static __device__ __forceinline__ int at(int n) { return n / GROUP * GROUP * SIDE + threadIdx.x % SIDE * GROUP + n % GROUP; }

    static __device__ __forceinline__ void read(C (&row)[COUNT], const C* from) {
#pragma unroll
        for (int n = 0; n < COUNT; n += GROUP) {
            Pack<C, GROUP> pack = load_pack<GROUP>(from + at(n));
#pragma unroll
            for (int e = 0; e < GROUP; e++) {
                row[n + e] = pack.at[e];
            }
        }
    }
};

// sums += weights values: M rows of weights [row, k], of TILE rows of k. With SEEN, values whose weight is 0 may be anything: they are
// not seen.
template <int M, int W, bool SEEN, typename C>
__device__ __forceinline__ void add_weighted(C (&sums)[M][W / SIDE], const C* weights, const C* values) {
    weights += threadIdx.x / SIDE * M * STRIDE<C, SIDE * M>;
#pragma unroll 1
    for (int k = 0; k < SIDE * M; k += WIDE<C>) {
        Pack<C, WIDE<C>> w[M];
#pragma unroll
        for (int i = 0; i < M; i++) {
            w[i] = load_pack<WIDE<C>>(weights + i * STRIDE<C, SIDE * M> + k);
        }
#pragma unroll
        for (int e = 0; e < WIDE<C>; e++) {
            C row[W / SIDE];
            Columns<C, W>::read(row, values + (k + e) * STRIDE<C, W>);
#pragma unroll
            for (int i = 0; i < M; i++) {
#pragma unroll
                for (int n = 0; n < W / SIDE; n++) {
                    if (!SEEN || w[i].at[e] != 0) {
                        sums[i][n] += w[i].at[e] * row[n];
                    }
                }
            }
        }
    }
}

// The same with weights [k, row].
template <int M, int W, bool SEEN, typename C>
__device__ __forceinline__ void add_weighted_transposed(C (&sums)[M][W / SIDE], const C* weights, const C* values) {
    weights += threadIdx.x / SIDE * M;
#pragma unroll 2
    for (int k = 0; k < SIDE * M; k++) {
        Pack<C, M> w = load_pack<M>(weights + k * STRIDE<C, SIDE * M>);
        C row[W / SIDE];
        Columns<C, W>::read(row, values + k * STRIDE<C, W>);
#pragma unroll
        for (int i = 0; i < M; i++) {
#pragma unroll
            for (int n = 0; n < W / SIDE; n++) {
                if (!SEEN || w.at[i] != 0) {
                    sums[i][n] += w.at[i] * row[n];
                }
            }
        }
    }
}

// Of the 16 threads that share rows.
template <typename C, typename Combine>
__device__ __forceinline__ C over_side(C x, Combine combine) {
#pragma unroll
    for (int mask = SIDE / 2; mask > 0; mask /= 2) {
        x = combine(x, __shfl_xor_sync(ALL_LANES, x, mask));
    }
    return x;
}

template <typename T, int M, int W>
__device__ void store_rows(T* to, long long stride, int rows, int columns, const computed<T> (&sums)[M][W / SIDE]) {
    int first = threadIdx.x / SIDE * M;
#pragma unroll
    for (int i = 0; i < M; i++) {
#pragma unroll
        for (int n = 0; n < W / SIDE; n++) {
            int c = Columns<computed<T>, W>::at(n);
            if (first + i < rows && c < columns) {
                store(to + (first + i) * stride + c, sums[i][n]);
            }
        }
    }
}

}  // namespace
