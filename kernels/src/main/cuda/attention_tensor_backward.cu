// The backward pass on tensor cores.
#include "attention_tensor.cuh"

namespace {

// For every query of all heads, `padded` of them for each head: the log-sum-exp to the base 2, infinity where nothing is seen, which
// makes all weights 0; and behind those of all heads rowsum(output dOutput). 8 threads take a row; blocks divide `padded`.
__device__ __forceinline__ void statistics(const bf16* output, long long outputStride, const float* logSumExp, long long logSumExpStride,
                                           const bf16* dOutput, long long dOutputStride, float* result, int padded, const Sizes& sizes) {
    int blocksOfHead = padded / (static_cast<int>(blockDim.x) / 8);
    int heads = gridDim.x / blocksOfHead;
    int head = blockIdx.x / blocksOfHead;
    int i = (blockIdx.x % blocksOfHead * blockDim.x + threadIdx.x) / 8;
    int part = threadIdx.x % 8;
    long long row = static_cast<long long>(head / sizes.heads) * sizes.queries + i;
    int column = head % sizes.heads * sizes.width;
    float sum = 0;
    if (i < sizes.queries) {
        for (int d = part * 8; d < sizes.width; d += 64) {
            uint4 x = *reinterpret_cast<const uint4*>(output + row * outputStride + column + d);
            uint4 y = *reinterpret_cast<const uint4*>(dOutput + row * dOutputStride + column + d);
            unsigned xs[4] = {x.x, x.y, x.z, x.w}, ys[4] = {y.x, y.y, y.z, y.w};
#pragma unroll
            for (int e = 0; e < 4; e++) {
                sum += __uint_as_float(xs[e] << 16) * __uint_as_float(ys[e] << 16);
                sum += __uint_as_float(xs[e] & 0xffff0000u) * __uint_as_float(ys[e] & 0xffff0000u);
            }
        }
    }
#pragma unroll
    for (int mask = 4; mask > 0; mask /= 2) {
        sum += __shfl_xor_sync(ALL_LANES, sum, mask);
    }
    if (part == 0) {
        float logSum = i < sizes.queries ? logSumExp[head * logSumExpStride + i] : INFINITY;
        result[static_cast<long long>(head) * padded + i] = logSum == -INFINITY ? INFINITY : logSum * static_cast<float>(LOG2_E);
        result[static_cast<long long>(heads + head) * padded + i] = sum;
    }
}

template <int W, int MT, int KEYS>
__device__ __forceinline__ void query_gradient(const bf16* query, long long queryStride, const bf16* key, long long keyStride,
                                               const bf16* value, long long valueStride, const float* statistics, int padded,
                                               const bf16* dOutput, long long dOutputStride, bf16* dQuery, long long dQueryStride,
                                               const Sizes& sizes, double scale, int section) {
    constexpr int ROWS = WARPS * 16 * MT;
    DYNAMIC_SHARED(bf16, queryTile);
    bf16* dOutputTile = queryTile + ROWS * STRIDE<W>;
    bf16* keyTiles = dOutputTile + ROWS * STRIDE<W>;
    bf16* valueTiles = keyTiles + 2 * KEYS * STRIDE<W>;

    QueryTile own(sizes, ROWS, section);
    int first = own.first, head = own.head, valid = own.valid, end = own.end;
    long long queryRow = own.queryRow + first;
    key += own.keyRow * keyStride + own.keyHead * sizes.width;
    value += own.keyRow * valueStride + own.keyHead * sizes.width;

    int lane = threadIdx.x % WARP;
    int warpRow = threadIdx.x / WARP * 16 * MT;
    int firstRow = first + warpRow;
    int row = firstRow + lane / 4;
    float c = static_cast<float>(scale * LOG2_E);

    if (end > 0) {
        int there = sizes.queries - first;
        copy_rows<ROWS, W>(queryTile, query + queryRow * queryStride + head * sizes.width, queryStride, there, sizes.width);
        copy_rows<ROWS, W>(dOutputTile, dOutput + queryRow * dOutputStride + head * sizes.width, dOutputStride, there, sizes.width);
        copy_rows<KEYS, W>(keyTiles, key, keyStride, valid, sizes.width);
        copy_rows<KEYS, W>(valueTiles, value, valueStride, valid, sizes.width);
        commit_copies();
    }
    float logSum[MT][2], mean[MT][2];
#pragma unroll
    for (int m = 0; m < MT; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const float* at = statistics + static_cast<long long>(own.ofAll) * padded + row + m * 16 + half * 8;
            logSum[m][half] = at[0];
            mean[m][half] = at[static_cast<long long>(own.allHeads) * padded];
        }
    }
    unsigned q[MT][W / 16][4], dO[MT][W / 16][4];
    float sums[MT][W / 8][4] = {};
    int stage = 0;
#pragma unroll 1
    for (int j = 0; j < end; j += KEYS) {
        await_copies<0>();
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
                    load_a<W>(q[m][k], queryTile + (warpRow + m * 16) * STRIDE<W>, k * 16);
                    load_a<W>(dO[m][k], dOutputTile + (warpRow + m * 16) * STRIDE<W>, k * 16);
                }
            }
        }
        int seenByAll = sizes.visible(valid, firstRow);
        int seenBySome = sizes.visible(valid, firstRow + 16 * MT - 1);
