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

    QueryTile own(sizes, ROWS, section);
    int first = own.first, head = own.head, valid = own.valid, end = own.end;
    long long queryRow = own.queryRow + first;
    key += own.keyRow * keyStride + own.keyHead * sizes.width;
    value += own.keyRow * valueStride + own.keyHead * sizes.width;

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
    // What weights are relative to, to the base 2, and the sum of a lane's own.
    float base[MT][2], total[MT][2];
#pragma unroll
    for (int m = 0; m < MT; m++) {
        base[m][0] = base[m][1] = -INFINITY;
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
                int before = j + lane % 4 * 2;
                hide_unseen(s[m], sizes.visible(valid, row + m * 16) - before, sizes.visible(valid, row + m * 16 + 8) - before);
            }
        }
        weigh(s, sums, base, total, c);
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
        divide(sums[m], base[m], total[m], logSumExp == nullptr ? nullptr : logSumExp + own.ofAll * logSumExpStride, row + m * 16, sizes.queries);
        store_rows<W>(output + (queryRow + warpRow + m * 16) * outputStride + head * sizes.width, outputStride, sizes.queries - firstRow - m * 16,
                      sizes.width, warpTile + m * 16 * STRIDE<W>, sums[m]);
    }
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
