// Sums down the columns, in an order that depends on the shape alone.
#pragma once

#include "vector.cuh"

// A block takes 32 columns: every warp some of the rows, a lane a column.
constexpr int COLUMNS_THREADS = 1024;

// The sum of `count` rows that stand `step` elements apart, of column `column`, which only the lanes of a warp that are inside ask
// for; for the first warp. Two barriers.
template <typename T>
__device__ __forceinline__ computed<T> column_sum(const T* x, long long step, int count, bool inside) {
    using C = computed<T>;
    __shared__ C ofWarp[WARP][WARP];
    int lane = threadIdx.x % WARP;
    int warp = threadIdx.x / WARP;
    int warps = blockDim.x / WARP;
    C part = 0;
    if (inside) {
#pragma unroll 8
        for (int r = warp; r < count; r += warps) {
            part += load(x + r * step);
        }
    }
    __syncthreads();
    ofWarp[warp][lane] = part;
    __syncthreads();
    C sum = 0;
    if (warp == 0) {
#pragma unroll 8
        for (int w = 0; w < warps; w++) {
            sum += ofWarp[w][lane];
        }
    }
    return sum;
}
