// Products of matrices on the ordinary arithmetic units: C = activation(alpha op(A) op(B) + beta C + bias).
//
// A block takes a tile of C: grid.x counts tiles, grid.z the products of a batch. It steps along k: while the next pieces of A and B are
// on their way to registers, the products of the last ones, which lie in shared memory with k as the slower index, are summed, TM x TN
// by each thread. Where tiles are too few for the device, grid.y blocks share a sum; each writes its part, and matmul_sum adds them.
#include "matmul.cuh"

namespace {

template <typename T, int COUNT>
struct alignas(sizeof(T) * COUNT) Vector {
    T x[COUNT];
};

// 16 bytes of elements.
template <typename T>
using Sixteen = Vector<T, 16 / sizeof(T)>;

// Pieces of an operand, of SIZE rows of A or columns of B by DEPTH of k, on their way to shared memory. Beyond the operand's ends is 0.
template <typename T, int SIZE, int DEPTH, int THREADS>
struct Pieces {
    static constexpr int V = 16 / sizeof(T);
    static constexpr int VECTORS = SIZE * DEPTH / V;
    static constexpr int EACH = (VECTORS + THREADS - 1) / THREADS;
    // A row more than needed by so much keeps elements of a column in different banks.
    static constexpr int STRIDE = SIZE + V;

    const T* operand;
    long long stride;
    // Whether neighbours in memory are neighbours along k.
    bool along;
    int first, size;
    const T* next[EACH];
    long long step;
    // Whether a vector may be read as such as long as all of a piece's k are there.
    bool whole[EACH];
    Sixteen<T> staged[EACH];

    __device__ __forceinline__ int outer(int i) const { return (threadIdx.x + i * THREADS) / (along ? DEPTH / V : SIZE / V); }
    __device__ __forceinline__ int inner(int i) const { return (threadIdx.x + i * THREADS) % (along ? DEPTH / V : SIZE / V) * V; }
    __device__ __forceinline__ bool mine(int i) const { return VECTORS % THREADS == 0 || threadIdx.x + i * THREADS < VECTORS; }

    __device__ __forceinline__ Pieces(const T* operand, long long stride, bool along, int first, int size, int k)
        : operand(operand), stride(stride), along(along), first(first), size(size) {
        bool aligned = reinterpret_cast<uintptr_t>(operand) % 16 == 0 && stride % V == 0;
        step = along ? DEPTH : DEPTH * stride;
#pragma unroll
        for (int i = 0; i < EACH; i++) {
            int o = outer(i) + (along ? first : k);
            int in = inner(i) + (along ? k : first);
            next[i] = operand + o * stride + in;
            whole[i] = aligned && mine(i) && (along ? o < size : in + V <= size);
        }
    }

    // Reads the next piece, of which `left` of k are there.
    __device__ __forceinline__ void fetch(int left) {
#pragma unroll
        for (int i = 0; i < EACH; i++) {
            if (whole[i] && left >= DEPTH) {
                staged[i] = *reinterpret_cast<const Sixteen<T>*>(next[i]);
            } else if (mine(i)) {
                int ofK = along ? inner(i) : outer(i);
                int ofSize = first + (along ? outer(i) : inner(i));
#pragma unroll
                for (int j = 0; j < V; j++) {
                    bool there = along ? ofSize < size && ofK + j < left : ofSize + j < size && ofK < left;
                    staged[i].x[j] = there ? next[i][j] : T(0);
                }
            }
            next[i] += step;
        }
    }

