// Products of bf16 on Hopper's tensor cores (wgmma, sm_90a), with sums in float. The grid and the arguments are those of matmul_tensor.cu.
//
// Two warpgroups take the upper and the lower 64 rows of a tile of 128 x BN, and all threads copy. In a turn, a warpgroup starts the
// products of one step along k; while they and those of the turn before run, it starts the copies for a step further on, into the memory
// of the step before the last one, whose products everybody has waited for.
#include "matmul.cuh"
#include "matmul_pieces.cuh"
#include "warpgroup.cuh"

namespace {

template <int BN, int STAGES, bool A_ALONG, bool B_ALONG>
struct GroupProduct {
    static constexpr int BM = 128;
    static constexpr int THREADS = 256;
    using A = Pieces<bf16, BM, A_ALONG, THREADS>;
    using B = Pieces<bf16, BN, B_ALONG, THREADS>;
    static constexpr int STAGE = A::BYTES + B::BYTES;
    // Copies run so many steps ahead.
    static constexpr int AHEAD = STAGES - 2;
    static constexpr int STEPS = 4;
    static constexpr int ROWS = 64;
    // 8 lines of 128 bytes.
    static constexpr int EIGHT = 8 * LINE;
    static constexpr int PANEL = A::DEPTH * LINE;
    // 16 of k.
    static constexpr int A_STEP = A_ALONG ? 32 : 2 * EIGHT;
    static constexpr int B_STEP = B_ALONG ? 32 : 2 * EIGHT;
    static constexpr int SUM_STRIDE = BN + 8;
    static_assert(BM * SUM_STRIDE * 4 <= STAGES * STAGE, "the sums leave through the memory of the pieces");

    // Leaves the sums in shared memory, rows SUM_STRIDE apart.
    static __device__ __forceinline__ float* sums(unsigned char* shared, const bf16* a, long long aStride, const bf16* b, long long bStride, int m,
                                                  int n, int k, const TilePlace& tile) {
        // The lines are permuted by their addresses.
        shared += -reinterpret_cast<uintptr_t>(shared) % EIGHT;
        KRange range(k, A::DEPTH);
        A left(a, aStride, tile.row * BM, m);
        B right(b, bStride, tile.column * BN, n);
        float sums[BN / 2];
#pragma unroll
        for (int i = 0; i < BN / 2; i++) {
            sums[i] = 0;
        }
        int next = range.from;
#pragma unroll
        for (int stage = 0; stage < AHEAD; stage++, next += A::DEPTH) {
            if (next < range.to) {
                left.copy(shared + stage * STAGE, next, range.to);
                right.copy(shared + stage * STAGE + A::BYTES, next, range.to);
            }
            commit_copies();
        }
        int group = threadIdx.x / (4 * WARP);
        uint64_t aFirst = matrix_in_shared(shared + group * (A_ALONG ? ROWS * LINE : PANEL), PANEL, EIGHT);
        uint64_t bFirst = matrix_in_shared(shared + A::BYTES, PANEL, EIGHT);
        int reading = 0, writing = AHEAD;
        for (int p = range.from; p < range.to; p += A::DEPTH, next += A::DEPTH) {
            await_copies<AHEAD - 1>();
            show_to_products();
            __syncthreads();
            before_products();
#pragma unroll
            for (int step = 0; step < STEPS; step++) {
                multiply_add_group<!A_ALONG, !B_ALONG>(sums, further(aFirst, reading * STAGE + step * A_STEP),
                                                       further(bFirst, reading * STAGE + step * B_STEP));
            }
            commit_products();
            if (next < range.to) {
                left.copy(shared + writing * STAGE, next, range.to);
                right.copy(shared + writing * STAGE + A::BYTES, next, range.to);
            }
            commit_copies();
            await_products<1>();
            reading = reading + 1 == STAGES ? 0 : reading + 1;
            writing = writing + 1 == STAGES ? 0 : writing + 1;
        }
        await_products<0>();
        await_copies<0>();
        __syncthreads();
        float* out = reinterpret_cast<float*>(shared);
        int lane = threadIdx.x % WARP;
        float* at = out + (threadIdx.x / WARP * 16 + lane / 4) * SUM_STRIDE + lane % 4 * 2;
#pragma unroll
        for (int i = 0; i < BN / 2; i += 4) {
            *reinterpret_cast<float2*>(at + i * 2) = make_float2(sums[i], sums[i + 1]);
            *reinterpret_cast<float2*>(at + i * 2 + 8 * SUM_STRIDE) = make_float2(sums[i + 2], sums[i + 3]);
        }
        __syncthreads();
        return out;
    }

    template <typename O>
    static __device__ __forceinline__ void store(const float* sums, const TilePlace& tile, O* c, long long cStride, const O* bias, O* pre,
                                                 long long preStride, int m, int n, double alpha, double beta, int activation) {
        long long rows = (blockIdx.y * static_cast<long long>(gridDim.z) + blockIdx.z) * m;
        Result<O>(c + rows * cStride, cStride, bias, pre + rows * preStride, preStride, m, n, alpha, beta, activation)
            .template put_tile<BM, BN, THREADS>(sums, SUM_STRIDE, tile.row * BM, tile.column * BN);
    }
};

}  // namespace

#define MATMUL_SM90(BN, STAGES, BLOCKS, transposes, TRANSPOSE_A, TRANSPOSE_B)                                                             \
    extern "C" __global__ void __launch_bounds__(256, BLOCKS) matmul_128x##BN##_sm90_##transposes(                                       \
        const bf16* a, long long aStride, int, const bf16* b, long long bStride, int, int m, int n, int k, double alpha, double beta,     \
        void* c, long long cStride, const void* bias, void* pre, long long preStride, int activation, int wide) {                         \
        using Kernel = GroupProduct<BN, STAGES, !TRANSPOSE_A, TRANSPOSE_B>;                                                               \
        DYNAMIC_SHARED(unsigned char, shared);                                                                                            \
        TilePlace tile((m + 127) / 128, (n + BN - 1) / BN);                                                                               \
        long long batch = blockIdx.z;                                                                                                     \
        float* sums = Kernel::sums(shared, a + batch * (TRANSPOSE_A ? k : m) * aStride, aStride,                                          \
                                   b + batch * (TRANSPOSE_B ? n : k) * bStride, bStride, m, n, k, tile);                                  \
        if (wide) {                                                                                                                       \
            Kernel::store(sums, tile, static_cast<float*>(c), cStride, static_cast<const float*>(bias), static_cast<float*>(pre),         \
                          preStride, m, n, alpha, beta, activation);                                                                      \
        } else {                                                                                                                          \
            Kernel::store(sums, tile, static_cast<bf16*>(c), cStride, static_cast<const bf16*>(bias), static_cast<bf16*>(pre), preStride, \
                          m, n, alpha, beta, activation);                                                                                 \
        }                                                                                                                                 \
    }                                                                                                                                     \
    LIST_KERNEL(matmul_128x##BN##_sm90_##transposes)

#define MATMUL_TRANSPOSES(BN, STAGES, BLOCKS)            \
    MATMUL_SM90(BN, STAGES, BLOCKS, nn, false, false)    \
    MATMUL_SM90(BN, STAGES, BLOCKS, nt, false, true)     \
    MATMUL_SM90(BN, STAGES, BLOCKS, tn, true, false)     \
    MATMUL_SM90(BN, STAGES, BLOCKS, tt, true, true)

MATMUL_TRANSPOSES(256, 4, 1)
MATMUL_TRANSPOSES(128, 3, 2)
