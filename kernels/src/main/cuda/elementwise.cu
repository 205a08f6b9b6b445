// Arithmetic, dropout and elementary functions, element by element.
#include "elements.cuh"

namespace {

__device__ __forceinline__ unsigned mixed(unsigned x) {
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    x ^= x >> 16;
    return x;
}

// As lanewise.kernels.Dropout.bits.
__device__ __forceinline__ unsigned random_bits(unsigned long long key, unsigned index) {
    return mixed(mixed(index ^ static_cast<unsigned>(key)) + static_cast<unsigned>(key >> 32));
}

__device__ __forceinline__ float error_function(float x) { return erf(x); }

// Out of line: in double it is long.
__device__ __noinline__ double error_function(double x) { return erf(x); }

}  // namespace

#define BINARY(name, T, expression)                                                                                              \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                \
        name(const T* x, long long xStride, const T* y, long long yStride, T* z, long long zStride, int rows, int columns,       \
             int period) {                                                                                                       \
        using C = computed<T>;                                                                                                   \
        combine(x, xStride, y, yStride, z, zStride, rows, columns, period, [&](C a, C b) { return expression; });                \
    }                                                                                                                            \
    LIST_KERNEL(name)
#define UNARY(name, T, expression)                                                                                               \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                \
        name(const T* x, long long xStride, T* y, long long yStride, int rows, int columns) {                                    \
        using C = computed<T>;                                                                                                   \
        map(x, xStride, y, yStride, rows, columns, [&](C a, unsigned) -> C { return expression; });                              \
    }                                                                                                                            \
    LIST_KERNEL(name)
#define ELEMENTWISE(T, type)                                                                                                     \
    BINARY(elementwise_add_##type, T, a + b)                                                                                     \
    BINARY(elementwise_multiply_##type, T, a* b)                                                                                 \
    UNARY(elementwise_exp_##type, T, exp(a))                                                                                     \
    UNARY(elementwise_log_##type, T, log(a))                                                                                     \
    UNARY(elementwise_tanh_##type, T, tanh(a))                                                                                   \
    UNARY(elementwise_erf_##type, T, error_function(a))                                                                          \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                \
        elementwise_scale_##type(const T* x, long long xStride, T* y, long long yStride, int rows, int columns, double alpha) {  \
        using C = computed<T>;                                                                                                   \
        C factor = static_cast<C>(alpha);                                                                                        \
        map(x, xStride, y, yStride, rows, columns, [&](C a, unsigned) { return factor * a; });                                   \
    }                                                                                                                            \
    LIST_KERNEL(elementwise_scale_##type)                                                                                        \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                \
        elementwise_scaleAdd_##type(const T* x, long long xStride, T* y, long long yStride, int rows, int columns, double alpha, \
                                    double beta) {                                                                               \
        using C = computed<T>;                                                                                                   \
        C factor = static_cast<C>(alpha);                                                                                        \
        C kept = static_cast<C>(beta);                                                                                           \
        combine(x, xStride, y, yStride, y, yStride, rows, columns, rows,                                                         \
                [&](C a, C b) { return fma(factor, a, kept * b); });                                                             \
    }                                                                                                                            \
    LIST_KERNEL(elementwise_scaleAdd_##type)                                                                                     \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                \
        elementwise_dropout_##type(const T* x, long long xStride, T* y, long long yStride, int rows, int columns, long long key, \
                                   long long threshold, double factor) {                                                         \
        using C = computed<T>;                                                                                                   \
        C scale = static_cast<C>(factor);                                                                                        \
        map(x, xStride, y, yStride, rows, columns, [&](C a, unsigned position) {                                                 \
            bool kept = static_cast<long long>(random_bits(static_cast<unsigned long long>(key), position)) >= threshold;        \
            return kept ? a * scale : C(0);                                                                                      \
        });                                                                                                                      \
    }                                                                                                                            \
    LIST_KERNEL(elementwise_dropout_##type)
ELEMENTWISE(float, f32)
ELEMENTWISE(double, f64)
ELEMENTWISE(bf16, bf16)
