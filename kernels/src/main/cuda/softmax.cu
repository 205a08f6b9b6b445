// Softmax and log-softmax of the rows of scale * x. A block takes a row.
#include "common.cuh"

namespace {

template <typename C>
__device__ __forceinline__ C lowest();
template <>
__device__ __forceinline__ float lowest<float>() { return -INFINITY; }
template <>
__device__ __forceinline__ double lowest<double>() { return -INFINITY; }

// The largest of a row, and the sum of the exponentials below it.
template <typename T>
__device__ void row_sums(const T* x, int columns, computed<T> scale, computed<T>& largest, computed<T>& sum) {
    using C = computed<T>;
    C most = lowest<C>();
    for (int c = threadIdx.x; c < columns; c += blockDim.x) {
        most = Largest()(scale * load(x + c), most);
    }
    largest = over_block(most, lowest<C>(), Largest());
    C part = 0;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) {
        part += exp(scale * load(x + c) - largest);
    }
    sum = over_block(part, C(0), Sum());
}

template <typename T, bool LOG>
__device__ void forward(const T* x, long long xStride, T* y, long long yStride, int columns, double scale) {
    using C = computed<T>;
    x += blockIdx.x * xStride;
    y += blockIdx.x * yStride;
    C s = static_cast<C>(scale);
    C largest, sum;
    row_sums(x, columns, s, largest, sum);
    C logSum = log(sum);
    C inverse = 1 / sum;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) {
        C below = s * load(x + c) - largest;
        store(y + c, LOG ? below - logSum : exp(below) * inverse);
    }
}

// dx = scale * y (dy - sum of y dy); of the logarithm, scale (dy - exp(y) sum of dy).
template <typename T, bool LOG>
__device__ void backward(const T* y, long long yStride, const T* dy, long long dyStride, T* dx, long long dxStride, int columns, double scale) {
    using C = computed<T>;
    y += blockIdx.x * yStride;
    dy += blockIdx.x * dyStride;
    dx += blockIdx.x * dxStride;
    C part = 0;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) {
        part += LOG ? load(dy + c) : load(y + c) * load(dy + c);
    }
    C sum = over_block(part, C(0), Sum());
    C s = static_cast<C>(scale);
    for (int c = threadIdx.x; c < columns; c += blockDim.x) {
        C value = load(y + c);
        C gradient = load(dy + c);
        store(dx + c, LOG ? s * (gradient - exp(value) * sum) : s * value * (gradient - sum));
    }
}

}  // namespace

#define SOFTMAX(T, type)                                                                                                          \
    extern "C" __global__ void softmax_forward_##type(const T* x, long long xStride, T* y, long long yStride, int columns,        \
                                                      double scale) {                                                            \
        forward<T, false>(x, xStride, y, yStride, columns, scale);                                                                \
    }                                                                                                                             \
    LIST_KERNEL(softmax_forward_##type)
SOFTMAX(float, f32)
SOFTMAX(double, f64)
SOFTMAX(bf16, bf16)
