// The backward pass on Hopper, of the statistics that attention_tensor_backward.cu makes. In a turn, weights are computed while the products
// for their gradients run, and those while the products of the weights run, and the other warpgroup's.
#include "attention_sm90.cuh"

namespace {

__device__ __forceinline__ void query_gradient(const bf16* query, long long queryStride, const bf16* key, long long keyStride,
                                               const bf16* value, long long valueStride, const float* statistics, int padded,
                                               const bf16* dOutput, long long dOutputStride, bf16* dQuery, long long dQueryStride,
                                               const Sizes& sizes, double scale, int section) {
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
    long long warpQuery = own.queryRow + warpRow;
    unsigned q[W / 16][4], dO[W / 16][4];
    read_a(q, query + warpQuery * queryStride + head * sizes.width, queryStride, sizes.queries - warpRow, sizes.width);
    read_a(dO, dOutput + warpQuery * dOutputStride + head * sizes.width, dOutputStride, sizes.queries - warpRow, sizes.width);
    float logSum[2], mean[2];
#pragma unroll
    for (int half = 0; half < 2; half++) {
        const float* at = statistics + static_cast<long long>(own.ofAll) * padded + row + half * 8;
        logSum[half] = at[0];
        mean[half] = at[static_cast<long long>(own.allHeads) * padded];
    }
    uint64_t keyTiles = tile_in_shared(shared);
    uint64_t valueTiles = tile_in_shared(shared + TILE_BYTES);
    float sums[W / 8][4] = {};
    unsigned a[TILE_ROWS / 16][4] = {};
    int reading = 0;
#pragma unroll 1
    for (int j = 0; j < end; j += TILE_ROWS) {
        await_copies<AHEAD - 1>();
        show_to_products();
        // This tile is there, and everybody has waited for the products of the last but one.
        __syncthreads();
        copy_stage((reading + AHEAD) % STAGES, j + AHEAD * TILE_ROWS);
        if (j < groupEnd) {
            float s[TILE_ROWS / 8][4], ds[TILE_ROWS / 8][4];
            before_products();
            start_scores(s, q, further(keyTiles, reading * STAGE));
            commit_products();
            start_scores(ds, dO, further(valueTiles, reading * STAGE));
            commit_products();
            await_products<1>();
            settle(s);
            settle(a);
            bool whole = j + TILE_ROWS <= seenByAll;
            if (!whole) {
                int before = j + lane % 4 * 2;
                hide_unseen(s, sizes.visible(valid, row) - before, sizes.visible(valid, row + 8) - before);
            }
#pragma unroll
            for (int n = 0; n < TILE_ROWS / 8; n++) {
#pragma unroll
                for (int e = 0; e < 4; e++) {
                    s[n][e] = power_of_2(not_above_0(s[n][e] * c - logSum[e / 2]));
                }
            }
            await_products<0>();
            settle(ds);
#pragma unroll
            for (int n = 0; n < TILE_ROWS / 8; n++) {
#pragma unroll
                for (int e = 0; e < 4; e++) {
                    ds[n][e] = s[n][e] * (ds[n][e] - mean[e / 2]);
                }
            }
#pragma unroll
            for (int k = 0; k < TILE_ROWS / 16; k++) {
                to_a(a[k], ds[2 * k], ds[2 * k + 1]);
            }
            before_products();
            start_sums(sums, a, further(keyTiles, reading * STAGE));
            commit_products();
        } else {
            await_products<0>();
        }
        reading = (reading + 1) % STAGES;
    }
    await_products<0>();
    settle(sums);
    settle(a);
    // Nobody still reads the tiles.
    __syncthreads();
    scale_and_store(dQuery + warpQuery * dQueryStride + head * sizes.width, dQueryStride, sizes.queries - warpRow, sizes.width, shared, sums,
                    static_cast<float>(scale), static_cast<float>(scale));
}

// The scores are transposed, [key, query], so that weights and gradients of scores are what a warpgroup multiplies from the left.
__device__ __forceinline__ void key_gradients(const bf16* query, long long queryStride, const bf16* key, long long keyStride,
                                              const bf16* value, long long valueStride, const float* statistics, int padded,
                                              const bf16* dOutput, long long dOutputStride, bf16* dKey, long long dKeyStride, bf16* dValue,
                                              long long dValueStride, const Sizes& sizes, double scale, int section) {
    DYNAMIC_SHARED(unsigned char, shared);
    shared = on_line(shared);
    // Of a tile of queries: their log-sum-exps, then their means.
    constexpr int STATISTICS = 2 * TILE_ROWS;
    float* statisticTiles = reinterpret_cast<float*>(shared + STAGES * STAGE);

    int tiles = (sizes.keys + BLOCK_ROWS - 1) / BLOCK_ROWS;
    // The first keys are seen by the most queries, so they go first.
    Place place(tiles, section);
    int allHeads = gridDim.x / tiles / sizes.keyHeads * sizes.heads;
    int first = place.tile * BLOCK_ROWS;
    int sequence = place.head / sizes.keyHeads;
    int keyHead = place.head % sizes.keyHeads;
    int group = sizes.heads / sizes.keyHeads;
    int valid = sizes.valid_keys(sequence);

    int groupRow = first + threadIdx.x / GROUP_THREADS * GROUP_ROWS;
    int warpRow = first + threadIdx.x / WARP * 16;
    int lane = threadIdx.x % WARP;
    int row = warpRow + lane / 4;
    float c = static_cast<float>(scale * LOG2_E);
    // Of the first tile of queries that see a key of this block; a turn takes a tile, of one head after another.
    int begin = sizes.first_query(first) / TILE_ROWS * TILE_ROWS;
    int turns = first < valid && begin < sizes.queries ? (sizes.queries - begin + TILE_ROWS - 1) / TILE_ROWS * group : 0;

    long long firstQuery = static_cast<long long>(sequence) * sizes.queries;
    int nextHead = keyHead * group;
    int next = begin;
    auto copy_stage = [&](int stage, int turn) {
        if (turn < turns) {
            int there = sizes.queries - next;
            unsigned char* to = shared + stage * STAGE;
            TileCopy(query + (firstQuery + next) * queryStride + nextHead * sizes.width, queryStride, there, sizes.width).next(to);
            TileCopy(dOutput + (firstQuery + next) * dOutputStride + nextHead * sizes.width, dOutputStride, there, sizes.width)
                .next(to + TILE_BYTES);
            int part = threadIdx.x * 4;
            if (part < STATISTICS) {
                int ofAll = sequence * sizes.heads + nextHead + (part < TILE_ROWS ? 0 : allHeads);
                copy_async(statisticTiles + stage * STATISTICS + part, statistics + static_cast<long long>(ofAll) * padded + next + part % TILE_ROWS);
            }
            next += TILE_ROWS;
            if (next >= sizes.queries) {
                next = begin;
                nextHead++;
            }
        }
        commit_copies();
    };
#pragma unroll
    for (int stage = 0; stage < AHEAD; stage++) {
        copy_stage(stage, stage);
    }
    long long warpKey = static_cast<long long>(sequence) * sizes.keys + warpRow;
    unsigned k[W / 16][4], v[W / 16][4];
    read_a(k, key + warpKey * keyStride + keyHead * sizes.width, keyStride, valid - warpRow, sizes.width);
    read_a(v, value + warpKey * valueStride + keyHead * sizes.width, valueStride, valid - warpRow, sizes.width);
    uint64_t queryTiles = tile_in_shared(shared);
    uint64_t dOutputTiles = tile_in_shared(shared + TILE_BYTES);
    float keySums[W / 8][4] = {}, valueSums[W / 8][4] = {};
    unsigned p[TILE_ROWS / 16][4] = {}, a[TILE_ROWS / 16][4] = {};
    // Query i sees key j if i >= j + ahead.
    int ahead = sizes.causal ? sizes.queries - sizes.keys : -sizes.keys;
    int reading = 0;
    int i = begin;
#pragma unroll 1
    for (int turn = 0; turn < turns; turn++) {
        await_copies<AHEAD - 1>();
        show_to_products();
        // This tile is there, and everybody has waited for the products of the last but one.
        __syncthreads();
        copy_stage((reading + AHEAD) % STAGES, turn + AHEAD);
        if (i + TILE_ROWS > groupRow + ahead) {
            float s[TILE_ROWS / 8][4], ds[TILE_ROWS / 8][4];
            before_products();
            start_scores(s, k, further(queryTiles, reading * STAGE));
            commit_products();
            start_scores(ds, v, further(dOutputTiles, reading * STAGE));
            commit_products();
            const float* statistic = statisticTiles + reading * STATISTICS + lane % 4 * 2;
            await_products<1>();
            settle(s);
            settle(p);
            settle(a);
#pragma unroll
            for (int n = 0; n < TILE_ROWS / 8; n++) {
                float2 logSum = *reinterpret_cast<const float2*>(statistic + n * 8);
#pragma unroll
                for (int e = 0; e < 4; e++) {
                    s[n][e] = power_of_2(not_above_0(s[n][e] * c - (e % 2 == 0 ? logSum.x : logSum.y)));
                }
            }
            if (i < groupRow + GROUP_ROWS - 1 + ahead) {
                int before = row + ahead - i - lane % 4 * 2;
#pragma unroll
                for (int n = 0; n < TILE_ROWS / 8; n++) {
#pragma unroll
                    for (int e = 0; e < 4; e++) {
                        s[n][e] = n * 8 + e % 2 >= before + e / 2 * 8 ? s[n][e] : 0;
                    }
                }
            }
#pragma unroll
            for (int d = 0; d < TILE_ROWS / 16; d++) {
                to_a(p[d], s[2 * d], s[2 * d + 1]);
            }
            before_products();
            start_sums(valueSums, p, further(dOutputTiles, reading * STAGE));
            commit_products();
            await_products<1>();
            settle(ds);
#pragma unroll
            for (int n = 0; n < TILE_ROWS / 8; n++) {
                float2 mean = *reinterpret_cast<const float2*>(statistic + TILE_ROWS + n * 8);
#pragma unroll
                for (int e = 0; e < 4; e++) {
                    ds[n][e] = s[n][e] * (ds[n][e] - (e % 2 == 0 ? mean.x : mean.y));
                }
            }
#pragma unroll
            for (int d = 0; d < TILE_ROWS / 16; d++) {
                to_a(a[d], ds[2 * d], ds[2 * d + 1]);
            }
            before_products();
            start_sums(keySums, a, further(queryTiles, reading * STAGE));
            commit_products();
        } else {
            await_products<0>();
        }
        reading = (reading + 1) % STAGES;
        i = i + TILE_ROWS < sizes.queries ? i + TILE_ROWS : begin;
    }
    await_products<0>();
    settle(keySums);
    settle(valueSums);
    settle(p);
    settle(a);
    // Nobody still reads the tiles.
    __syncthreads();
    // Keys that are not valid had weights, but nobody saw them.
    float of = row < valid ? 1.0f : 0.0f, ofBelow = row + 8 < valid ? 1.0f : 0.0f;
    float times = static_cast<float>(scale);
    scale_and_store(dKey + warpKey * dKeyStride + keyHead * sizes.width, dKeyStride, sizes.keys - warpRow, sizes.width, shared, keySums,
                    of * times, ofBelow * times);
    scale_and_store(dValue + warpKey * dValueStride + keyHead * sizes.width, dValueStride, sizes.keys - warpRow, sizes.width, shared, valueSums,
                    of, ofBelow);
}

}  // namespace

