// Products that the four warps of a warpgroup start together, of matrices in shared memory (wgmma: sm_90a alone). All 128 threads make
// these calls together.
#pragma once

#include "common.cuh"

#ifdef LANEWISE_HOST
#include <warpgroup_host.h>
#else

// Names a matrix of bf16 in shared memory, in lines of 128 bytes whose chunks of 16 are permuted by the number of the line, which is that
// of the 128 bytes of the address. Stored along k, it has a line for each row, and 8 lines take `stride` bytes. Stored across k, it has a
// line of 64 rows for each k; 8 k take `stride` bytes, and the next 64 rows are `leading` bytes on.
__device__ __forceinline__ uint64_t matrix_in_shared(const void* at, int leading, int stride) {
    constexpr uint64_t PERMUTED_BY_128_BYTES = 1;
    uint64_t address = __cvta_generic_to_shared(at);
    return (address & 0x3ffff) >> 4 | static_cast<uint64_t>(leading / 16) << 16 | static_cast<uint64_t>(stride / 16) << 32 |
           PERMUTED_BY_128_BYTES << 62;
}

// The matrix that begins so many bytes further on: the address is in the lower half.
__device__ __forceinline__ uint64_t further(uint64_t matrix, int bytes) {
    return (matrix & 0xffffffff00000000u) | (static_cast<unsigned>(matrix) + bytes / 16);
}

// Starts c += a b, with a [64, 16] and b [16, N], each stored along or across k. Lane 4 group + member of warp w holds in c[4 j] and
// c[4 j + 1] row 16 w + group, columns 8 j + 2 member and one on, and in c[4 j + 2] and c[4 j + 3] the same of row 16 w + group + 8.
template <int A_ACROSS, int B_ACROSS>
__device__ __forceinline__ void multiply_add_group(float (&c)[64], uint64_t a, uint64_t b) {
    asm volatile(
        "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 "
        "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
        "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
        "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
        "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
        "%64, %65, 1, 1, 1, %66, %67;"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]), "+f"(c[4]), "+f"(c[5]), "+f"(c[6]), "+f"(c[7]),
          "+f"(c[8]), "+f"(c[9]), "+f"(c[10]), "+f"(c[11]), "+f"(c[12]), "+f"(c[13]), "+f"(c[14]), "+f"(c[15]),
          "+f"(c[16]), "+f"(c[17]), "+f"(c[18]), "+f"(c[19]), "+f"(c[20]), "+f"(c[21]), "+f"(c[22]), "+f"(c[23]),
          "+f"(c[24]), "+f"(c[25]), "+f"(c[26]), "+f"(c[27]), "+f"(c[28]), "+f"(c[29]), "+f"(c[30]), "+f"(c[31]),
          "+f"(c[32]), "+f"(c[33]), "+f"(c[34]), "+f"(c[35]), "+f"(c[36]), "+f"(c[37]), "+f"(c[38]), "+f"(c[39]),
          "+f"(c[40]), "+f"(c[41]), "+f"(c[42]), "+f"(c[43]), "+f"(c[44]), "+f"(c[45]), "+f"(c[46]), "+f"(c[47]),
          "+f"(c[48]), "+f"(c[49]), "+f"(c[50]), "+f"(c[51]), "+f"(c[52]), "+f"(c[53]), "+f"(c[54]), "+f"(c[55]),
          "+f"(c[56]), "+f"(c[57]), "+f"(c[58]), "+f"(c[59]), "+f"(c[60]), "+f"(c[61]), "+f"(c[62]), "+f"(c[63])
        : "l"(a), "l"(b), "n"(A_ACROSS), "n"(B_ACROSS));
}

