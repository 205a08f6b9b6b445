// Attention of bf16 on tensor cores (sm_80 and up), by the scheme of FlashAttention-2 (Dao, arXiv 2307.08691): weights and the gradients
// of scores pass from one product to the next in registers. A block of four warps takes 64 MT rows of queries, or of keys for dKey and
// dValue, of which each warp owns 16 MT; it goes over the other side's rows tile by tile, copying the next tile while it works on this.
// Backward is two kernels, which both recompute the scores, so that every sum is one block's and has one order. For heads whose width is
// a multiple of 8 up to W, views on boundaries of 16 bytes, and a positive scale.
#pragma once

#include "attention.cuh"
#include "tensor_core.cuh"

namespace {

constexpr int WARPS = 4;
constexpr int THREADS = WARPS * WARP;

// Rows of tiles are padded, so that the 16 bytes at one column of 8 rows stand in different banks.
template <int W>
constexpr int STRIDE = W + 8;

// To a unit or two of a float; a result that is not normal becomes 0.
__device__ __forceinline__ float power_of_2(float x) {
#ifdef LANEWISE_HOST
    return exp2f(x);
#else
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
#endif
}

// At most 0; NaN stays.
__device__ __forceinline__ float not_above_0(float x) {
#ifdef LANEWISE_HOST
    return x > 0 ? 0 : x;
#else
    float y;
    asm("min.NaN.f32 %0, %1, 0f00000000;" : "=f"(y) : "f"(x));
    return y;
#endif
}

// Begins to copy rows of a matrix to shared memory; zeros below its last row and beyond its last column.
template <int ROWS, int W>
__device__ __forceinline__ void copy_rows(bf16* to, const bf16* from, long long stride, int rows, int columns) {
    constexpr int STEP = THREADS / (W / 8);
    int r = threadIdx.x / (W / 8);
    int c = threadIdx.x % (W / 8) * 8;
    to += r * STRIDE<W> + c;
    from += r * stride + c;
    // Of this thread's column.
    rows = c < columns ? rows - r : 0;
#pragma unroll
    for (int i = 0; i < ROWS; i += STEP) {
        copy_async(to + i * STRIDE<W>, from, i < rows ? 16 : 0);
        from += STEP * stride;
    }
}

// A is 16 rows of a tile, with columns k to k + 16.
template <int W>
__device__ __forceinline__ void load_a(unsigned (&a)[4], const bf16* tile, int k) {
    int lane = threadIdx.x % WARP;
    load_matrices(a, tile + lane % 16 * STRIDE<W> + lane / 16 * 8 + k);
}

// Two B: their columns are 8 rows of a tile each, with columns k to k + 16.
template <int W>
__device__ __forceinline__ void load_b(unsigned (&b)[4], const bf16* tile, int k) {
    int lane = threadIdx.x % WARP;
    load_matrices(b, tile + (lane / 16 * 8 + lane % 8) * STRIDE<W> + lane / 8 % 2 * 8 + k);
}

// Two B: their rows are 16 rows of a tile, their columns n to n + 8 and n + 8 to n + 16.
template <int W>
__device__ __forceinline__ void load_b_rows(unsigned (&b)[4], const bf16* tile, int n) {
    int lane = threadIdx.x % WARP;
    load_matrices_transposed(b, tile + lane % 16 * STRIDE<W> + lane / 16 * 8 + n);
}

// Two tiles of sums, 16 by 8 each, are an A of 16 by 16.
__device__ __forceinline__ void to_a(unsigned (&a)[4], const float (&left)[4], const float (&right)[4]) {
    a[0] = narrowed(left[0], left[1]);
    a[1] = narrowed(left[2], left[3]);
    a[2] = narrowed(right[0], right[1]);
    a[3] = narrowed(right[2], right[3]);
}

// sums += a times 16 rows of a tile, transposed.
template <int W, int MT>
__device__ __forceinline__ void add_products(float (&sums)[MT][2][4], const unsigned (&a)[MT][W / 16][4], const bf16* rows) {
#pragma unroll
    for (int k = 0; k < W / 16; k++) {
        unsigned b[4];
        load_b<W>(b, rows, k * 16);
#pragma unroll
        for (int m = 0; m < MT; m++) {
            multiply_add_bf16(sums[m][0], a[m][k], b[0], b[1]);
            multiply_add_bf16(sums[m][1], a[m][k], b[2], b[3]);
        }
    }
}

// sums += a times 16 rows of a tile.
template <int W, int MT>
__device__ __forceinline__ void add_weighted(float (&sums)[MT][W / 8][4], const unsigned (&a)[MT][4], const bf16* rows) {
#pragma unroll
    for (int n = 0; n < W / 16; n++) {
        unsigned b[4];
        load_b_rows<W>(b, rows, n * 16);
#pragma unroll
        for (int m = 0; m < MT; m++) {
            multiply_add_bf16(sums[m][2 * n], a[m], b[0], b[1]);
            multiply_add_bf16(sums[m][2 * n + 1], a[m], b[2], b[3]);
        }
    }
}

// Scores of keys from `seen` on, counted from a lane's first column, are none: -infinity.
template <int N>
__device__ __forceinline__ void hide_unseen(float (&scores)[N][4], int seen, int seenBelow) {
#pragma unroll
    for (int n = 0; n < N; n++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
            scores[n][e] = n * 8 + e % 2 < (e < 2 ? seen : seenBelow) ? scores[n][e] : -INFINITY;
        }
    }
}

