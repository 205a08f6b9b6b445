// Tensor cores and asynchronous copies to shared memory, as instructions of a warp (sm_80 and up).
//
// A fragment's layout is that of the PTX ISA's mma.m16n8k16 (bf16) and mma.m16n8k8 (tf32), where a warp's lane is 4 group + member.
// Both take 32 bytes of k at a time, and in units of 4 bytes of k their layouts are the same:
//   A, 16 rows:    a[0] is (row group, unit member), a[1] (group + 8, member), a[2] (group, member + 4), a[3] (group + 8, member + 4)
//   B, 8 columns:  b0 is (unit member, column group), b1 (unit member + 4, column group)
//   C, 16 by 8:    c[0], c[1] are (row group, columns 2 member and 2 member + 1), c[2], c[3] the same of row group + 8
// All lanes of a warp must make these calls together.
#pragma once

#include "common.cuh"

#ifdef LANEWISE_HOST
#include <tensor_core_host.h>
#else

// Four matrices of 8 rows of 16 bytes, from shared memory: lanes 8 i to 8 i + 7 point at the rows of matrix i, on boundaries of 16
// bytes. r[i] becomes unit `member` of row `group` of matrix i.
__device__ __forceinline__ void load_matrices(unsigned (&r)[4], const void* row) {
    unsigned at = static_cast<unsigned>(__cvta_generic_to_shared(row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(at)
                 : "memory");
}

// The same of matrices of 8 by 8 elements of 2 bytes, transposed: r[i] becomes elements `group` of rows 2 member and 2 member + 1.
__device__ __forceinline__ void load_matrices_transposed(unsigned (&r)[4], const void* row) {
    unsigned at = static_cast<unsigned>(__cvta_generic_to_shared(row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(at)
                 : "memory");
}

// c += a b, of bf16: k = 16.
__device__ __forceinline__ void multiply_add_bf16(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// c += a b, of floats of which 10 bits of the fraction count: k = 8.
__device__ __forceinline__ void multiply_add_tf32(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// A float's bits, rounded to the nearest tf32, ties away from 0.
__device__ __forceinline__ unsigned rounded_tf32(unsigned x) {
    unsigned y;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(y) : "f"(__uint_as_float(x)));
    return y;
}

// Copies 16 bytes, both on boundaries of 16, from global to shared memory; of fewer, the rest becomes 0 and is not read.
__device__ __forceinline__ void copy_async(void* shared, const void* global, int bytes = 16) {
    unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" : : "r"(to), "l"(global), "r"(bytes) : "memory");
}

// Makes a group of this thread's copies since the last one.
__device__ __forceinline__ void commit_copies() { asm volatile("cp.async.commit_group;" : : : "memory"); }

// Waits until all but the last so many of this thread's groups are there. Other threads see them after a barrier.
template <int NEWEST>
__device__ __forceinline__ void await_copies() {
    asm volatile("cp.async.wait_group %0;" : : "n"(NEWEST) : "memory");
}

#endif
