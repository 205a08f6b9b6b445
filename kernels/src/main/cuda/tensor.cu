// What tensors themselves need: rows copied between views, of any two types, and set to a value. A thread takes an element at a time.
#include "common.cuh"

namespace {

template <typename From, typename To>
__device__ void copy(const From* from, long long fromStride, To* to, long long toStride, int columns, long long elements) {
    long long step = static_cast<long long>(gridDim.x) * blockDim.x;
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < elements; i += step) {
        long long row = static_cast<unsigned>(i) / static_cast<unsigned>(columns);
        long long column = i - row * columns;
        store(to + row * toStride + column, static_cast<computed<To>>(load(from + row * fromStride + column)));
    }
}

template <typename T>
__device__ void fill(T* to, long long stride, int columns, long long elements, double value) {
    computed<T> rounded = static_cast<computed<T>>(value);
    long long step = static_cast<long long>(gridDim.x) * blockDim.x;
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < elements; i += step) {
        long long row = static_cast<unsigned>(i) / static_cast<unsigned>(columns);
        store(to + row * stride + (i - row * columns), rounded);
    }
}

}  // namespace

#define COPY(From, from_type, To, to_type)                                                                                       \
    extern "C" __global__ void tensor_copy_##from_type##_##to_type(const From* from, long long fromStride, To* to,               \
                                                                   long long toStride, int columns, long long elements) {        \
        copy(from, fromStride, to, toStride, columns, elements);                                                                 \
    }                                                                                                                            \
    LIST_KERNEL(tensor_copy_##from_type##_##to_type)
#define FILL(T, type)                                                                                                            \
    extern "C" __global__ void tensor_fill_##type(T* to, long long stride, int columns, long long elements, double value) {      \
        fill(to, stride, columns, elements, value);                                                                              \
    }                                                                                                                            \
    LIST_KERNEL(tensor_fill_##type)

COPY(float, f32, float, f32)
COPY(float, f32, double, f64)
COPY(float, f32, bf16, bf16)
COPY(double, f64, float, f32)
COPY(double, f64, double, f64)
COPY(double, f64, bf16, bf16)
COPY(bf16, bf16, float, f32)
COPY(bf16, bf16, double, f64)
COPY(bf16, bf16, bf16, bf16)
FILL(float, f32)
FILL(double, f64)
FILL(bf16, bf16)
