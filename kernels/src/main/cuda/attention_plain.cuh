// Attention on plain multiply-adds, for any head width: forward, and backward in two kernels, one of tiles of queries for dQuery, one of
// tiles of keys for dKey and dValue; both recompute the scores. A block of 16 by 16 threads takes a tile of TILE by TILE scores at a
// time, each thread TILE / 16 squared of them; scores never leave the block. Heads wider than W are taken in chunks of W columns: the
// scores are sums over the chunks, and each block (blockIdx.y) writes one chunk of the result. Chunks of the gradients are at most 64
// wide, since four of them must fit in shared memory.
#pragma once

#include "attention.cuh"
#include "attention_tiles.cuh"

namespace {

// Columns first to first + W of a row, or those that there are.
__device__ __forceinline__ int up_to(int most, int there) { return there < most ? there : most; }

template <typename T, int TILE, int W>
__device__ void forward(const T* query, long long queryStride, const T* key, long long keyStride, const T* value, long long valueStride,
                        T* output, long long outputStride, computed<T>* logSumExp, long long logSumExpStride, Sizes sizes, double scale,
                        int section) {
    using C = computed<T>;
    constexpr int M = TILE / SIDE;
    DYNAMIC_SHARED(C, queryTile);
    C* keyTile = queryTile + TILE * STRIDE<C, W>;
    C* weightTile = keyTile + TILE * STRIDE<C, W>;

    QueryTile own(sizes, TILE, section);
    int first = own.first, head = own.head, keyHead = own.keyHead, valid = own.valid, end = own.end;
    int rows = up_to(TILE, sizes.queries - first);
    int seenByAll = sizes.visible(valid, first);
    int chunks = gridDim.y;
    int mine = blockIdx.y * W;
    long long queryRow = own.queryRow + first;
    long long keyRow = own.keyRow;
    query += queryRow * queryStride + head * sizes.width;
    key += keyRow * keyStride + keyHead * sizes.width;
    value += keyRow * valueStride + keyHead * sizes.width + mine;
    output += queryRow * outputStride + head * sizes.width + mine;
    int firstRow = threadIdx.x / SIDE * M;
    int lane = threadIdx.x % SIDE;

    C most[M], total[M];
    C sums[M][W / SIDE] = {};
#pragma unroll
    for (int i = 0; i < M; i++) {
        most[i] = -INFINITY;
        total[i] = 0;
    }
    for (int j = 0; j < end; j += TILE) {
        C s[M][M] = {};
        for (int chunk = 0; chunk < chunks; chunk++) {
            int columns = up_to(W, sizes.width - chunk * W);
            __syncthreads();
            if (chunks > 1 || j == 0) {
                load_tile<T, TILE, W>(queryTile, query + chunk * W, queryStride, rows, columns);
            }
            load_tile<T, TILE, W>(keyTile, key + j * keyStride + chunk * W, keyStride, valid - j, columns);
            __syncthreads();
            add_products<M, W>(s, queryTile, keyTile);
        }
#pragma unroll
        for (int i = 0; i < M; i++) {
            int seen = sizes.visible(valid, first + firstRow + i) - j;
            C largest = most[i];
#pragma unroll
            for (int n = 0; n < M; n++) {
                s[i][n] = lane + n * SIDE < seen ? static_cast<C>(scale) * s[i][n] : C(-INFINITY);
                largest = s[i][n] > largest ? s[i][n] : largest;
            }
            largest = over_side(largest, Largest());
            // Where nothing was seen up to now, weights must be 0, not NaN.
            C base = largest == C(-INFINITY) ? C(0) : largest;
            C correction = exp(most[i] - base);
            most[i] = largest;
            total[i] *= correction;
#pragma unroll
            for (int n = 0; n < M; n++) {
                s[i][n] = exp(s[i][n] - base);
                total[i] += s[i][n];
            }
#pragma unroll
            for (int n = 0; n < W / SIDE; n++) {
                sums[i][n] *= correction;
            }
        }
        store_scores<M>(weightTile, s);
        __syncthreads();
        load_tile<T, TILE, W>(keyTile, value + j * valueStride, valueStride, valid - j, up_to(W, sizes.width - mine));
        __syncthreads();
        if (j + TILE <= seenByAll) {
            add_weighted<M, W, false>(sums, weightTile, keyTile);
        } else {
            add_weighted<M, W, true>(sums, weightTile, keyTile);
        }
    }
#pragma unroll
    for (int i = 0; i < M; i++) {
        total[i] = over_side(total[i], Sum());
        bool none = total[i] == 0;
        C inverse = none ? C(0) : 1 / total[i];
#pragma unroll
        for (int n = 0; n < W / SIDE; n++) {
            sums[i][n] = none ? C(0) : sums[i][n] * inverse;
        }
        if (logSumExp != nullptr && blockIdx.y == 0 && lane == 0 && firstRow + i < rows) {
            logSumExp[own.ofAll * logSumExpStride + first + firstRow + i] = none ? C(-INFINITY) : most[i] + log(total[i]);
        }
    }
    store_rows<T, M, W>(output, outputStride, rows, up_to(W, sizes.width - mine), sums);
}

// rowsum(output dOutput) of every query: a warp for each, in the order of logSumExp.
template <typename T>
__device__ void means(const T* output, long long outputStride, const T* dOutput, long long dOutputStride, computed<T>* result, int rows,
                      int heads, int queries, int width) {
    using C = computed<T>;
    int at = static_cast<int>(blockIdx.x) * (static_cast<int>(blockDim.x) / WARP) + static_cast<int>(threadIdx.x) / WARP;
    int head = at / queries % heads;
    long long row = static_cast<long long>(at / queries / heads) * queries + at % queries;
    C part = 0;
    for (int d = threadIdx.x % WARP; at < rows && d < width; d += WARP) {
        part += load(output + row * outputStride + head * width + d) * load(dOutput + row * dOutputStride + head * width + d);
    }
    part = over_warp(part, Sum());
    if (at < rows && threadIdx.x % WARP == 0) {
        result[at] = part;
    }
}

// The weight of a score: at most 1, though the log-sum-exp of enormous scores, as it was stored, is rounded by far more than 1.
template <typename C>
__device__ __forceinline__ C weight(C score, C logSumExp) {
    C x = score - logSumExp;
    return exp(x > 0 ? C(0) : x);
}

// Of a query that is there; infinity, which makes all weights 0, if it is not or sees nothing.
template <typename C>
__device__ __forceinline__ C log_sum_or_infinity(const C* logSumExp, int i, bool there) {
    C value = there ? logSumExp[i] : C(INFINITY);
    return value == C(-INFINITY) ? C(INFINITY) : value;
}

template <typename T, int TILE, int W>
__device__ void query_gradient(const T* query, long long queryStride, const T* key, long long keyStride, const T* value,
                               long long valueStride, const computed<T>* logSumExp, long long logSumExpStride, const computed<T>* means,
                               const T* dOutput, long long dOutputStride, T* dQuery, long long dQueryStride, Sizes sizes, double scale,
                               int section) {
    using C = computed<T>;
    constexpr int M = TILE / SIDE;
    DYNAMIC_SHARED(C, queryTile);
    C* dOutputTile = queryTile + TILE * STRIDE<C, W>;
    C* keyTile = dOutputTile + TILE * STRIDE<C, W>;
    C* valueTile = keyTile + TILE * STRIDE<C, W>;
    C* scoreTile = valueTile + TILE * STRIDE<C, W>;

    QueryTile own(sizes, TILE, section);
    int first = own.first, head = own.head, keyHead = own.keyHead, valid = own.valid, end = own.end;
    int rows = up_to(TILE, sizes.queries - first);
    int seenByAll = sizes.visible(valid, first);
    int chunks = gridDim.y;
    int mine = blockIdx.y * W;
    long long queryRow = own.queryRow + first;
    long long keyRow = own.keyRow;
    query += queryRow * queryStride + head * sizes.width;
    dOutput += queryRow * dOutputStride + head * sizes.width;
    dQuery += queryRow * dQueryStride + head * sizes.width + mine;
    key += keyRow * keyStride + keyHead * sizes.width;
    value += keyRow * valueStride + keyHead * sizes.width;
    logSumExp += own.ofAll * logSumExpStride + first;
    means += static_cast<long long>(own.ofAll) * sizes.queries + first;
    int firstRow = threadIdx.x / SIDE * M;
    int lane = threadIdx.x % SIDE;

    C logSum[M], mean[M];
#pragma unroll
    for (int i = 0; i < M; i++) {
        bool there = firstRow + i < rows;
        logSum[i] = log_sum_or_infinity(logSumExp, firstRow + i, there);
        mean[i] = there ? means[firstRow + i] : C(0);
    }
    C sums[M][W / SIDE] = {};
    for (int j = 0; j < end; j += TILE) {
        C s[M][M] = {};
        C ds[M][M] = {};
        for (int chunk = 0; chunk < chunks; chunk++) {
            int columns = up_to(W, sizes.width - chunk * W);
            __syncthreads();
            if (chunks > 1 || j == 0) {
                load_tile<T, TILE, W>(queryTile, query + chunk * W, queryStride, rows, columns);
                load_tile<T, TILE, W>(dOutputTile, dOutput + chunk * W, dOutputStride, rows, columns);
            }
            load_tile<T, TILE, W>(keyTile, key + j * keyStride + chunk * W, keyStride, valid - j, columns);
            load_tile<T, TILE, W>(valueTile, value + j * valueStride + chunk * W, valueStride, valid - j, columns);
            __syncthreads();
            add_products<M, W>(s, queryTile, keyTile);
            add_products<M, W>(ds, dOutputTile, valueTile);
        }
#pragma unroll
        for (int i = 0; i < M; i++) {
            int seen = sizes.visible(valid, first + firstRow + i) - j;
#pragma unroll
            for (int n = 0; n < M; n++) {
                C p = weight(static_cast<C>(scale) * s[i][n], logSum[i]);
                ds[i][n] = lane + n * SIDE < seen ? p * (ds[i][n] - mean[i]) : C(0);
            }
        }
        store_scores<M>(scoreTile, ds);
        if (chunks > 1) {
            __syncthreads();
            load_tile<T, TILE, W>(keyTile, key + j * keyStride + mine, keyStride, valid - j, up_to(W, sizes.width - mine));
        }
        __syncthreads();
        if (j + TILE <= seenByAll) {
            add_weighted<M, W, false>(sums, scoreTile, keyTile);
        } else {
            add_weighted<M, W, true>(sums, scoreTile, keyTile);
        }
    }
#pragma unroll
    for (int i = 0; i < M; i++) {
#pragma unroll
        for (int n = 0; n < W / SIDE; n++) {
            sums[i][n] *= static_cast<C>(scale);
        }
    }
    store_rows<T, M, W>(dQuery, dQueryStride, rows, up_to(W, sizes.width - mine), sums);
}

template <typename T, int TILE, int W>
__device__ void key_gradients(const T* query, long long queryStride, const T* key, long long keyStride, const T* value,
                              long long valueStride, const computed<T>* logSumExp, long long logSumExpStride, const computed<T>* means,
                              const T* dOutput, long long dOutputStride, T* dKey, long long dKeyStride, T* dValue, long long dValueStride,
                              Sizes sizes, double scale, int section) {
    using C = computed<T>;
    constexpr int M = TILE / SIDE;
    DYNAMIC_SHARED(C, queryTile);
    C* dOutputTile = queryTile + TILE * STRIDE<C, W>;
    C* keyTile = dOutputTile + TILE * STRIDE<C, W>;
    C* valueTile = keyTile + TILE * STRIDE<C, W>;
    C* scoreTile = valueTile + TILE * STRIDE<C, W>;

    // The first keys are seen by the most queries, so they go first.
    Place place((sizes.keys + TILE - 1) / TILE, section);
    int first = place.tile * TILE;
    int sequence = place.head / sizes.keyHeads;
    int keyHead = place.head % sizes.keyHeads;
    int group = sizes.heads / sizes.keyHeads;
    int valid = sizes.valid_keys(sequence);
    int rows = up_to(TILE, sizes.keys - first);
    int chunks = gridDim.y;
    int mine = blockIdx.y * W;
    long long queryRow = static_cast<long long>(sequence) * sizes.queries;
    long long keyRow = static_cast<long long>(sequence) * sizes.keys + first;
    key += keyRow * keyStride + keyHead * sizes.width;
    value += keyRow * valueStride + keyHead * sizes.width;
    int firstRow = threadIdx.x / SIDE * M;
    int lane = threadIdx.x % SIDE;

    C keySums[M][W / SIDE] = {};
    C valueSums[M][W / SIDE] = {};
    // Keys and values of a head of one chunk stay.
    bool resident = false;
    // No query sees keys that are not valid.
    int begin = first < valid ? sizes.first_query(first) / TILE * TILE : sizes.queries;
    for (int h = keyHead * group; h < (keyHead + 1) * group; h++) {
        const T* headQuery = query + queryRow * queryStride + h * sizes.width;
        const T* headDOutput = dOutput + queryRow * dOutputStride + h * sizes.width;
        int headRow = sequence * sizes.heads + h;
#pragma unroll 1
        for (int i0 = begin; i0 < sizes.queries; i0 += TILE) {
            int there = sizes.queries - i0;
            C s[M][M] = {};
            C ds[M][M] = {};
#pragma unroll 1
            for (int chunk = 0; chunk < chunks; chunk++) {
                int columns = up_to(W, sizes.width - chunk * W);
                __syncthreads();
                load_tile<T, TILE, W>(queryTile, headQuery + i0 * queryStride + chunk * W, queryStride, there, columns);
                load_tile<T, TILE, W>(dOutputTile, headDOutput + i0 * dOutputStride + chunk * W, dOutputStride, there, columns);
                if (chunks > 1 || !resident) {
                    load_tile<T, TILE, W>(keyTile, key + chunk * W, keyStride, valid - first, columns);
                    load_tile<T, TILE, W>(valueTile, value + chunk * W, valueStride, valid - first, columns);
                }
                __syncthreads();
                add_products<M, W>(s, queryTile, keyTile);
                add_products<M, W>(ds, dOutputTile, valueTile);
            }
            resident = true;
#pragma unroll
            for (int i = 0; i < M; i++) {
                int at = i0 + firstRow + i;
                bool inside = at < sizes.queries;
                int seen = sizes.visible(valid, at) - first;
                C logSum = log_sum_or_infinity(logSumExp + headRow * logSumExpStride, at, inside);
                C mean = inside ? means[static_cast<long long>(headRow) * sizes.queries + at] : C(0);
#pragma unroll
                for (int n = 0; n < M; n++) {
                    bool sees = lane + n * SIDE < seen;
                    s[i][n] = sees ? weight(static_cast<C>(scale) * s[i][n], logSum) : C(0);
                    ds[i][n] = sees ? s[i][n] * (ds[i][n] - mean) : C(0);
                }
            }
            store_scores<M>(scoreTile, s);
            if (chunks > 1) {
                __syncthreads();
                int columns = up_to(W, sizes.width - mine);
                load_tile<T, TILE, W>(queryTile, headQuery + i0 * queryStride + mine, queryStride, there, columns);
                load_tile<T, TILE, W>(dOutputTile, headDOutput + i0 * dOutputStride + mine, dOutputStride, there, columns);
            }
            __syncthreads();
            // Queries see fewer keys the further up they stand.
            auto add = [&](C (&sums)[M][W / SIDE], const C* rows) {
                if (sizes.visible(valid, i0) - first >= TILE) {
                    add_weighted_transposed<M, W, false>(sums, scoreTile, rows);
                } else {
                    add_weighted_transposed<M, W, true>(sums, scoreTile, rows);
                }
            };
            add(valueSums, dOutputTile);
            __syncthreads();
            store_scores<M>(scoreTile, ds);
            __syncthreads();
            add(keySums, queryTile);
        }
    }
#pragma unroll
    for (int i = 0; i < M; i++) {
#pragma unroll
        for (int n = 0; n < W / SIDE; n++) {
            keySums[i][n] *= static_cast<C>(scale);
        }
    }
    int columns = up_to(W, sizes.width - mine);
    int from = keyHead * sizes.width + mine;
    store_rows<T, M, W>(dKey + keyRow * dKeyStride + from, dKeyStride, rows, columns, keySums);
    store_rows<T, M, W>(dValue + keyRow * dValueStride + from, dValueStride, rows, columns, valueSums);
}

}  // namespace

