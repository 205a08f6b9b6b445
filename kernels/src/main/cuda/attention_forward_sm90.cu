// The forward pass on Hopper. In a turn a warpgroup starts the products of queries and a tile of keys, while those of the last turn's
// weights and values run; then it computes this turn's weights and starts their products.
#include "attention_sm90.cuh"

namespace {

__device__ __forceinline__ void forward(const bf16* query, long long queryStride, const bf16* key, long long keyStride, const bf16* value,
                                        long long valueStride, bf16* output, long long outputStride, float* logSumExp,
                                        long long logSumExpStride, const Sizes& sizes, double scale, int section) {
    DYNAMIC_SHARED(unsigned char, shared);
    shared = on_line(shared);

    QueryTile own(sizes, BLOCK_ROWS, section);
    int first = own.first, head = own.head, valid = own.valid, end = own.end;
    TileCopy keys(key + own.keyRow * keyStride + own.keyHead * sizes.width, keyStride, valid, sizes.width);
    TileCopy values(value + own.keyRow * valueStride + own.keyHead * sizes.width, valueStride, valid, sizes.width);

    int groupRow = first + threadIdx.x / GROUP_THREADS * GROUP_ROWS;
    int warpRow = first + threadIdx.x / WARP * 16;
    int lane = threadIdx.x % WARP;
    int row = warpRow + lane / 4;
    int seenByAll = sizes.visible(valid, groupRow);
    int groupEnd = sizes.visible(valid, groupRow + GROUP_ROWS - 1);
    // Weights are powers of 2.
    float c = static_cast<float>(scale * LOG2_E);

    auto copy_stage = [&](int stage, int j) {
        if (j < end) {
            keys.next(shared + stage * STAGE);
            values.next(shared + stage * STAGE + TILE_BYTES);
        }
        commit_copies();
    };
#pragma unroll
    for (int stage = 0; stage < AHEAD; stage++) {
        copy_stage(stage, stage * TILE_ROWS);
    }
    unsigned q[W / 16][4];
    read_a(q, query + (own.queryRow + warpRow) * queryStride + head * sizes.width, queryStride, sizes.queries - warpRow, sizes.width);
    uint64_t keyTiles = tile_in_shared(shared);
    uint64_t valueTiles = tile_in_shared(shared + TILE_BYTES);
    float sums[1][W / 8][4] = {};
    unsigned weights[TILE_ROWS / 16][4] = {};
    // What weights are relative to, to the base 2, and the sum of a lane's own.
    float base[1][2] = {{-INFINITY, -INFINITY}}, total[1][2] = {};
    int reading = 0;
#pragma unroll 1
    for (int j = 0; j < end; j += TILE_ROWS) {
        await_copies<AHEAD - 1>();
        show_to_products();
        // This tile is there, and everybody has waited for the products of the last but one.
        __syncthreads();
        copy_stage((reading + AHEAD) % STAGES, j + AHEAD * TILE_ROWS);
        if (j < groupEnd) {
            float s[1][TILE_ROWS / 8][4];
            before_products();
            start_scores(s[0], q, further(keyTiles, reading * STAGE));
            commit_products();
            await_products<0>();
            settle(s[0]);
            settle(sums[0]);
            settle(weights);
            if (j + TILE_ROWS > seenByAll) {
                int before = j + lane % 4 * 2;
                hide_unseen(s[0], sizes.visible(valid, row) - before, sizes.visible(valid, row + 8) - before);
            }
            weigh(s, sums, base, total, c);
#pragma unroll
            for (int k = 0; k < TILE_ROWS / 16; k++) {
                to_a(weights[k], s[0][2 * k], s[0][2 * k + 1]);
            }
            before_products();
            start_sums(sums[0], weights, further(valueTiles, reading * STAGE));
            commit_products();
        } else {
            await_products<0>();
        }
        reading = (reading + 1) % STAGES;
    }
    await_products<0>();
    settle(sums[0]);
    settle(weights);
    divide(sums[0], base[0], total[0], logSumExp == nullptr ? nullptr : logSumExp + own.ofAll * logSumExpStride, row, sizes.queries);
    // Nobody still reads the tiles.
    __syncthreads();
    store_rows<W>(output + (own.queryRow + warpRow) * outputStride + head * sizes.width, outputStride, sizes.queries - warpRow, sizes.width,
                  reinterpret_cast<bf16*>(shared) + threadIdx.x / WARP * 16 * STRIDE<W>, sums[0]);
}

}  // namespace

extern "C" __global__ void __launch_bounds__(BLOCK_THREADS, 2) attention_forward_bf16_sm90(
    const bf16* query, long long queryStride, const bf16* key, long long keyStride, const bf16* value, long long valueStride, bf16* output,
    long long outputStride, float* logSumExp, long long logSumExpStride, const int* keyLengths, int heads, int keyHeads, int queries,
    int keys, int width, int causal, double scale, int section) {
    Sizes sizes = SIZES;
    forward(query, queryStride, key, keyStride, value, valueStride, output, outputStride, logSumExp, logSumExpStride, sizes, scale, section);
}
LIST_KERNEL(attention_forward_bf16_sm90)
