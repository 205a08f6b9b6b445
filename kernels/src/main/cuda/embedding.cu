// Rows picked from a table and added to it, and rotary positions.
#include "elements.cuh"

namespace {

template <typename T>
__device__ __forceinline__ void gather(const T* table, long long tableStride, const int* ids, T* y, long long yStride, int rows,
                                       int columns) {
    bool wide = on_boundaries(table, tableStride, 0) && on_boundaries(y, yStride, rows);
    for_packs<T>(rows, columns, wide, [&](auto width, int row, int c, int count) {
        constexpr int N = decltype(width)::PACK;
        store_pack(y + row * yStride + c, widened(load_pack<N>(table + ids[row] * tableStride + c, count)), count);
    });
}

// Positions that have the same id stand together in `order`, in rising order, and are cut into chunks: chunk k has
// order[first[k]] to order[first[k + 1] - 1], for the id chunkIds[k]. An id's only chunk adds its rows to the table one after the
// other. If there are more, each leaves its sum in parts[partRows[k]], which is -1 otherwise.
template <typename T>
__device__ __forceinline__ void scatter_add(const T* dY, long long dYStride, const int* order, const int* first, const int* chunkIds,
                                            const int* partRows, computed<T>* parts, computed<T>* table, long long tableStride, int chunks,
                                            int columns) {
    using C = computed<T>;
    bool wide = on_boundaries(dY, dYStride, 0) && on_boundary(table) && tableStride % WIDE<C> == 0 && columns % WIDE<T> == 0;
    for_packs<T>(chunks, columns, wide, [&](auto width, int chunk, int c, int count) {
        constexpr int N = decltype(width)::PACK;
        C* to = partRows[chunk] < 0 ? table + chunkIds[chunk] * tableStride + c
                                    : parts + static_cast<long long>(partRows[chunk]) * columns + c;
        Pack<C, N> sums = {};
        if (partRows[chunk] < 0) {
            sums = load_pack<N>(to, count);
        }
        int end = first[chunk + 1];
#pragma unroll 4
        for (int i = first[chunk]; i < end; i++) {
            Pack<C, N> values = widened(load_pack<N>(dY + order[i] * dYStride + c, count));
#pragma unroll
            for (int j = 0; j < N; j++) {
                sums.at[j] += values.at[j];
            }
        }
        store_pack(to, sums, count);
    });
}

// Adds the parts of ids that have several: id k has the parts from firstPart[k] to firstPart[k + 1] - 1.
template <typename C>
__device__ __forceinline__ void add_parts(const C* parts, const int* ids, const int* firstPart, C* table, long long tableStride, int count,
                                          int columns) {
    bool wide = on_boundary(table) && tableStride % WIDE<C> == 0 && columns % WIDE<C> == 0;
    for_packs<C>(count, columns, wide, [&](auto width, int k, int c, int left) {
        constexpr int N = decltype(width)::PACK;
        C* to = table + ids[k] * tableStride + c;
        Pack<C, N> sums = load_pack<N>(to, left);
        int end = firstPart[k + 1];
#pragma unroll 8
        for (int i = firstPart[k]; i < end; i++) {
            Pack<C, N> values = load_pack<N>(parts + static_cast<long long>(i) * columns + c, left);
#pragma unroll
            for (int j = 0; j < N; j++) {
                sums.at[j] += values.at[j];
            }
        }
        store_pack(to, sums, left);
    });
}

// Cosines and sines, [length, half], of the angles position base^(-2 i / (2 half)).
template <typename C>
__device__ __forceinline__ void angles(C* cosines, C* sines, int length, int half, int firstPosition, double base, bool inverse) {
    unsigned all = static_cast<unsigned>(length) * half;
    for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < all; i += gridDim.x * blockDim.x) {
        int position = firstPosition + static_cast<int>(i / half);
        double angle = position * pow(base, -static_cast<double>(i % half) / half);
        double sine = sin(angle);
        cosines[i] = static_cast<C>(cos(angle));
        sines[i] = static_cast<C>(inverse ? -sine : sine);
    }
}