#define FORWARD(T, type, TILE, W)                                                                                                     \
    extern "C" __global__ void __launch_bounds__(THREADS, 2) attention_forward_##type##_##W(                                             \
        const T* query, long long queryStride, const T* key, long long keyStride, const T* value, long long valueStride, T* output,   \
        long long outputStride, computed<T>* logSumExp, long long logSumExpStride, const int* keyLengths, int heads, int keyHeads,    \
        int queries, int keys, int width, int causal, double scale, int section) {                                                    \
        Sizes sizes = SIZES;                                                                                                          \
        forward<T, TILE, W>(query, queryStride, key, keyStride, value, valueStride, output, outputStride, logSumExp, logSumExpStride, \
                            sizes, scale, section);                                                                                   \
    }                                                                                                                                 \
    LIST_KERNEL(attention_forward_##type##_##W)

#define GRADIENTS(T, type, TILE, W)                                                                                                   \
    extern "C" __global__ void __launch_bounds__(THREADS, 2) attention_query_gradient_##type##_##W(                                      \
        const T* query, long long queryStride, const T* key, long long keyStride, const T* value, long long valueStride,              \
        const computed<T>* logSumExp, long long logSumExpStride, const computed<T>* means, const T* dOutput, long long dOutputStride, \
        T* dQuery, long long dQueryStride, const int* keyLengths, int heads, int keyHeads, int queries, int keys, int width,          \
        int causal, double scale, int section) {                                                                                      \
        Sizes sizes = SIZES;                                                                                                          \
        query_gradient<T, TILE, W>(query, queryStride, key, keyStride, value, valueStride, logSumExp, logSumExpStride, means,         \
                                   dOutput, dOutputStride, dQuery, dQueryStride, sizes, scale, section);                              \
    }                                                                                                                                 \
    LIST_KERNEL(attention_query_gradient_##type##_##W)                                                                                \
    extern "C" __global__ void __launch_bounds__(THREADS, 2) attention_key_gradients_##type##_##W(                                       \
        const T* query, long long queryStride, const T* key, long long keyStride, const T* value, long long valueStride,              \
        const computed<T>* logSumExp, long long logSumExpStride, const computed<T>* means, const T* dOutput, long long dOutputStride, \
        T* dKey, long long dKeyStride, T* dValue, long long dValueStride, const int* keyLengths, int heads, int keyHeads,             \
        int queries, int keys, int width, int causal, double scale, int section) {                                                    \
        Sizes sizes = SIZES;                                                                                                          \
        key_gradients<T, TILE, W>(query, queryStride, key, keyStride, value, valueStride, logSumExp, logSumExpStride, means, dOutput, \
                                  dOutputStride, dKey, dKeyStride, dValue, dValueStride, sizes, scale, section);                      \
    }                                                                                                                                 \
    LIST_KERNEL(attention_key_gradients_##type##_##W)

#define MEANS(T, type)                                                                                                                \
    extern "C" __global__ void __launch_bounds__(THREADS) attention_means_##type(                                                     \
        const T* output, long long outputStride, const T* dOutput, long long dOutputStride, computed<T>* result, int rows, int heads, \
        int queries, int width) {                                                                                                     \
        means(output, outputStride, dOutput, dOutputStride, result, rows, heads, queries, width);                                     \
    }                                                                                                                                 \
    LIST_KERNEL(attention_means_##type)
