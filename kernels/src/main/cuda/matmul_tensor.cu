// Products of matrices on tensor cores by mma.sync, with sums in float: of bf16, and of floats rounded to tf32. Like matmul.cu, whose grid
// and arguments they share, but a kernel for each pair of transposes.
// Pieces of A and B go to shared memory by asynchronous copies, several steps ahead.
#include "matmul.cuh"
#include "matmul_pieces.cuh"

namespace {

// A block's tile of BM x BN, of which a warp takes WM x WN.
template <typename T, int BM, int BN, int WM, int WN, int STAGES, bool A_ALONG, bool B_ALONG>
struct Mma {
    static constexpr int THREADS = BM / WM * (BN / WN) * WARP;
    using A = Pieces<T, BM, A_ALONG, THREADS>;
    using B = Pieces<T, BN, B_ALONG, THREADS>;
    static constexpr int STAGE = A::BYTES + B::BYTES;
    static constexpr int STEPS = 4;
    // So that the pairs of sums that half a warp writes lie in different banks.
    static constexpr int SUM_STRIDE = BN + 8;
    static_assert(BM * SUM_STRIDE * 4 <= STAGES * STAGE, "the sums leave through the memory of the pieces");

    // Leaves the sums in shared memory, rows SUM_STRIDE apart.
    static __device__ __forceinline__ float* sums(unsigned char* shared, const T* a, long long aStride, const T* b, long long bStride, int m, int n,
                                                  int k, const TilePlace& tile) {
        int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP;
        int row = warp / (BN / WN) * WM, column = warp % (BN / WN) * WN;
        KRange range(k, A::DEPTH);
        A left(a, aStride, tile.row * BM, m);
        B right(b, bStride, tile.column * BN, n);
        float sums[WM / 16][WN / 8][4];
#pragma unroll
        for (int i = 0; i < WM / 16; i++) {
#pragma unroll
            for (int j = 0; j < WN / 8; j++) {
                sums[i][j][0] = sums[i][j][1] = sums[i][j][2] = sums[i][j][3] = 0;
            }
        }
        int next = range.from;
#pragma unroll
        for (int stage = 0; stage < STAGES - 1; stage++, next += A::DEPTH) {
            if (next < range.to) {
                left.copy(shared + stage * STAGE, next, range.to);
                right.copy(shared + stage * STAGE + A::BYTES, next, range.to);
            }
            commit_copies();
        }
        int reading = 0, writing = STAGES - 1;
        for (int p = range.from; p < range.to; p += A::DEPTH, next += A::DEPTH) {
            await_copies<STAGES - 2>();
            // Now everybody's copies are there, and nobody reads the oldest stage any more.
            __syncthreads();
            if (next < range.to) {
                left.copy(shared + writing * STAGE, next, range.to);
                right.copy(shared + writing * STAGE + A::BYTES, next, range.to);
            }
            commit_copies();
            const unsigned char* aPiece = shared + reading * STAGE;
            const unsigned char* bPiece = aPiece + A::BYTES;
            unsigned u[2][WM / 16][4], v[2][WN / 16][4];
            fragments(u[0], v[0], aPiece, bPiece, row, column, 0);
#pragma unroll
            for (int step = 0; step < STEPS; step++) {
                if (step + 1 < STEPS) {
                    fragments(u[(step + 1) % 2], v[(step + 1) % 2], aPiece, bPiece, row, column, step + 1);
                }
#pragma unroll
                for (int i = 0; i < WM / 16; i++) {
#pragma unroll
                    for (int j = 0; j < WN / 8; j++) {
                        const unsigned* of = v[step % 2][j / 2] + j % 2 * 2;
                        if (sizeof(T) == 2) {
                            multiply_add_bf16(sums[i][j], u[step % 2][i], of[0], of[1]);
                        } else {
                            multiply_add_tf32(sums[i][j], u[step % 2][i], of[0], of[1]);
                        }
                    }
                }
            }
            reading = reading + 1 == STAGES ? 0 : reading + 1;
            writing = writing + 1 == STAGES ? 0 : writing + 1;
        }
        await_copies<0>();
        __syncthreads();
        float* out = reinterpret_cast<float*>(shared);
#pragma unroll
        for (int i = 0; i < WM / 16; i++) {
#pragma unroll
            for (int j = 0; j < WN / 8; j++) {
                float* at = out + (row + i * 16 + lane / 4) * SUM_STRIDE + column + j * 8 + lane % 4 * 2;
                *reinterpret_cast<float2*>(at) = make_float2(sums[i][j][0], sums[i][j][1]);
                *reinterpret_cast<float2*>(at + 8 * SUM_STRIDE) = make_float2(sums[i][j][2], sums[i][j][3]);
            }
        }
        __syncthreads();
        return out;
    }

