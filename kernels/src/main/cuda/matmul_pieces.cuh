// Pieces of a product's operands in shared memory, as tensor cores read them. A piece is 128 bytes of k deep, and a line of shared memory
// has 128 bytes, whose chunks of 16 are permuted by the line's number so that the 8 lines that a load takes lie in different banks. An
// operand whose neighbours in memory are neighbours along k has a line for each of its rows (of A; columns of B). One stored across k has
// panels of 128 bytes of rows, and in a panel a line for each k.
#pragma once

#include "tensor_core.cuh"

constexpr int LINE = 128;
constexpr int CHUNK = 16;

// Pieces of an operand, of SIZE rows of A or columns of B by 128 bytes of k, on their way to shared memory. Beyond its ends is 0.
template <typename T, int SIZE, bool ALONG, int THREADS>
struct Pieces {
    static constexpr int DEPTH = LINE / sizeof(T);
    static constexpr int ELEMENTS = CHUNK / sizeof(T);
    // Chunks side by side in the operand's memory.
    static constexpr int WIDE = ALONG ? LINE / CHUNK : SIZE / ELEMENTS;
    static constexpr int ROUNDS = SIZE * (LINE / CHUNK) / THREADS;
    static constexpr int BYTES = SIZE * LINE;

    const T* operand;
    long long stride;
    int first, size;
    bool aligned, inside;

    __device__ __forceinline__ Pieces(const T* operand, long long stride, int first, int size)
        : operand(operand), stride(stride), first(first), size(size) {
        aligned = reinterpret_cast<uintptr_t>(operand) % CHUNK == 0 && stride % ELEMENTS == 0;
        inside = aligned && first + SIZE <= size;
    }

    // Floats across k are read one by one, four rows at a time.
    static __device__ __forceinline__ int permuted(int chunk, int row) {
        return chunk ^ (ALONG || sizeof(T) == 2 ? row % 8 : row % 4 * 2);
    }

    // Of the chunk-th chunk of the operand's row.
    static __device__ __forceinline__ int place(int row, int chunk) {
        return ALONG ? row * LINE + permuted(chunk, row) * CHUNK : chunk / 8 * (DEPTH * LINE) + row * LINE + permuted(chunk % 8, row) * CHUNK;
    }

    __device__ __forceinline__ void copy(unsigned char* piece, int k, int end) const {
        int row = threadIdx.x / WIDE, chunk = threadIdx.x % WIDE;
        const T* from = operand + (row + (ALONG ? first : k)) * stride + (ALONG ? k : first) + chunk * ELEMENTS;
        if (inside && k + DEPTH <= end) {
#pragma unroll
            for (int i = 0; i < ROUNDS; i++) {
                int down = i * (THREADS / WIDE);
                copy_async(piece + place(row + down, chunk), from + down * stride);
            }
            return;
        }
        int rows = ALONG ? size - first : end - k;
        int there = (ALONG ? end - k : size - first) - chunk * ELEMENTS;
        there = there < 0 ? 0 : there < ELEMENTS ? there : ELEMENTS;
#pragma unroll 1
        for (int i = 0; i < ROUNDS; i++) {
            int down = i * (THREADS / WIDE);
            int count = row + down < rows ? there : 0;
            const T* at = from + down * stride;
            unsigned char* to = piece + place(row + down, chunk);
            if (aligned) {
                copy_async(to, count > 0 ? at : operand, count * static_cast<int>(sizeof(T)));
                continue;
            }
            T elements[ELEMENTS];
#pragma unroll
            for (int j = 0; j < ELEMENTS; j++) {
                elements[j] = j < count ? at[j] : T();
            }
#pragma unroll
            for (int j = 0; j < ELEMENTS; j++) {
                reinterpret_cast<T*>(to)[j] = elements[j];
            }
        }
    }

    // Fragments of 16 rows of A from `start` on, or of 16 columns of B: there b0 and b1 of the first 8, then of the others. `step` counts
    // 32 bytes of k.
    template <bool IS_A>
    static __device__ __forceinline__ void fragment(unsigned (&r)[4], const unsigned char* piece, int start, int step) {
        int lane = threadIdx.x % WARP;
        // The order of the four matrices: A goes on to further rows first, B along k.
        int matrixRow = IS_A ? lane / 8 % 2 : lane / 16;
        int matrixUnit = IS_A ? lane / 16 : lane / 8 % 2;
        if (ALONG) {
            load_matrices(r, piece + place(start + matrixRow * 8 + lane % 8, step * 2 + matrixUnit));
        } else if (sizeof(T) == 2) {
            load_matrices_transposed(r, piece + place(step * 16 + matrixUnit * 8 + lane % 8, start / 8 + matrixRow));
        } else {
            int k = step * 8 + lane % 4;
#pragma unroll
            for (int i = 0; i < 4; i++) {
                int down = IS_A ? i % 2 : i / 2, deep = IS_A ? i / 2 : i % 2;
                int at = start + down * 8 + lane / 4;
                r[i] = *reinterpret_cast<const unsigned*>(piece + place(k + deep * 4, at / 4) + at % 4 * 4);
            }
        }
        if (sizeof(T) == 4) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                r[i] = rounded_tf32(r[i]);
            }
        }
    }
};
