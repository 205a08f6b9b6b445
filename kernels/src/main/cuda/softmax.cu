// Softmax and log-softmax of the rows of scale * x, and their gradients.
#include "softmax.cuh"

namespace {

template <typename T, bool LOG, typename Group>
__device__ __forceinline__ void forward(const T* x, long long xStride, T* y, long long yStride, int rows, int columns, int held,
                                        double factor) {
    using C = computed<T>;
    DYNAMIC_SHARED(T, shared);
    Group group;
    if (group.row >= rows) {
        return;
    }
    x += group.row * xStride;
    y += group.row * yStride;
    C scale = static_cast<C>(factor);
    auto run = [&](auto width) {
        constexpr int N = decltype(width)::PACK;
        Row<T, N, Group> row(x, shared + group.index * held, columns, held);
        row.await();
        RowSums<C> of = row_sums(row, scale);
        // A row of nothing but negative infinity.
        bool none = of.largest == C(-INFINITY);
        C inverse = 1 / of.sum;
        C logSum = log(of.sum);
        each(row, [&](const auto& values, int c) {
            Pack<C, N> result;
#pragma unroll
            for (int i = 0; i < N; i++) {
                C below = fma(scale, values.at[i], -of.largest);
                if (LOG) {
                    result.at[i] = none ? of.largest : below - logSum;
                } else {
                    result.at[i] = none ? C(0) : exponential<T>(below) * inverse;
                }
            }
            store_pack(y + c, result);
        });
    };
    with_width<T>(columns, run, x, y);
}

// dx = scale * y (dy - sum of y dy); of the logarithm, scale (dy - exp(y) sum of dy).
template <typename T, bool LOG, typename Group>
__device__ __forceinline__ void backward(const T* y, long long yStride, const T* dy, long long dyStride, T* dx, long long dxStride, int rows,
                                         int columns, int held, double factor) {
    using C = computed<T>;
    DYNAMIC_SHARED(T, shared);
    Group group;
    if (group.row >= rows) {
        return;
    }
    y += group.row * yStride;
    dy += group.row * dyStride;
    dx += group.row * dxStride;
    C scale = static_cast<C>(factor);
    auto run = [&](auto width) {
        constexpr int N = decltype(width)::PACK;
        Row<T, N, Group> row(y, shared + 2 * group.index * held, columns, held);
        Row<T, N, Group> gradient(dy, shared + (2 * group.index + 1) * held, columns, held);
        row.await();
        C part = 0;
        each(row, gradient, [&](const auto& values, const auto& gradients, int) {
#pragma unroll
            for (int i = 0; i < N; i++) {
                part = LOG ? part + gradients.at[i] : fma(values.at[i], gradients.at[i], part);
            }
        });
        C sum = group.over(part, C(0), Sum());
        each(row, gradient, [&](const auto& values, const auto& gradients, int c) {
            Pack<C, N> result;
#pragma unroll
            for (int i = 0; i < N; i++) {
                result.at[i] = LOG ? scale * (gradients.at[i] - exponential<T>(values.at[i]) * sum)
                                   : scale * values.at[i] * (gradients.at[i] - sum);
            }
            store_pack(dx + c, result);
        });
    };
    with_width<T>(columns, run, y, dy, dx);
}

}  // namespace

#define FORWARD(name, T, LOG, Group)                                                                                        \
    extern "C" __global__ void __launch_bounds__(Group::MOST_THREADS, Group::BLOCKS<T>)                                                      \
        name(const T* x, long long xStride, T* y, long long yStride, int rows, int columns, int held, double scale) {       \
        forward<T, LOG, Group>(x, xStride, y, yStride, rows, columns, held, scale);                                         \
    }                                                                                                                       \
    LIST_KERNEL(name)
#define BACKWARD(name, T, LOG, Group)                                                                                       \
    extern "C" __global__ void __launch_bounds__(Group::MOST_THREADS, Group::BLOCKS<T>)                                                      \
        name(const T* y, long long yStride, const T* dy, long long dyStride, T* dx, long long dxStride, int rows,           \
             int columns, int held, double scale) {                                                                         \
        backward<T, LOG, Group>(y, yStride, dy, dyStride, dx, dxStride, rows, columns, held, scale);                        \
    }                                                                                                                       \
    LIST_KERNEL(name)
#define SOFTMAX(T, type)                                        \
    FORWARD(softmax_forward_##type, T, false, BlockOfRow)       \
    FORWARD(softmax_forwardShort_##type, T, false, WarpOfRow)   \
    FORWARD(softmax_logForward_##type, T, true, BlockOfRow)     \
    FORWARD(softmax_logForwardShort_##type, T, true, WarpOfRow) \
    BACKWARD(softmax_backward_##type, T, false, BlockOfRow)     \
    BACKWARD(softmax_backwardShort_##type, T, false, WarpOfRow) \
    BACKWARD(softmax_logBackward_##type, T, true, BlockOfRow)   \
    BACKWARD(softmax_logBackwardShort_##type, T, true, WarpOfRow)
SOFTMAX(float, f32)
SOFTMAX(double, f64)
SOFTMAX(bf16, bf16)