    static __device__ __forceinline__ void fragments(unsigned (&u)[WM / 16][4], unsigned (&v)[WN / 16][4], const unsigned char* aPiece,
                                                     const unsigned char* bPiece, int row, int column, int step) {
#pragma unroll
        for (int i = 0; i < WM / 16; i++) {
            A::template fragment<true>(u[i], aPiece, row + i * 16, step);
        }
#pragma unroll
        for (int j = 0; j < WN / 16; j++) {
            B::template fragment<false>(v[j], bPiece, column + j * 16, step);
        }
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

#define MATMUL_TENSOR(T, type, BM, BN, WM, WN, STAGES, BLOCKS, transposes, TRANSPOSE_A, TRANSPOSE_B)                                      \
    extern "C" __global__ void __launch_bounds__(BM / WM * (BN / WN) * WARP, BLOCKS) matmul_##BM##x##BN##_##type##_##transposes(          \
        const T* a, long long aStride, int, const T* b, long long bStride, int, int m, int n, int k, double alpha, double beta, void* c,  \
        long long cStride, const void* bias, void* pre, long long preStride, int activation, int wide) {                                  \
        using Kernel = Mma<T, BM, BN, WM, WN, STAGES, !TRANSPOSE_A, TRANSPOSE_B>;                                                         \
        DYNAMIC_SHARED(unsigned char, shared);                                                                                            \
        TilePlace tile((m + BM - 1) / BM, (n + BN - 1) / BN);                                                                             \
        long long batch = blockIdx.z;                                                                                                     \
        float* sums = Kernel::sums(shared, a + batch * (TRANSPOSE_A ? k : m) * aStride, aStride,                                          \
                                   b + batch * (TRANSPOSE_B ? n : k) * bStride, bStride, m, n, k, tile);                                  \
        if (wide || sizeof(T) == 4) {                                                                                                     \
            Kernel::store(sums, tile, static_cast<float*>(c), cStride, static_cast<const float*>(bias), static_cast<float*>(pre),         \
                          preStride, m, n, alpha, beta, activation);                                                                      \
        } else {                                                                                                                          \
            Kernel::store(sums, tile, static_cast<bf16*>(c), cStride, static_cast<const bf16*>(bias), static_cast<bf16*>(pre), preStride, \
                          m, n, alpha, beta, activation);                                                                                 \
        }                                                                                                                                 \
    }                                                                                                                                     \
    LIST_KERNEL(matmul_##BM##x##BN##_##type##_##transposes)

#define MATMUL_TRANSPOSES(T, type, BM, BN, WM, WN, STAGES, BLOCKS)                 \
    MATMUL_TENSOR(T, type, BM, BN, WM, WN, STAGES, BLOCKS, nn, false, false)       \
    MATMUL_TENSOR(T, type, BM, BN, WM, WN, STAGES, BLOCKS, nt, false, true)        \
    MATMUL_TENSOR(T, type, BM, BN, WM, WN, STAGES, BLOCKS, tn, true, false)        \
    MATMUL_TENSOR(T, type, BM, BN, WM, WN, STAGES, BLOCKS, tt, true, true)

// With `wide`, C, bias and what goes into the activation are floats.
MATMUL_TRANSPOSES(bf16, bf16, 128, 128, 64, 64, 3, 2)
MATMUL_TRANSPOSES(bf16, bf16, 64, 64, 32, 32, 4, 3)
MATMUL_TRANSPOSES(float, tf32, 128, 128, 64, 64, 3, 2)
MATMUL_TRANSPOSES(float, tf32, 64, 64, 32, 32, 4, 3)