    __device__ __forceinline__ void put(T* tile) const {
#pragma unroll
        for (int i = 0; i < EACH; i++) {
            if (!mine(i)) {
                continue;
            }
            if (along) {
#pragma unroll
                for (int j = 0; j < V; j++) {
                    tile[(inner(i) + j) * STRIDE + outer(i)] = staged[i].x[j];
                }
            } else {
                *reinterpret_cast<Sixteen<T>*>(tile + outer(i) * STRIDE + inner(i)) = staged[i];
            }
        }
    }
};

// A block's tile of BM x BN, by steps of BK along k. A thread's TM rows lie in groups of 16 bytes, spread over the tile so that the
// threads of a warp read neighbours from shared memory; likewise its columns.
template <typename T, int BM, int BN, int BK, int TM, int TN>
struct Fma {
    static constexpr int THREADS = BM / TM * (BN / TN);
    static constexpr int V = 16 / sizeof(T);
    static constexpr int GROUP_M = TM < V ? TM : V;
    static constexpr int GROUP_N = TN < V ? TN : V;
    static constexpr int SPREAD_M = BM / (TM / GROUP_M);
    static constexpr int SPREAD_N = BN / (TN / GROUP_N);
    // Warps along the columns of a tile; a warp's threads are 4 by 8.
    static constexpr int ACROSS = BN / TN / 8;
    using A = Pieces<T, BM, BK, THREADS>;
    using B = Pieces<T, BN, BK, THREADS>;
    static constexpr int STAGE = BK * (A::STRIDE + B::STRIDE);
    // The sums leave in rounds of a group of rows of every thread.
    static constexpr int SUM_STRIDE = BN + V;
    static constexpr int SUMS = SPREAD_M * SUM_STRIDE;
    static constexpr int SHARED = 2 * STAGE > SUMS ? 2 * STAGE : SUMS;

    template <int COUNT, int GROUP, int SPREAD>
    static __device__ __forceinline__ void read(const T* row, T (&x)[COUNT]) {
#pragma unroll
        for (int i = 0; i < COUNT; i += GROUP) {
            *reinterpret_cast<Vector<T, GROUP>*>(x + i) = *reinterpret_cast<const Vector<T, GROUP>*>(row + i / GROUP * SPREAD);
        }
    }

    static __device__ __forceinline__ void run(const T* a, long long aStride, const T* b, long long bStride, const Result<T>& result, int m, int n,
                                               int k, bool transposeA, bool transposeB) {
        __shared__ __align__(16) T shared[SHARED];
        int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
        // Lanes that differ in bit 0 alone read the same of A, and those that differ in bit 1 alone the same of B: then shared memory
        // serves half a warp at once, not a quarter.
        int x = warp % ACROSS * 8 + lane / 4 % 4 * 2 + lane % 2;
        int y = warp / ACROSS * 4 + lane / 16 * 2 + lane / 2 % 2;
        TilePlace tile((m + BM - 1) / BM, (n + BN - 1) / BN);
        KRange range(k, BK);
        A left(a, aStride, !transposeA, tile.row * BM, m, range.from);
        B right(b, bStride, transposeB, tile.column * BN, n, range.from);
        T sums[TM][TN];
#pragma unroll
        for (int i = 0; i < TM; i++) {
#pragma unroll
            for (int j = 0; j < TN; j++) {
                sums[i][j] = 0;
            }
        }
        T* current = shared;
        T* other = shared + STAGE;
        left.fetch(range.to - range.from);
        right.fetch(range.to - range.from);
        left.put(current);
        right.put(current + BK * A::STRIDE);
        __syncthreads();
        for (int p = range.from; p < range.to; p += BK) {
            bool more = p + BK < range.to;
            if (more) {
                left.fetch(range.to - p - BK);
                right.fetch(range.to - p - BK);
            }
            const T* aRow = current + y * GROUP_M;
            const T* bRow = current + BK * A::STRIDE + x * GROUP_N;
#pragma unroll
            for (int step = 0; step < BK; step++) {
                __align__(16) T u[TM];
                __align__(16) T v[TN];
                read<TM, GROUP_M, SPREAD_M>(aRow + step * A::STRIDE, u);
                read<TN, GROUP_N, SPREAD_N>(bRow + step * B::STRIDE, v);
#pragma unroll
                for (int i = 0; i < TM; i++) {
#pragma unroll
                    for (int j = 0; j < TN; j++) {
                        sums[i][j] = fma(u[i], v[j], sums[i][j]);
                    }
                }
            }
            if (more) {
                left.put(other);
                right.put(other + BK * A::STRIDE);
            }
            __syncthreads();
            T* before = current;
            current = other;
            other = before;
        }
#pragma unroll
        for (int round = 0; round < TM / GROUP_M; round++) {
            if (round > 0) {
                __syncthreads();
            }
#pragma unroll
            for (int i = 0; i < GROUP_M; i++) {
#pragma unroll
                for (int j = 0; j < TN; j++) {
                    shared[(y * GROUP_M + i) * SUM_STRIDE + j / GROUP_N * SPREAD_N + x * GROUP_N + j % GROUP_N] = sums[round * GROUP_M + i][j];
                }
            }
            __syncthreads();
            result.template put_tile<SPREAD_M, BN, THREADS>(shared, SUM_STRIDE, tile.row * BM + round * SPREAD_M, tile.column * BN);
        }
    }
};

// Adds the parts of shared sums: [parts][rows][n]. A thread takes four columns.
template <typename C, typename O>
__device__ __forceinline__ void sum_parts(const C* parts, int count, const Result<O>& result) {
    int columns = (result.n + 3) / 4;
    long long at = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
    int row = static_cast<int>(at / columns), column = static_cast<int>(at % columns) * 4;
    if (row >= result.m) {
        return;
    }
    const C* from = parts + static_cast<long long>(row) * result.n + column;
    long long next = static_cast<long long>(result.m) * result.n;
    int there = result.n - column;
    bool together = result.n % 4 == 0;
    C x[4] = {0, 0, 0, 0};
    for (int part = 0; part < count; part++, from += next) {
        C more[4];
        load_some(from, together, there, more);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            x[i] += more[i];
        }
    }
    result.put(row, column, x);
}

}  // namespace

