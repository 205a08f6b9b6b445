// The forward pass on tensor cores.
#include "attention_tensor.cuh"

namespace {

template <int W, int MT, int KEYS>
__device__ __forceinline__ void forward(const bf16* query, long long queryStride, const bf16* key, long long keyStride, const bf16* value,
                                        long long valueStride, bf16* output, long long outputStride, float* logSumExp,
                                        long long logSumExpStride, const Sizes& sizes, double scale, int section) {
    constexpr int ROWS = WARPS * 16 * MT;
    DYNAMIC_SHARED(bf16, queryTile);
    bf16* keyTiles = queryTile + ROWS * STRIDE<W>;
    bf16* valueTiles = keyTiles + 2 * KEYS * STRIDE<W>;

    int tiles = (sizes.queries + ROWS - 1) / ROWS;
    Place place(tiles, section);
    // The last queries see the most keys, so they go first.
    int first = (tiles - 1 - place.tile) * ROWS;
    int sequence = place.head / sizes.heads;
    int head = place.head % sizes.heads;
    int keyHead = head / (sizes.heads / sizes.keyHeads);
    int valid = sizes.valid_keys(sequence);
    int last = first + ROWS < sizes.queries ? first + ROWS - 1 : sizes.queries - 1;
    int end = sizes.visible(valid, last);
    long long queryRow = static_cast<long long>(sequence) * sizes.queries + first;
    long long keyRow = static_cast<long long>(sequence) * sizes.keys;
    key += keyRow * keyStride + keyHead * sizes.width;
    value += keyRow * valueStride + keyHead * sizes.width;

    int lane = threadIdx.x % WARP;
    int warpRow = threadIdx.x / WARP * 16 * MT;
    // Of the warp, and of the lane.
    int firstRow = first + warpRow;
    int row = firstRow + lane / 4;
    bf16* warpTile = queryTile + warpRow * STRIDE<W>;
    // Weights are powers of 2.
    float c = static_cast<float>(scale * LOG2_E);

    if (end > 0) {
        copy_rows<ROWS, W>(queryTile, query + queryRow * queryStride + head * sizes.width, queryStride, sizes.queries - first, sizes.width);
        copy_rows<KEYS, W>(keyTiles, key, keyStride, valid, sizes.width);
        copy_rows<KEYS, W>(valueTiles, value, valueStride, valid, sizes.width);
        commit_copies();
    }
    unsigned q[MT][W / 16][4];
    float sums[MT][W / 8][4] = {};
    // The largest score to the base 2, and the sum of weights below it, of a lane's own columns.
    float most[MT][2], total[MT][2];
#pragma unroll
    for (int m = 0; m < MT; m++) {
        most[m][0] = most[m][1] = -INFINITY;
        total[m][0] = total[m][1] = 0;
    }
    int stage = 0;
#pragma unroll 1
    for (int j = 0; j < end; j += KEYS) {
        await_copies<0>();
        // This tile is there, and nobody still reads the last one.
        __syncthreads();
        bf16* keyTile = keyTiles + stage * KEYS * STRIDE<W>;
        bf16* valueTile = valueTiles + stage * KEYS * STRIDE<W>;
        stage ^= 1;
        if (j + KEYS < end) {
            long long next = j + KEYS;
            copy_rows<KEYS, W>(keyTiles + stage * KEYS * STRIDE<W>, key + next * keyStride, keyStride, valid - j - KEYS, sizes.width);
            copy_rows<KEYS, W>(valueTiles + stage * KEYS * STRIDE<W>, value + next * valueStride, valueStride, valid - j - KEYS, sizes.width);
            commit_copies();
        }
        if (j == 0) {
#pragma unroll
            for (int m = 0; m < MT; m++) {
#pragma unroll
                for (int k = 0; k < W / 16; k++) {
                    load_a<W>(q[m][k], warpTile + m * 16 * STRIDE<W>, k * 16);
                }
            }
        }
        if (j >= sizes.visible(valid, firstRow + 16 * MT - 1)) {
            continue;
        }

        float s[MT][KEYS / 8][4] = {};
#pragma unroll
        for (int n = 0; n < KEYS / 16; n++) {
#pragma unroll
            for (int k = 0; k < W / 16; k++) {
                unsigned b[4];
                load_b<W>(b, keyTile + n * 16 * STRIDE<W>, k * 16);
#pragma unroll
                for (int m = 0; m < MT; m++) {
                    multiply_add_bf16(s[m][2 * n], q[m][k], b[0], b[1]);
                    multiply_add_bf16(s[m][2 * n + 1], q[m][k], b[2], b[3]);
                }
            }
        }
        if (j + KEYS > sizes.visible(valid, firstRow)) {
#pragma unroll
            for (int m = 0; m < MT; m++) {
                int seen[2] = {sizes.visible(valid, row + m * 16) - j - lane % 4 * 2, sizes.visible(valid, row + m * 16 + 8) - j - lane % 4 * 2};
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
                    for (int e = 0; e < 4; e++) {
                        s[m][n][e] = n * 8 + e % 2 < seen[e / 2] ? s[m][n][e] : -INFINITY;
                    }
                }
            }
        }
#pragma unroll
        for (int m = 0; m < MT; m++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                float largest = -INFINITY;
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++) {
                    largest = fmaxf(largest, fmaxf(s[m][n][2 * half], s[m][n][2 * half + 1]));
                }
                largest = fmaxf(largest, __shfl_xor_sync(ALL_LANES, largest, 1));
                largest = fmaxf(largest, __shfl_xor_sync(ALL_LANES, largest, 2));
                // Rounded once: where the largest stays, the correction is 1.
                largest = fmaxf(most[m][half], largest * c);
                // Where nothing was seen up to now, weights must be 0, not NaN.
                float base = largest == -INFINITY ? 0 : largest;
                float correction = power_of_2(most[m][half] - base);
                most[m][half] = largest;
                float part = 0;
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
                    for (int e = 2 * half; e < 2 * half + 2; e++) {
                        s[m][n][e] = power_of_2(s[m][n][e] * c - base);
                        part += s[m][n][e];
                    }
                }
                total[m][half] = total[m][half] * correction + part;
#pragma unroll
                for (int n = 0; n < W / 8; n++) {
                    sums[m][n][2 * half] *= correction;
                    sums[m][n][2 * half + 1] *= correction;
                }
            }
        }
