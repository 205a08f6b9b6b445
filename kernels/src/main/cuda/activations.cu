// Activations and their gradients; the kind is the same for all elements.
#include "activation.cuh"
#include "elements.cuh"

#define ACTIVATIONS(T, type)                                                                                                         \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                    \
        activations_forward_##type(int kind, const T* x, long long xStride, T* y, long long yStride, int rows, int columns) {        \
        with_kind(kind, [&](auto known) {                                                                                            \
            constexpr int KIND = decltype(known)::VALUE;                                                                             \
            map(x, xStride, y, yStride, rows, columns, [](computed<T> value, unsigned) { return activated_inline<T>(KIND, value); }); \
        });                                                                                                                          \
    }                                                                                                                                \
    LIST_KERNEL(activations_forward_##type)                                                                                          \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                    \
        activations_backward_##type(int kind, const T* x, long long xStride, const T* dy, long long dyStride, T* dx,                 \
                                    long long dxStride, int rows, int columns) {                                                     \
        with_kind(kind, [&](auto known) {                                                                                            \
            constexpr int KIND = decltype(known)::VALUE;                                                                             \
            combine(x, xStride, dy, dyStride, dx, dxStride, rows, columns, rows,                                                     \
                    [](computed<T> value, computed<T> gradient) { return gradient * slope<T>(KIND, value); });                       \
        });                                                                                                                          \
    }                                                                                                                                \
    LIST_KERNEL(activations_backward_##type)
ACTIVATIONS(float, f32)
ACTIVATIONS(double, f64)
ACTIVATIONS(bf16, bf16)