// A thread takes a pack of first halves of pairs, and that of their second halves.
template <typename T>
__device__ __forceinline__ void rotary(const computed<T>* cosines, const computed<T>* sines, const T* x, long long xStride, T* y,
                                       long long yStride, int rows, int columns, int length, int half) {
    using C = computed<T>;
    bool wide = on_boundaries(x, xStride, rows) && on_boundaries(y, yStride, rows) && half % WIDE<T> == 0;
    for_packs<T>(rows, columns / 2, wide, [&](auto width, int row, int pair, int) {
        constexpr int N = decltype(width)::PACK;
        int i = pair % half;
        int c = pair / half * 2 * half + i;
        int angle = row % length * half + i;
        const T* from = x + row * xStride + c;
        T* to = y + row * yStride + c;
        Pack<C, N> cosine = load_pack<N>(cosines + angle);
        Pack<C, N> sine = load_pack<N>(sines + angle);
        Pack<C, N> real = widened(load_pack<N>(from));
        Pack<C, N> imaginary = widened(load_pack<N>(from + half));
        Pack<C, N> turned;
        Pack<C, N> turnedImaginary;
#pragma unroll
        for (int j = 0; j < N; j++) {
            turned.at[j] = real.at[j] * cosine.at[j] - imaginary.at[j] * sine.at[j];
            turnedImaginary.at[j] = imaginary.at[j] * cosine.at[j] + real.at[j] * sine.at[j];
        }
        store_pack(to, turned);
        store_pack(to + half, turnedImaginary);
    });
}

}  // namespace

#define EMBEDDING(T, type)                                                                                                        \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                 \
        embedding_gather_##type(const T* table, long long tableStride, const int* ids, T* y, long long yStride, int rows,         \
                                int columns) {                                                                                    \
        gather(table, tableStride, ids, y, yStride, rows, columns);                                                               \
    }                                                                                                                             \
    LIST_KERNEL(embedding_gather_##type)                                                                                          \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                 \
        embedding_scatterAdd_##type(const T* dY, long long dYStride, const int* order, const int* first, const int* chunkIds,     \
                                    const int* partRows, computed<T>* parts, computed<T>* table, long long tableStride,           \
                                    int chunks, int columns) {                                                                    \
        scatter_add(dY, dYStride, order, first, chunkIds, partRows, parts, table, tableStride, chunks, columns);                  \
    }                                                                                                                             \
    LIST_KERNEL(embedding_scatterAdd_##type)                                                                                      \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                 \
        embedding_rotary_##type(const computed<T>* cosines, const computed<T>* sines, const T* x, long long xStride, T* y,        \
                                long long yStride, int rows, int columns, int length, int half) {                                 \
        rotary(cosines, sines, x, xStride, y, yStride, rows, columns, length, half);                                              \
    }                                                                                                                             \
    LIST_KERNEL(embedding_rotary_##type)
#define OF_COMPUTED(C, type)                                                                                                      \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                 \
        embedding_addParts_##type(const C* parts, const int* ids, const int* firstPart, C* table, long long tableStride,          \
                                  int count, int columns) {                                                                       \
        add_parts(parts, ids, firstPart, table, tableStride, count, columns);                                                     \
    }                                                                                                                             \
    LIST_KERNEL(embedding_addParts_##type)                                                                                        \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                 \
        embedding_angles_##type(C* cosines, C* sines, int length, int half, int firstPosition, double base, int inverse) {        \
        angles(cosines, sines, length, half, firstPosition, base, inverse);                                                       \
    }                                                                                                                             \
    LIST_KERNEL(embedding_angles_##type)
EMBEDDING(float, f32)
EMBEDDING(double, f64)
EMBEDDING(bf16, bf16)
OF_COMPUTED(float, f32)
OF_COMPUTED(double, f64)