template <int A_ACROSS, int B_ACROSS>
__device__ __forceinline__ void multiply_add_group(float (&c)[128], uint64_t a, uint64_t b) {
    asm volatile(
        "wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 "
        "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
        "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
        "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
        "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, "
        "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "
        "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "
        "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, "
        "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127}, "
        "%128, %129, 1, 1, 1, %130, %131;"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]), "+f"(c[4]), "+f"(c[5]), "+f"(c[6]), "+f"(c[7]),
          "+f"(c[8]), "+f"(c[9]), "+f"(c[10]), "+f"(c[11]), "+f"(c[12]), "+f"(c[13]), "+f"(c[14]), "+f"(c[15]),
          "+f"(c[16]), "+f"(c[17]), "+f"(c[18]), "+f"(c[19]), "+f"(c[20]), "+f"(c[21]), "+f"(c[22]), "+f"(c[23]),
          "+f"(c[24]), "+f"(c[25]), "+f"(c[26]), "+f"(c[27]), "+f"(c[28]), "+f"(c[29]), "+f"(c[30]), "+f"(c[31]),
          "+f"(c[32]), "+f"(c[33]), "+f"(c[34]), "+f"(c[35]), "+f"(c[36]), "+f"(c[37]), "+f"(c[38]), "+f"(c[39]),
          "+f"(c[40]), "+f"(c[41]), "+f"(c[42]), "+f"(c[43]), "+f"(c[44]), "+f"(c[45]), "+f"(c[46]), "+f"(c[47]),
          "+f"(c[48]), "+f"(c[49]), "+f"(c[50]), "+f"(c[51]), "+f"(c[52]), "+f"(c[53]), "+f"(c[54]), "+f"(c[55]),
          "+f"(c[56]), "+f"(c[57]), "+f"(c[58]), "+f"(c[59]), "+f"(c[60]), "+f"(c[61]), "+f"(c[62]), "+f"(c[63]),
          "+f"(c[64]), "+f"(c[65]), "+f"(c[66]), "+f"(c[67]), "+f"(c[68]), "+f"(c[69]), "+f"(c[70]), "+f"(c[71]),
          "+f"(c[72]), "+f"(c[73]), "+f"(c[74]), "+f"(c[75]), "+f"(c[76]), "+f"(c[77]), "+f"(c[78]), "+f"(c[79]),
          "+f"(c[80]), "+f"(c[81]), "+f"(c[82]), "+f"(c[83]), "+f"(c[84]), "+f"(c[85]), "+f"(c[86]), "+f"(c[87]),
          "+f"(c[88]), "+f"(c[89]), "+f"(c[90]), "+f"(c[91]), "+f"(c[92]), "+f"(c[93]), "+f"(c[94]), "+f"(c[95]),
          "+f"(c[96]), "+f"(c[97]), "+f"(c[98]), "+f"(c[99]), "+f"(c[100]), "+f"(c[101]), "+f"(c[102]), "+f"(c[103]),
          "+f"(c[104]), "+f"(c[105]), "+f"(c[106]), "+f"(c[107]), "+f"(c[108]), "+f"(c[109]), "+f"(c[110]), "+f"(c[111]),
          "+f"(c[112]), "+f"(c[113]), "+f"(c[114]), "+f"(c[115]), "+f"(c[116]), "+f"(c[117]), "+f"(c[118]), "+f"(c[119]),
          "+f"(c[120]), "+f"(c[121]), "+f"(c[122]), "+f"(c[123]), "+f"(c[124]), "+f"(c[125]), "+f"(c[126]), "+f"(c[127])
        : "l"(a), "l"(b), "n"(A_ACROSS), "n"(B_ACROSS));
}

// Starts c = a b or c += a b, with c [64, 64], a from registers and b as above. The lanes of a warp hold its 16 rows of a as in mma.m16n8k16,
// and those of c[j], columns 8 j to 8 j + 8, too. Until they are awaited, c and a are the products'.
template <bool ADD, int B_ACROSS>
__device__ __forceinline__ void multiply_group(float (&c)[8][4], const unsigned (&a)[4], uint64_t b) {
#define SUMS(how)                                                                                                                        \
    how(c[0][0]), how(c[0][1]), how(c[0][2]), how(c[0][3]), how(c[1][0]), how(c[1][1]), how(c[1][2]), how(c[1][3]),                      \
    how(c[2][0]), how(c[2][1]), how(c[2][2]), how(c[2][3]), how(c[3][0]), how(c[3][1]), how(c[3][2]), how(c[3][3]),                      \
    how(c[4][0]), how(c[4][1]), how(c[4][2]), how(c[4][3]), how(c[5][0]), how(c[5][1]), how(c[5][2]), how(c[5][3]),                      \
    how(c[6][0]), how(c[6][1]), how(c[6][2]), how(c[6][3]), how(c[7][0]), how(c[7][1]), how(c[7][2]), how(c[7][3])
    if constexpr (ADD) {
        asm volatile(
            "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
            "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
            "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, "
            "{%32, %33, %34, %35}, %36, 1, 1, 1, %37;"
            : SUMS("+f")
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "n"(B_ACROSS));
    } else {
        asm volatile(
            "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
            "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
            "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, "
            "{%32, %33, %34, %35}, %36, 0, 1, 1, %37;"
            : SUMS("=f")
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "n"(B_ACROSS));
    }
#undef SUMS
}

// Before the first product, and after c was changed otherwise.
__device__ __forceinline__ void before_products() { asm volatile("wgmma.fence.sync.aligned;" : : : "memory"); }

// Makes a group of the products since the last one.
__device__ __forceinline__ void commit_products() { asm volatile("wgmma.commit_group.sync.aligned;" : : : "memory"); }

// Waits until all but the last so many groups are done.
template <int NEWEST>
__device__ __forceinline__ void await_products() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" : : "n"(NEWEST) : "memory");
}

// After products of c, or of a, were awaited and before c is read or a is gone: the compiler does not know how long they take.
template <int COUNT>
__device__ __forceinline__ void settle(float (&c)[COUNT][4]) {
#pragma unroll
    for (int j = 0; j < COUNT; j++) {
        asm volatile("" : "+f"(c[j][0]), "+f"(c[j][1]), "+f"(c[j][2]), "+f"(c[j][3]) : : "memory");
    }
}

template <int COUNT>
__device__ __forceinline__ void settle(unsigned (&a)[COUNT][4]) {
#pragma unroll
    for (int k = 0; k < COUNT; k++) {
        asm volatile("" : "+r"(a[k][0]), "+r"(a[k][1]), "+r"(a[k][2]), "+r"(a[k][3]) : : "memory");
    }
}

// Before a barrier after which products read what this thread has written to shared memory.
__device__ __forceinline__ void show_to_products() { asm volatile("fence.proxy.async.shared::cta;" : : : "memory"); }

#endif
