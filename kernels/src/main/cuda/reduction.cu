// Sums of whole tensors, in double, and of rows, in orders that depend on the shape alone.
#include "columns.cuh"
#include "elements.cuh"

namespace {

// A block's sum of its share of the elements, or of their squares.
template <typename T, bool SQUARES>
__device__ __forceinline__ void sum(const T* x, long long stride, int rows, int columns, double* parts, Share share = whole_grid()) {
    double part = 0;
    for_packs<T>(rows, columns, on_boundaries(x, stride, rows), [&](auto width, int row, int c, int count) {
        constexpr int N = decltype(width)::PACK;
        // Beyond the end of a row there are zeros.
        auto values = load_pack<N>(x + row * stride + c, count);
#pragma unroll
        for (int i = 0; i < N; i++) {
            double value = widened(values.at[i]);
            part = SQUARES ? fma(value, value, part) : part + value;
        }
    }, share);
    part = over_block(part, 0.0, Sum());
    if (threadIdx.x == 0) {
        parts[blockIdx.x] = part;
    }
}

// out = scale times a sum of `count` rows, or that added to it. Row o of `out` takes the rows from o * outer on, `inner` apart (both in
// elements). A block takes 32 columns of one row; slice s of gridDim.y takes a part of the rows, and writes to part s of `out`, of
// `sliceStride` elements.
template <typename T, typename Out>
__device__ __forceinline__ void sum_rows(const T* x, long long outer, long long inner, int count, Out* out, long long outStride,
                                         long long sliceStride, int columns, double scale, bool accumulate) {
    using C = computed<T>;
    int chunks = (columns + WARP - 1) / WARP;
    int row = blockIdx.x / chunks;
    int c = blockIdx.x % chunks * WARP + threadIdx.x % WARP;
    int first = static_cast<int>(static_cast<long long>(count) * blockIdx.y / gridDim.y);
    int end = static_cast<int>(static_cast<long long>(count) * (blockIdx.y + 1) / gridDim.y);
    C sum = column_sum(x + row * outer + first * inner + c, inner, end - first, c < columns);
    if (threadIdx.x < WARP && c < columns) {
        Out* to = out + blockIdx.y * sliceStride + row * outStride + c;
        C result = static_cast<C>(scale) * sum;
        store(to, accumulate ? load(to) + result : result);
    }
}

}  // namespace

#define SUM(name, T, SQUARES)                                                                                                   \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                               \
        name(const T* x, long long stride, int rows, int columns, double* parts) {                                              \
        sum<T, SQUARES>(x, stride, rows, columns, parts);                                                                       \
    }                                                                                                                           \
    LIST_KERNEL(name)
#define SUM_ROWS(name, T, Out)                                                                                                  \
    extern "C" __global__ void __launch_bounds__(COLUMNS_THREADS)                                                               \
        name(const T* x, long long outer, long long inner, int count, Out* out, long long outStride, long long sliceStride,     \
             int columns, double scale, int accumulate) {                                                                       \
        sum_rows(x, outer, inner, count, out, outStride, sliceStride, columns, scale, accumulate);                              \
    }                                                                                                                           \
    LIST_KERNEL(name)
// The tensors of sumOfAllSquares are without gaps. Of each, the table has address, elements and first block.
// sumRepeated keeps the type that sums are taken in, pool that of the elements.
#define REDUCTION(T, type)                                                                                                      \
    SUM(reduction_sum_##type, T, false)                                                                                         \
    SUM(reduction_sumOfSquares_##type, T, true)                                                                                 \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                               \
        reduction_sumOfAllSquares_##type(const long long* table, int tensors, double* parts) {                                  \
        TensorShare of(table, 3, tensors);                                                                                      \
        sum<T, true>(of.address<const T>(0), 0, 1, static_cast<int>(of.tensor[1]), parts, of.share);                            \
    }                                                                                                                           \
    LIST_KERNEL(reduction_sumOfAllSquares_##type)                                                                               \
    SUM_ROWS(reduction_sumRepeated_##type, T, computed<T>)                                                                      \
    SUM_ROWS(reduction_pool_##type, T, T)                                                                                       \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                               \
        reduction_poolBackward_##type(const T* dy, long long dyStride, T* dx, long long dxStride, int rows, int columns,        \
                                      int length, double scale) {                                                               \
        using C = computed<T>;                                                                                                  \
        C factor = static_cast<C>(scale);                                                                                       \
        bool wide = on_boundaries(dy, dyStride, 0) && on_boundaries(dx, dxStride, rows);                                        \
        for_packs<T>(rows, columns, wide, [&](auto width, int row, int c, int count) {                                          \
            constexpr int N = decltype(width)::PACK;                                                                            \
            Pack<C, N> values = widened(load_pack<N>(dy + row / length * dyStride + c, count));                                 \
            for (int i = 0; i < N; i++) {                                                                                       \
                values.at[i] *= factor;                                                                                         \
            }                                                                                                                   \
            store_pack(dx + row * dxStride + c, values, count);                                                                 \
        });                                                                                                                     \
    }                                                                                                                           \
    LIST_KERNEL(reduction_poolBackward_##type)
REDUCTION(float, f32)
REDUCTION(double, f64)
REDUCTION(bf16, bf16)
