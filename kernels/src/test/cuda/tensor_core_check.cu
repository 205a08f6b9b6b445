// Products of one warp, for a test of tensor_core.cuh: A is [16, units], B [units, 8], C [16, 8], with 8 units of 4 bytes along k.
#include "tensor_core.cuh"

// The fragments are gathered as the PTX ISA lays them out, and C is scattered so.
template <bool BF16>
__device__ void gathered(const unsigned* a, const unsigned* b, float* c) {
    int group = threadIdx.x / 4, member = threadIdx.x % 4;
    unsigned fragment[4] = {a[group * 8 + member], a[(group + 8) * 8 + member], a[group * 8 + member + 4], a[(group + 8) * 8 + member + 4]};
    float sums[4] = {c[group * 8 + 2 * member], c[group * 8 + 2 * member + 1], c[(group + 8) * 8 + 2 * member], c[(group + 8) * 8 + 2 * member + 1]};
    unsigned b0 = b[group * 8 + member], b1 = b[group * 8 + member + 4];
    BF16 ? multiply_add_bf16(sums, fragment, b0, b1) : multiply_add_tf32(sums, fragment, b0, b1);
    c[group * 8 + 2 * member] = sums[0];
    c[group * 8 + 2 * member + 1] = sums[1];
    c[(group + 8) * 8 + 2 * member] = sums[2];
    c[(group + 8) * 8 + 2 * member + 1] = sums[3];
}

// a holds rows of 16 bf16, b columns of as many.
extern "C" __global__ void tensor_core_bf16(const unsigned* a, const unsigned* b, float* c) { gathered<true>(a, b, c); }
LIST_KERNEL(tensor_core_bf16)

extern "C" __global__ void tensor_core_tf32(const unsigned* a, const unsigned* b, float* c) { gathered<false>(a, b, c); }
LIST_KERNEL(tensor_core_tf32)

// The same of bf16, through shared memory: a's rows are copied there, 16 bytes by each lane, and read as matrices; with `transposed`,
// a is [16 of k, 16 rows] and b [16 of k, 8 columns].
extern "C" __global__ void tensor_core_loaded(const bf16* a, const bf16* b, float* c, int transposed) {
    __shared__ __align__(16) bf16 aTile[16 * 16];
    __shared__ __align__(16) bf16 bTile[16 * 16];
    int lane = threadIdx.x;
    // The second half of B's columns is 0.
    copy_async(aTile + lane * 8, a + lane * 8);
    if (transposed) {
        copy_async(bTile + lane * 8, b + lane / 2 * 8, lane % 2 == 0 ? 16 : 0);
    } else {
        copy_async(bTile + lane * 8, lane < 16 ? b + lane * 8 : b, lane < 16 ? 16 : 0);
    }
    commit_copies();
    await_copies<0>();
    __syncthreads();
    unsigned x[4], y[4];
    int matrix = lane / 8, row = lane % 8;
    if (transposed) {
        load_matrices_transposed(x, aTile + (matrix / 2 * 8 + row) * 16 + matrix % 2 * 8);
        load_matrices_transposed(y, bTile + (matrix % 2 * 8 + row) * 16 + matrix / 2 * 8);
    } else {
        load_matrices(x, aTile + (matrix % 2 * 8 + row) * 16 + matrix / 2 * 8);
        load_matrices(y, bTile + (matrix / 2 * 8 + row) * 16 + matrix % 2 * 8);
    }
    float sums[4] = {0, 0, 0, 0};
    float beyond[4] = {0, 0, 0, 0};
    multiply_add_bf16(sums, x, y[0], y[1]);
    multiply_add_bf16(beyond, x, y[2], y[3]);
    for (int i = 0; i < 4; i++) {
        c[(lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] = sums[i] + beyond[i];
    }
}
LIST_KERNEL(tensor_core_loaded)

extern "C" __global__ void tensor_core_rounding(const float* x, unsigned* tf32, unsigned* both) {
    int i = threadIdx.x;
    tf32[i] = rounded_tf32(__float_as_uint(x[i]));
    both[i] = narrowed(x[i], -x[i]);
}
LIST_KERNEL(tensor_core_rounding)
