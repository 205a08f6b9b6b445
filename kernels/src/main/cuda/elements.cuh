// Operations on one element at a time. A thread takes a pack; lanewise.kernels.cuda.Elements makes one row of rows that follow each
// other without gaps.
#pragma once

#include "vector.cuh"

constexpr int ELEMENT_THREADS = 256;

// Whether all rows of a view start on a boundary of 16 bytes. The stride of a single row says nothing.
template <typename T>
__device__ __forceinline__ bool on_boundaries(const T* at, long long stride, int rows) {
    return on_boundary(at) && (rows == 1 || stride % WIDE<T> == 0);
}

// A block of those that work on a tensor.
struct Share {
    unsigned block, blocks;
};

__device__ __forceinline__ Share whole_grid() { return {blockIdx.x, gridDim.x}; }

// Calls todo(width, row, column, count) for the packs of a thread, where count elements are left of the row. They are wide if `wide`
// says that the rows of all operands start on boundaries of 16 bytes.
template <typename T, typename Do>
__device__ __forceinline__ void for_packs(int rows, int columns, bool wide, Do todo, Share share = whole_grid()) {
    auto run = [&](auto width) {
        constexpr int N = decltype(width)::PACK;
        // A tensor has fewer than 2^31 elements.
        unsigned ofRow = (static_cast<unsigned>(columns) + N - 1) / N;
        unsigned all = static_cast<unsigned>(rows) * ofRow;
        unsigned step = share.blocks * blockDim.x;
        for (unsigned i = share.block * blockDim.x + threadIdx.x; i < all; i += step) {
            unsigned row = rows == 1 ? 0 : i / ofRow;
            int c = static_cast<int>(i - row * ofRow) * N;
            todo(width, static_cast<int>(row), c, columns - c);
        }
    };
    if (wide) {
        run(Width<WIDE<T>>());
    } else {
        run(Width<1>());
    }
}

// Of a launch for several tensors: which this block works on, and its share. The table has `width` numbers for each tensor, of which the
// last is its first block.
struct TensorShare {
    const long long* tensor;
    Share share;

    __device__ __forceinline__ TensorShare(const long long* table, int width, int tensors) {
        int started = 0;
        for (int i = threadIdx.x % WARP; i < tensors; i += WARP) {
            started += table[i * width + width - 1] <= blockIdx.x;
        }
        started = over_warp(started, Sum());
        tensor = table + (started - 1) * width;
        unsigned first = static_cast<unsigned>(tensor[width - 1]);
        unsigned end = started < tensors ? static_cast<unsigned>(tensor[2 * width - 1]) : gridDim.x;
        share = {blockIdx.x - first, end - first};
    }

    template <typename T>
    __device__ __forceinline__ T* address(int i) const {
        return reinterpret_cast<T*>(tensor[i]);
    }
};

// y = f(x, position) with positions counted row by row.
template <typename T, typename F>
__device__ __forceinline__ void map(const T* x, long long xStride, T* y, long long yStride, int rows, int columns, F f) {
    using C = computed<T>;
    bool wide = on_boundaries(x, xStride, rows) && on_boundaries(y, yStride, rows);
    for_packs<T>(rows, columns, wide, [&](auto width, int row, int c, int count) {
        constexpr int N = decltype(width)::PACK;
        Pack<C, N> values = widened(load_pack<N>(x + row * xStride + c, count));
        unsigned position = static_cast<unsigned>(row) * columns + c;
#pragma unroll
        for (int i = 0; i < N; i++) {
            values.at[i] = f(values.at[i], position + i);
        }
        store_pack(y + row * yStride + c, values, count);
    });
}

// z = f(x, y), where y has `period` rows, which repeat.
template <typename T, typename F>
__device__ __forceinline__ void combine(const T* x, long long xStride, const T* y, long long yStride, T* z, long long zStride, int rows,
                                        int columns, int period, F f) {
    using C = computed<T>;
    bool wide = on_boundaries(x, xStride, rows) && on_boundaries(y, yStride, period) && on_boundaries(z, zStride, rows);
    for_packs<T>(rows, columns, wide, [&](auto width, int row, int c, int count) {
        constexpr int N = decltype(width)::PACK;
        int yRow = period == rows ? row : row % period;
        Pack<C, N> values = widened(load_pack<N>(x + row * xStride + c, count));
        Pack<C, N> others = widened(load_pack<N>(y + yRow * yStride + c, count));
#pragma unroll
        for (int i = 0; i < N; i++) {
            values.at[i] = f(values.at[i], others.at[i]);
        }
        store_pack(z + row * zStride + c, values, count);
    });
}
