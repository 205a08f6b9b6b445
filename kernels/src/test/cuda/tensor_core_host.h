// What tensor_core.cuh declares, played by the lanes of a warp on the host.
#pragma once

namespace host {

template <typename T>
inline T read(const void* at) {
    T value;
    memcpy(&value, at, sizeof value);
    return value;
}

inline const char* const* matrix_rows(const void* row) {
    if (reinterpret_cast<uintptr_t>(row) % 16 != 0) {
        fail("ldmatrix of a row that is not on a boundary of 16 bytes");
    }
    return exchange(static_cast<const char*>(row));
}

// The operands of a product as each lane holds them.
struct Operands {
    unsigned a[4];
    unsigned b[2];
};

// c += a b with `units` of 4 bytes along k; `dot` is the product of two units.
template <typename Dot>
void multiply_add(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1, Dot dot) {
    Operands mine = {{a[0], a[1], a[2], a[3]}, {b0, b1}};
    int group = lane() / 4, member = lane() % 4;
    const Operands* all = exchange(mine);
    for (int i = 0; i < 4; i++) {
        int row = group + i / 2 * 8, column = 2 * member + i % 2;
        double sum = 0;
        for (int unit = 0; unit < 8; unit++) {
            unsigned left = all[row % 8 * 4 + unit % 4].a[row / 8 + unit / 4 * 2];
            unsigned right = all[column * 4 + unit % 4].b[unit / 4];
            sum += dot(left, right);
        }
        c[i] = static_cast<float>(c[i] + sum);
    }
    exchanged();
}

}  // namespace host

inline void load_matrices(unsigned (&r)[4], const void* row) {
    const char* const* rows = host::matrix_rows(row);
    for (int i = 0; i < 4; i++) {
        r[i] = host::read<unsigned>(rows[8 * i + host::lane() / 4] + host::lane() % 4 * 4);
    }
    host::exchanged();
}

inline void load_matrices_transposed(unsigned (&r)[4], const void* row) {
    const char* const* rows = host::matrix_rows(row);
    for (int i = 0; i < 4; i++) {
        const char* const* pair = rows + 8 * i + host::lane() % 4 * 2;
        int column = host::lane() / 4 * 2;
        r[i] = host::read<uint16_t>(pair[0] + column) | static_cast<unsigned>(host::read<uint16_t>(pair[1] + column)) << 16;
    }
    host::exchanged();
}

inline void multiply_add_bf16(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    host::multiply_add(c, a, b0, b1, [](unsigned left, unsigned right) {
        double low = static_cast<double>(__uint_as_float(left << 16)) * __uint_as_float(right << 16);
        return low + static_cast<double>(__uint_as_float(left & 0xffff0000u)) * __uint_as_float(right & 0xffff0000u);
    });
}

// The lower bits are not read.
inline void multiply_add_tf32(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    host::multiply_add(c, a, b0, b1, [](unsigned left, unsigned right) {
        return static_cast<double>(__uint_as_float(left & 0xffffe000u)) * __uint_as_float(right & 0xffffe000u);
    });
}

inline unsigned rounded_tf32(unsigned x) { return (x & 0x7f800000u) == 0x7f800000u ? x : (x + 0x1000u) & 0xffffe000u; }

// At once or as late as it may be: so both who reads too early and who overwrites what others still read is found.
inline void copy_async(void* shared, const void* global, int bytes = 16) {
    if (reinterpret_cast<uintptr_t>(shared) % 16 != 0 || (bytes > 0 && reinterpret_cast<uintptr_t>(global) % 16 != 0)) {
        host::fail("a copy of 16 bytes that is not on their boundary");
    }
    host::Thread& thread = host::threads[host::current];
    thread.copies.push_back({shared, global, bytes, thread.groups});
    if (host::copies_at_once) {
        thread.finish_copies(thread.groups + 1);
    }
}

inline void commit_copies() { host::threads[host::current].groups++; }

template <int NEWEST>
void await_copies() {
    host::Thread& thread = host::threads[host::current];
    thread.finish_copies(thread.groups - NEWEST);
}