#pragma unroll 1
        for (int n = 0; n < KEYS / 16; n++) {
            int at = j + n * 16;
            if (at >= seenBySome) {
                break;
            }
            const bf16* keys = keyTile + n * 16 * STRIDE<W>;
            const bf16* values = valueTile + n * 16 * STRIDE<W>;
            float s[MT][2][4] = {};
            float ds[MT][2][4] = {};
            add_products<W, MT>(s, q, keys);
            add_products<W, MT>(ds, dO, values);
            unsigned a[MT][4];
#pragma unroll
            for (int m = 0; m < MT; m++) {
#pragma unroll
                for (int i = 0; i < 2; i++) {
#pragma unroll
                    for (int e = 0; e < 4; e++) {
                        float p = power_of_2(not_above_0(s[m][i][e] * c - logSum[m][e / 2]));
                        ds[m][i][e] = p * (ds[m][i][e] - mean[m][e / 2]);
                    }
                }
                if (at + 16 > seenByAll) {
                    int seen[2] = {sizes.visible(valid, row + m * 16) - at - lane % 4 * 2, sizes.visible(valid, row + m * 16 + 8) - at - lane % 4 * 2};
#pragma unroll
                    for (int i = 0; i < 2; i++) {
#pragma unroll
                        for (int e = 0; e < 4; e++) {
                            ds[m][i][e] = i * 8 + e % 2 < seen[e / 2] ? ds[m][i][e] : 0;
                        }
                    }
                }
                to_a(a[m], ds[m][0], ds[m][1]);
            }
            add_weighted<W, MT>(sums, a, keys);
        }
    }
#pragma unroll
    for (int m = 0; m < MT; m++) {
#pragma unroll
        for (int n = 0; n < W / 8; n++) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                sums[m][n][e] *= static_cast<float>(scale);
            }
        }
        store_rows<W>(dQuery + (queryRow + warpRow + m * 16) * dQueryStride + head * sizes.width, dQueryStride, sizes.queries - firstRow - m * 16,
                      sizes.width, queryTile + (warpRow + m * 16) * STRIDE<W>, sums[m]);
    }
}

