// What warpgroup.cuh declares, played on the host: each thread computes its own elements of c from shared memory.
#pragma once

namespace host {

inline uintptr_t shared_base() { return (reinterpret_cast<uintptr_t>(dynamic_shared.data()) + 1023) / 1024 * 1024; }

// An element of a matrix: i counts rows of a or columns of b.
inline float element(uint64_t matrix, bool across, int i, int k) {
    uintptr_t start = (matrix & 0x3fff) << 4, leading = (matrix >> 16 & 0x3fff) << 4, stride = (matrix >> 32 & 0x3fff) << 4;
    if (matrix >> 62 != 1) {
        fail("a matrix in shared memory that is not permuted by 128 bytes");
    }
    uintptr_t at = across ? start + i / 64 * leading + k / 8 * stride + k % 8 * 128 + i % 64 * 2 : start + i / 8 * stride + i % 8 * 128 + k * 2;
    at ^= (at >> 7 & 7) << 4;
    return widened(read<bf16>(reinterpret_cast<const void*>(shared_base() + at)));
}

}  // namespace host

inline uint64_t matrix_in_shared(const void* at, int leading, int stride) {
    uintptr_t address = reinterpret_cast<uintptr_t>(at) - host::shared_base();
    return (address & 0x3ffff) >> 4 | static_cast<uint64_t>(leading / 16) << 16 | static_cast<uint64_t>(stride / 16) << 32 | uint64_t(1) << 62;
}

inline uint64_t further(uint64_t matrix, int bytes) { return matrix + bytes / 16; }

// At once or as late as it may be.
template <int A_ACROSS, int B_ACROSS, int COUNT>
void multiply_add_group(float (&c)[COUNT], uint64_t a, uint64_t b) {
    host::Thread& thread = host::threads[host::current];
    int row = host::current % 128 / 32 * 16 + host::lane() / 4;
    thread.products.push_back({[&c, a, b, row] {
                                   for (int i = 0; i < COUNT; i++) {
                                       int column = i / 4 * 8 + host::current % 4 * 2 + i % 2;
                                       double sum = 0;
                                       for (int k = 0; k < 16; k++) {
                                           sum += static_cast<double>(host::element(a, A_ACROSS, row + i / 2 % 2 * 8, k)) *
                                                  host::element(b, B_ACROSS, column, k);
                                       }
                                       c[i] = static_cast<float>(c[i] + sum);
                                   }
                               },
                               thread.product_groups});
    if (host::products_at_once) {
        thread.finish_products(thread.product_groups + 1);
    }
}

template <bool ADD, int B_ACROSS>
void multiply_group(float (&c)[8][4], const unsigned (&a)[4], uint64_t b) {
    struct Registers {
        unsigned of[4];
    };
    Registers mine = {{a[0], a[1], a[2], a[3]}};
    Registers ofRow[4];
    memcpy(ofRow, host::exchange(mine) + host::lane() / 4 * 4, sizeof ofRow);
    host::exchanged();
    host::Thread& thread = host::threads[host::current];
    thread.products.push_back({[&c, &a, b, mine, ofRow] {
                                   if (memcmp(&a, &mine, sizeof a) != 0) {
                                       host::fail("an operand in registers changed before its product was awaited");
                                   }
                                   for (int i = 0; i < 32; i++) {
                                       int column = i / 4 * 8 + host::current % 4 * 2 + i % 2;
                                       double sum = 0;
                                       for (int k = 0; k < 16; k++) {
                                           unsigned pair = ofRow[k % 8 / 2].of[k / 8 * 2 + i / 2 % 2];
                                           float left = __uint_as_float(k % 2 == 0 ? pair << 16 : pair & 0xffff0000u);
                                           sum += static_cast<double>(left) * host::element(b, B_ACROSS, column, k);
                                       }
                                       float& at = c[i / 4][i % 4];
                                       at = static_cast<float>(ADD ? at + sum : sum);
                                   }
                               },
                               thread.product_groups});
    if (host::products_at_once) {
        thread.finish_products(thread.product_groups + 1);
    }
}

inline void before_products() {}
inline void commit_products() { host::threads[host::current].product_groups++; }

template <int NEWEST>
void await_products() {
    host::Thread& thread = host::threads[host::current];
    thread.finish_products(thread.product_groups - NEWEST);
}

template <typename T>
void settle(T&) {}

inline void show_to_products() {}