#define MATMUL(T, type, BM, BN, BK, TM, TN, BLOCKS)                                                                                       \
    extern "C" __global__ void __launch_bounds__(BM / TM * (BN / TN), BLOCKS) matmul_##BM##x##BN##_##type(                               \
        const T* a, long long aStride, int transposeA, const T* b, long long bStride, int transposeB, int m, int n, int k, double alpha,  \
        double beta, T* c, long long cStride, const T* bias, T* pre, long long preStride, int activation, int) {                          \
        long long batch = blockIdx.z, part = blockIdx.y * static_cast<long long>(gridDim.z) + blockIdx.z;                                 \
        Result<T> result(c + part * m * cStride, cStride, bias, pre + part * m * preStride, preStride, m, n, alpha, beta, activation);    \
        Fma<T, BM, BN, BK, TM, TN>::run(a + batch * (transposeA ? k : m) * aStride, aStride,                                              \
                                        b + batch * (transposeB ? n : k) * bStride, bStride, result, m, n, k, transposeA, transposeB);    \
    }                                                                                                                                     \
    LIST_KERNEL(matmul_##BM##x##BN##_##type)

MATMUL(float, f32, 128, 128, 8, 8, 8, 2)
MATMUL(float, f32, 64, 64, 16, 4, 4, 3)
MATMUL(float, f32, 16, 128, 32, 2, 4, 2)
MATMUL(float, f32, 128, 16, 32, 4, 2, 2)
MATMUL(double, f64, 128, 64, 8, 8, 4, 2)
MATMUL(double, f64, 64, 64, 8, 4, 4, 2)
MATMUL(double, f64, 16, 128, 16, 2, 4, 2)
MATMUL(double, f64, 128, 16, 16, 4, 2, 2)

#define MATMUL_SUM(C, O, type)                                                                                                            \
    extern "C" __global__ void matmul_sum_##type(const C* parts, int count, int m, int n, double alpha, double beta, O* c,                \
                                                 long long cStride, const O* bias, O* pre, long long preStride, int activation) {         \
        sum_parts(parts, count, Result<O>(c, cStride, bias, pre, preStride, m, n, alpha, beta, activation));                              \
    }                                                                                                                                     \
    LIST_KERNEL(matmul_sum_##type)

MATMUL_SUM(float, float, f32)
MATMUL_SUM(double, double, f64)
MATMUL_SUM(float, bf16, bf16)