// The scores are transposed, [key, query], so that a warp's weights and gradients of scores are what it multiplies from the left.
template <int W, int MT, int QUERIES>
__device__ __forceinline__ void key_gradients(const bf16* query, long long queryStride, const bf16* key, long long keyStride,
                                              const bf16* value, long long valueStride, const float* statistics, int padded,
                                              const bf16* dOutput, long long dOutputStride, bf16* dKey, long long dKeyStride, bf16* dValue,
                                              long long dValueStride, const Sizes& sizes, double scale, int section) {
    constexpr int ROWS = WARPS * 16 * MT;
    constexpr int TILE = QUERIES * STRIDE<W>;
    DYNAMIC_SHARED(bf16, keyTile);
    bf16* valueTile = keyTile + ROWS * STRIDE<W>;
    bf16* queryTiles = valueTile + ROWS * STRIDE<W>;
    bf16* dOutputTiles = queryTiles + 2 * TILE;
    // Of a tile of queries: their log-sum-exps, then their means.
    float* statisticTiles = reinterpret_cast<float*>(dOutputTiles + 2 * TILE);

    int tiles = (sizes.keys + ROWS - 1) / ROWS;
    // The first keys are seen by the most queries, so they go first.
    Place place(tiles, section);
    int sequences = gridDim.x / tiles / sizes.keyHeads;
    int first = place.tile * ROWS;
    int sequence = place.head / sizes.keyHeads;
    int keyHead = place.head % sizes.keyHeads;
    int group = sizes.heads / sizes.keyHeads;
    int valid = sizes.valid_keys(sequence);
    long long keyRow = static_cast<long long>(sequence) * sizes.keys + first;
    int allHeads = sequences * sizes.heads;

    int lane = threadIdx.x % WARP;
    int warpRow = threadIdx.x / WARP * 16 * MT;
    int firstRow = first + warpRow;
    int row = firstRow + lane / 4;
    float c = static_cast<float>(scale * LOG2_E);

    // Of the first tile of queries that see a key of this block.
    int begin = first < valid ? sizes.first_query(first) / QUERIES * QUERIES : sizes.queries;
    int endHead = (keyHead + 1) * group;
    auto copy_step = [&](int head, int i, int stage) {
        long long from = static_cast<long long>(sequence) * sizes.queries + i;
        int there = sizes.queries - i;
        copy_rows<QUERIES, W>(queryTiles + stage * TILE, query + from * queryStride + head * sizes.width, queryStride, there, sizes.width);
        copy_rows<QUERIES, W>(dOutputTiles + stage * TILE, dOutput + from * dOutputStride + head * sizes.width, dOutputStride, there, sizes.width);
        int part = threadIdx.x * 4;
        if (part < 2 * QUERIES) {
            int headOfAll = sequence * sizes.heads + head;
            const float* ofHead = statistics + static_cast<long long>(part < QUERIES ? headOfAll : headOfAll + allHeads) * padded;
            copy_async(statisticTiles + stage * 2 * QUERIES + part, ofHead + i + part % QUERIES);
        }
        commit_copies();
    };
    if (begin < sizes.queries) {
        copy_rows<ROWS, W>(keyTile, key + keyRow * keyStride + keyHead * sizes.width, keyStride, valid - first, sizes.width);
        copy_rows<ROWS, W>(valueTile, value + keyRow * valueStride + keyHead * sizes.width, valueStride, valid - first, sizes.width);
        copy_step(keyHead * group, begin, 0);
    }
    unsigned k[MT][W / 16][4], v[MT][W / 16][4];
    float keySums[MT][W / 8][4] = {};
    float valueSums[MT][W / 8][4] = {};
    bool started = false;
    int stage = 0;
    int head = keyHead * group;
    int i0 = begin;
#pragma unroll 1
    while (head < endHead && i0 < sizes.queries) {
        await_copies<0>();
        // This tile is there, and nobody still reads the last one.
        __syncthreads();
        bool moreOfHead = i0 + QUERIES < sizes.queries;
        int nextHead = moreOfHead ? head : head + 1;
        int next = moreOfHead ? i0 + QUERIES : begin;
        if (nextHead < endHead) {
            copy_step(nextHead, next, 1 - stage);
        }
        if (!started) {
            started = true;
#pragma unroll
            for (int m = 0; m < MT; m++) {
#pragma unroll
                for (int d = 0; d < W / 16; d++) {
                    load_a<W>(k[m][d], keyTile + (warpRow + m * 16) * STRIDE<W>, d * 16);
                    load_a<W>(v[m][d], valueTile + (warpRow + m * 16) * STRIDE<W>, d * 16);
                }
            }
        }
        // Query i sees key j if i >= j + ahead.
        int ahead = sizes.causal ? sizes.queries - sizes.keys : -sizes.keys;
#pragma unroll 1
        for (int n = 0; n < QUERIES / 16; n++) {
            int at = i0 + n * 16;
            if (at + 15 < firstRow + ahead) {
                continue;
            }
            const bf16* queries = queryTiles + stage * TILE + n * 16 * STRIDE<W>;
            const bf16* dOutputs = dOutputTiles + stage * TILE + n * 16 * STRIDE<W>;
            const float* statistic = statisticTiles + stage * 2 * QUERIES + n * 16 + lane % 4 * 2;
            float s[MT][2][4] = {};
            float ds[MT][2][4] = {};
            add_products<W, MT>(s, k, queries);
            add_products<W, MT>(ds, v, dOutputs);
            unsigned p[MT][4], a[MT][4];
#pragma unroll
            for (int i = 0; i < 2; i++) {
                float2 logSum = *reinterpret_cast<const float2*>(statistic + i * 8);
                float2 mean = *reinterpret_cast<const float2*>(statistic + QUERIES + i * 8);
#pragma unroll
                for (int m = 0; m < MT; m++) {
#pragma unroll
                    for (int e = 0; e < 4; e++) {
                        s[m][i][e] = power_of_2(not_above_0(s[m][i][e] * c - (e % 2 == 0 ? logSum.x : logSum.y)));
                        if (at < firstRow + 16 * MT - 1 + ahead) {
                            bool sees = at + i * 8 + lane % 4 * 2 + e % 2 >= row + m * 16 + e / 2 * 8 + ahead;
                            s[m][i][e] = sees ? s[m][i][e] : 0;
                        }
                        ds[m][i][e] = s[m][i][e] * (ds[m][i][e] - (e % 2 == 0 ? mean.x : mean.y));
                    }
                }
            }
#pragma unroll
            for (int m = 0; m < MT; m++) {
                to_a(p[m], s[m][0], s[m][1]);
                to_a(a[m], ds[m][0], ds[m][1]);
            }
            add_weighted<W, MT>(valueSums, p, dOutputs);
            add_weighted<W, MT>(keySums, a, queries);
        }
        stage = 1 - stage;
        head = nextHead;
        i0 = next;
    }
    // Keys that are not valid had weights, but nobody saw them.
#pragma unroll
    for (int m = 0; m < MT; m++) {
#pragma unroll
        for (int n = 0; n < W / 8; n++) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                bool seen = row + m * 16 + e / 2 * 8 < valid;
                keySums[m][n][e] = seen ? keySums[m][n][e] * static_cast<float>(scale) : 0;
                valueSums[m][n][e] = seen ? valueSums[m][n][e] : 0;
            }
        }
        int there = sizes.keys - firstRow - m * 16;
        long long to = keyRow + warpRow + m * 16;
        store_rows<W>(dKey + to * dKeyStride + keyHead * sizes.width, dKeyStride, there, sizes.width, keyTile + (warpRow + m * 16) * STRIDE<W>,
                      keySums[m]);
        store_rows<W>(dValue + to * dValueStride + keyHead * sizes.width, dValueStride, there, sizes.width,
                      valueTile + (warpRow + m * 16) * STRIDE<W>, valueSums[m]);
    }
}

}  // namespace

