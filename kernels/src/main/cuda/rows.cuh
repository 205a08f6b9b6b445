// Rows shared out among threads, and kept in shared memory so that they are read once: a warp takes a short row, a block a long one,
// as lanewise.kernels.cuda.RowSplit says.
#pragma once

#include "tensor_core.cuh"
#include "vector.cuh"

// The threads that share a row: a block's warps each take one.
struct WarpOfRow {
    static constexpr int MOST_THREADS = 128;
    // What a multiprocessor should have room for.
    template <typename T>
    static constexpr int BLOCKS = sizeof(T) == 8 ? 5 : 8;
    const int rank = threadIdx.x % WARP;
    const int index = threadIdx.x / WARP;
    const int size = WARP;
    const long long row = static_cast<long long>(blockIdx.x) * (blockDim.x / WARP) + index;

    // Of all threads of the group, for all of them. `nothing` is what changes no result.
    template <typename C, typename Combine>
    __device__ __forceinline__ C over(C x, C, Combine combine) const {
        return over_warp(x, combine);
    }
};

// The whole block takes one.
struct BlockOfRow {
    static constexpr int MOST_THREADS = 1024;
    template <typename T>
    static constexpr int BLOCKS = sizeof(T) == 8 ? 1 : 2;
    const int rank = threadIdx.x;
    const int index = 0;
    const int size = blockDim.x;
    const long long row = blockIdx.x;

    template <typename C, typename Combine>
    __device__ __forceinline__ C over(C x, C nothing, Combine combine) const {
        return over_block(x, nothing, combine);
    }
};

// A row as a thread of a group sees it: every size-th pack of N elements; N divides the columns. What does not fit into shared
// memory is read again at every pass.
template <typename T, int N, typename Group>
struct Row {
    const T* at;
    T* kept;
    int columns;
    // Elements in shared memory, a multiple of 16 bytes, or all.
    int held;
    Group group;

    // Begins to read.
    __device__ __forceinline__ Row(const T* first, T* shared, int count, int fitting) : at(first), kept(shared), columns(count) {
        held = fitting < count ? fitting : count;
        if constexpr (N == WIDE<T>) {
            for (int c = group.rank * N; c < held; c += group.size * N) {
                copy_async(kept + c, at + c);
            }
            commit_copies();
        } else {
#pragma unroll 8
            for (int c = group.rank; c < held; c += group.size) {
                kept[c] = at[c];
            }
        }
    }

    // Waits for what this thread began to read. It never looks at what the others have read.
    __device__ __forceinline__ void await() const {
        if constexpr (N == WIDE<T>) {
            await_copies<0>();
        }
    }
};

// Calls todo(values, column) for every pack of the thread.
template <typename T, int N, typename Group, typename Do>
__device__ __forceinline__ void each(const Row<T, N, Group>& row, Do todo) {
    int c = row.group.rank * N;
#pragma unroll 2
    for (; c < row.held; c += row.group.size * N) {
        todo(widened(load_pack<N>(row.kept + c)), c);
    }
#pragma unroll 1
    for (; c < row.columns; c += row.group.size * N) {
        todo(widened(load_pack<N>(row.at + c)), c);
    }
}

// Calls todo(values, other values, column) for every pack of two rows, kept alike.
template <typename T, int N, typename Group, typename Do>
__device__ __forceinline__ void each(const Row<T, N, Group>& row, const Row<T, N, Group>& other, Do todo) {
    int c = row.group.rank * N;
#pragma unroll 2
    for (; c < row.held; c += row.group.size * N) {
        todo(widened(load_pack<N>(row.kept + c)), widened(load_pack<N>(other.kept + c)), c);
    }
#pragma unroll 1
    for (; c < row.columns; c += row.group.size * N) {
        todo(widened(load_pack<N>(row.at + c)), widened(load_pack<N>(other.at + c)), c);
    }
}
