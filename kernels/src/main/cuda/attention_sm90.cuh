// Attention of bf16 on Hopper's tensor cores (wgmma, sm_90a), by the schemes of FlashAttention-2 and -3 (Dao, arXiv 2307.08691; Shah et al.,
// arXiv 2407.08608). What is at hand where attention_tensor.cuh has warps: each of two warpgroups owns 64 rows of a block's 128, whose
// operands stay in registers; the other side's tiles are read from shared memory by the tensor cores themselves. While one block of a
// multiprocessor computes weights, the other one's products run. For heads whose width is a multiple of 8 up to 64.
#pragma once

#include "attention_tensor.cuh"
#include "warpgroup.cuh"

namespace {

constexpr int W = 64;
// Of the other side, in a tile.
constexpr int TILE_ROWS = 64;
constexpr int GROUP_ROWS = 64;
constexpr int GROUPS = 2;
constexpr int GROUP_THREADS = 4 * WARP;
constexpr int BLOCK_ROWS = GROUPS * GROUP_ROWS;
constexpr int BLOCK_THREADS = GROUPS * GROUP_THREADS;
// A row of a tile.
constexpr int LINE = W * 2;
// 8 lines, in which chunks are permuted alike.
constexpr int EIGHT = 8 * LINE;
constexpr int TILE_BYTES = TILE_ROWS * LINE;
// Pairs of tiles: one being read by products of this turn, one by those of the last, two on their way.
constexpr int STAGES = 4;
constexpr int AHEAD = STAGES - 2;
constexpr int STAGE = 2 * TILE_BYTES;
// 16 of k, if k runs along lines, or across them.
constexpr int ALONG_STEP = 32;
constexpr int ACROSS_STEP = 2 * EIGHT;

// Copies tiles of a matrix one after another: what of them is a thread's own. Beyond the last row and the last column is 0.
struct TileCopy {
    static constexpr int STEP = BLOCK_THREADS / 8;

    const bf16* from;
    long long stride;
    // Of this thread's column.
    int rows;

    __device__ __forceinline__ TileCopy(const bf16* matrix, long long stride, int rows, int columns) : stride(stride) {
        int r = threadIdx.x / 8;
        int column = threadIdx.x % 8 * 8;
        from = matrix + r * stride + column;
        this->rows = column < columns ? rows - r : 0;
    }

    // The next tile.
    __device__ __forceinline__ void next(unsigned char* tile) {
        int r = threadIdx.x / 8;
        tile += r * LINE + (threadIdx.x % 8 ^ r % 8) * 16;
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i += STEP) {
            copy_async(tile + i * LINE, from, i < rows ? 16 : 0);
            from += STEP * stride;
        }
        rows -= TILE_ROWS;
    }
};

// A warp's 16 rows of a matrix as left operands; zeros below its last row and beyond its last column.
__device__ __forceinline__ void read_a(unsigned (&a)[W / 16][4], const bf16* from, long long stride, int rows, int columns) {
    int lane = threadIdx.x % WARP;
    from += lane / 4 * stride + lane % 4 * 2;
#pragma unroll
    for (int k = 0; k < W / 16; k++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
            int down = e % 2 * 8;
            int column = k * 16 + e / 2 * 8;
            bool there = lane / 4 + down < rows && column < columns;
            a[k][e] = there ? *reinterpret_cast<const unsigned*>(from + down * stride + column) : 0;
        }
    }
}

// scores = a times the rows of a tile, transposed.
__device__ __forceinline__ void start_scores(float (&scores)[8][4], const unsigned (&a)[W / 16][4], uint64_t tile) {
    multiply_group<false, 0>(scores, a[0], tile);
#pragma unroll
    for (int k = 1; k < W / 16; k++) {
        multiply_group<true, 0>(scores, a[k], further(tile, k * ALONG_STEP));
    }
}

// sums += weights times the rows of a tile.
__device__ __forceinline__ void start_sums(float (&sums)[8][4], const unsigned (&weights)[TILE_ROWS / 16][4], uint64_t tile) {
#pragma unroll
    for (int k = 0; k < TILE_ROWS / 16; k++) {
        multiply_group<true, 1>(sums, weights[k], further(tile, k * ACROSS_STEP));
    }
}

__device__ __forceinline__ uint64_t tile_in_shared(const unsigned char* tile) { return matrix_in_shared(tile, EIGHT, EIGHT); }

// Writes a warp's 16 rows, those from `group` on times one number and those from `group` + 8 on times another; times 0, anything is 0. Passes
// by the warp's part of shared memory.
__device__ __forceinline__ void scale_and_store(bf16* to, long long stride, int rows, int columns, unsigned char* shared, float (&sums)[W / 8][4],
                                                float times, float timesBelow) {
#pragma unroll
    for (int n = 0; n < W / 8; n++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
            float factor = e < 2 ? times : timesBelow;
            sums[n][e] = factor == 0 ? 0 : sums[n][e] * factor;
        }
    }
    store_rows<W>(to, stride, rows, columns, reinterpret_cast<bf16*>(shared) + threadIdx.x / WARP * 16 * STRIDE<W>, sums);
}

// The first boundary of 8 lines in shared memory. It stays in a register: to find it again takes longer than a turn can wait.
__device__ __forceinline__ unsigned char* on_line(unsigned char* shared) {
#ifdef LANEWISE_HOST
    return shared + -reinterpret_cast<uintptr_t>(shared) % EIGHT;
#else
    unsigned at = static_cast<unsigned>(__cvta_generic_to_shared(shared));
    at = (at + EIGHT - 1) / EIGHT * EIGHT;
    asm volatile("" : "+r"(at));
    return static_cast<unsigned char*>(__cvta_shared_to_generic(at));
#endif
}

}  // namespace