#define QUERY_GRADIENT(W, MT, KEYS, BLOCKS)                                                                                           \
    extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) attention_tensor_query_gradient_bf16_##W(                           \
        const bf16* query, long long queryStride, const bf16* key, long long keyStride, const bf16* value, long long valueStride,     \
        const float* statistics, int padded, const bf16* dOutput, long long dOutputStride, bf16* dQuery, long long dQueryStride,      \
        const int* keyLengths, int heads, int keyHeads, int queries, int keys, int width, int causal, double scale, int section) {    \
        Sizes sizes = SIZES;                                                                                                          \
        query_gradient<W, MT, KEYS>(query, queryStride, key, keyStride, value, valueStride, statistics, padded, dOutput,              \
                                    dOutputStride, dQuery, dQueryStride, sizes, scale, section);                                      \
    }                                                                                                                                 \
    LIST_KERNEL(attention_tensor_query_gradient_bf16_##W)

#define KEY_GRADIENTS(W, MT, QUERIES, BLOCKS)                                                                                         \
    extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) attention_tensor_key_gradients_bf16_##W(                            \
        const bf16* query, long long queryStride, const bf16* key, long long keyStride, const bf16* value, long long valueStride,     \
        const float* statistics, int padded, const bf16* dOutput, long long dOutputStride, bf16* dKey, long long dKeyStride,          \
        bf16* dValue, long long dValueStride, const int* keyLengths, int heads, int keyHeads, int queries, int keys, int width,       \
        int causal, double scale, int section) {                                                                                      \
        Sizes sizes = SIZES;                                                                                                          \
        key_gradients<W, MT, QUERIES>(query, queryStride, key, keyStride, value, valueStride, statistics, padded, dOutput,            \
                                      dOutputStride, dKey, dKeyStride, dValue, dValueStride, sizes, scale, section);                  \
    }                                                                                                                                 \
    LIST_KERNEL(attention_tensor_key_gradients_bf16_##W)

QUERY_GRADIENT(32, 2, 64, 2)
QUERY_GRADIENT(64, 2, 64, 2)
QUERY_GRADIENT(128, 1, 32, 2)
KEY_GRADIENTS(32, 2, 64, 2)
KEY_GRADIENTS(64, 2, 64, 2)
KEY_GRADIENTS(128, 1, 32, 2)

extern "C" __global__ void __launch_bounds__(256) attention_tensor_statistics_bf16(
    const bf16* output, long long outputStride, const float* logSumExp, long long logSumExpStride, const bf16* dOutput,
    long long dOutputStride, float* result, int padded, const int* keyLengths, int heads, int keyHeads, int queries, int keys, int width,
    int causal) {
    Sizes sizes = SIZES;
    statistics(output, outputStride, logSumExp, logSumExpStride, dOutput, dOutputStride, result, padded, sizes);
}
LIST_KERNEL(attention_tensor_statistics_bf16)