// Weights are powers of 2, relative to a base, which follows the largest score only when weights would exceed 2 to this power: so sums
// need to be corrected but a few times.
constexpr float MOST_POWER = 8;

// Weights in place of a tile of scores, which are to be multiplied with `scale`; `base` and `total`, a lane's own part of the sum of weights,
// are of the rows `group` and `group` + 8.
template <int MT, int N, int COLUMNS>
__device__ __forceinline__ void weigh(float (&scores)[MT][N][4], float (&sums)[MT][COLUMNS][4], float (&base)[MT][2], float (&total)[MT][2],
                                      float scale) {
    float largest[MT][2];
    bool more = false;
#pragma unroll
    for (int m = 0; m < MT; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float most = fmaxf(scores[m][0][2 * half], scores[m][0][2 * half + 1]);
#pragma unroll
            for (int n = 1; n < N; n++) {
                most = fmaxf(most, fmaxf(scores[m][n][2 * half], scores[m][n][2 * half + 1]));
            }
            most = fmaxf(most, __shfl_xor_sync(ALL_LANES, most, 1));
            largest[m][half] = scale * fmaxf(most, __shfl_xor_sync(ALL_LANES, most, 2));
            more |= largest[m][half] > base[m][half] + MOST_POWER;
        }
    }
    if (__any_sync(ALL_LANES, more)) {
#pragma unroll
        for (int m = 0; m < MT; m++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                float next = largest[m][half] > base[m][half] + MOST_POWER ? largest[m][half] : base[m][half];
                // Where nothing was seen up to now, there is nothing to correct.
                float correction = next == -INFINITY ? 1 : power_of_2(base[m][half] - next);
                base[m][half] = next;
                total[m][half] *= correction;
#pragma unroll
                for (int n = 0; n < COLUMNS; n++) {
                    sums[m][n][2 * half] *= correction;
                    sums[m][n][2 * half + 1] *= correction;
                }
            }
        }
    }
#pragma unroll
    for (int m = 0; m < MT; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            // Where nothing was seen up to now, weights must be 0, not NaN.
            float below = base[m][half] == -INFINITY ? 0 : base[m][half];
            float part = 0;
#pragma unroll
            for (int n = 0; n < N; n++) {
#pragma unroll
                for (int e = 2 * half; e < 2 * half + 2; e++) {
                    scores[m][n][e] = power_of_2(scores[m][n][e] * scale - below);
                    part += scores[m][n][e];
                }
            }
            total[m][half] += part;
        }
    }
}

// Divides the sums by the weights' and gives log-sum-exps to the rows of `logSumExp`, if it is there, from `row` on below `rows`.
template <int COLUMNS>
__device__ __forceinline__ void divide(float (&sums)[COLUMNS][4], const float (&base)[2], const float (&total)[2], float* logSumExp, int row,
                                       int rows) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float sum = total[half];
        sum += __shfl_xor_sync(ALL_LANES, sum, 1);
        sum += __shfl_xor_sync(ALL_LANES, sum, 2);
        bool none = sum == 0;
        float inverse = none ? 0 : 1 / sum;
#pragma unroll
        for (int n = 0; n < COLUMNS; n++) {
            sums[n][2 * half] = none ? 0 : sums[n][2 * half] * inverse;
            sums[n][2 * half + 1] = none ? 0 : sums[n][2 * half + 1] * inverse;
        }
        int i = row + half * 8;
        if (logSumExp != nullptr && threadIdx.x % 4 == 0 && i < rows) {
            logSumExp[i] = none ? -INFINITY : (base[half] + log2f(sum)) * static_cast<float>(LN_2);
        }
    }
}

// Writes a warp's 16 rows, by way of as many in shared memory, so that 16 bytes at a time reach the matrix.
template <int W>
__device__ __forceinline__ void store_rows(bf16* to, long long stride, int rows, int columns, bf16* staging, const float (&sums)[W / 8][4]) {
    int lane = threadIdx.x % WARP;
#pragma unroll
    for (int n = 0; n < W / 8; n++) {
        bf16* at = staging + lane / 4 * STRIDE<W> + n * 8 + lane % 4 * 2;
        *reinterpret_cast<unsigned*>(at) = narrowed(sums[n][0], sums[n][1]);
        *reinterpret_cast<unsigned*>(at + 8 * STRIDE<W>) = narrowed(sums[n][2], sums[n][3]);
    }
    __syncwarp();
#pragma unroll
    for (int i = 0; i < 16 * (W / 8); i += WARP) {
        int r = (i + lane) / (W / 8);
        int c = (i + lane) % (W / 8) * 8;
        if (r < rows && c < columns) {
            *reinterpret_cast<uint4*>(to + r * stride + c) = *reinterpret_cast<const uint4*>(staging + r * STRIDE<W> + c);
        }
    }
    __syncwarp();
}

}  // namespace