extern "C" __global__ void __launch_bounds__(BLOCK_THREADS, 1) attention_query_gradient_bf16_sm90(
    const bf16* query, long long queryStride, const bf16* key, long long keyStride, const bf16* value, long long valueStride,
    const float* statistics, int padded, const bf16* dOutput, long long dOutputStride, bf16* dQuery, long long dQueryStride,
    const int* keyLengths, int heads, int keyHeads, int queries, int keys, int width, int causal, double scale, int section) {
    Sizes sizes = SIZES;
    query_gradient(query, queryStride, key, keyStride, value, valueStride, statistics, padded, dOutput, dOutputStride, dQuery, dQueryStride,
                   sizes, scale, section);
}
LIST_KERNEL(attention_query_gradient_bf16_sm90)

extern "C" __global__ void __launch_bounds__(BLOCK_THREADS, 1) attention_key_gradients_bf16_sm90(
    const bf16* query, long long queryStride, const bf16* key, long long keyStride, const bf16* value, long long valueStride,
    const float* statistics, int padded, const bf16* dOutput, long long dOutputStride, bf16* dKey, long long dKeyStride, bf16* dValue,
    long long dValueStride, const int* keyLengths, int heads, int keyHeads, int queries, int keys, int width, int causal, double scale,
    int section) {
    Sizes sizes = SIZES;
    key_gradients(query, queryStride, key, keyStride, value, valueStride, statistics, padded, dOutput, dOutputStride, dKey, dKeyStride, dValue,
                  dValueStride, sizes, scale, section);
}
LIST_KERNEL(attention_key_gradients_bf16_sm90)