#pragma unroll
        for (int k = 0; k < KEYS / 16; k++) {
            unsigned a[MT][4];
#pragma unroll
            for (int m = 0; m < MT; m++) {
                to_a(a[m], s[m][2 * k], s[m][2 * k + 1]);
            }
            add_weighted<W, MT>(sums, a, valueTile + k * 16 * STRIDE<W>);
        }
    }
#pragma unroll
    for (int m = 0; m < MT; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float sum = total[m][half];
            sum += __shfl_xor_sync(ALL_LANES, sum, 1);
            sum += __shfl_xor_sync(ALL_LANES, sum, 2);
            bool none = sum == 0;
            float inverse = none ? 0 : 1 / sum;
#pragma unroll
            for (int n = 0; n < W / 8; n++) {
                sums[m][n][2 * half] *= inverse;
                sums[m][n][2 * half + 1] *= inverse;
            }
            int i = row + m * 16 + half * 8;
            if (logSumExp != nullptr && lane % 4 == 0 && i < sizes.queries) {
                logSumExp[place.head * logSumExpStride + i] = none ? -INFINITY : (most[m][half] + log2f(sum)) * static_cast<float>(LN_2);
            }
        }
    }
    store_rows<MT, W>(output + (queryRow + warpRow) * outputStride + head * sizes.width, outputStride, sizes.queries - firstRow, sizes.width,
                      warpTile, sums);
}

}  // namespace

#define FORWARD(W, MT, KEYS, BLOCKS)                                                                                                  \
    extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) attention_tensor_forward_bf16_##W(                                  \
        const bf16* query, long long queryStride, const bf16* key, long long keyStride, const bf16* value, long long valueStride,     \
        bf16* output, long long outputStride, float* logSumExp, long long logSumExpStride, const int* keyLengths, int heads,          \
        int keyHeads, int queries, int keys, int width, int causal, double scale, int section) {                                      \
        Sizes sizes = SIZES;                                                                                                          \
        forward<W, MT, KEYS>(query, queryStride, key, keyStride, value, valueStride, output, outputStride, logSumExp,                 \
                             logSumExpStride, sizes, scale, section);                                                                 \
    }                                                                                                                                 \
    LIST_KERNEL(attention_tensor_forward_bf16_##W)

FORWARD(32, 2, 64, 2)
FORWARD(64, 2, 64, 2)
FORWARD(128, 1, 64, 2)
