// Losses of rows, each with its gradient in the same pass.
#include "softmax.cuh"

namespace {

// losses = log of the sum of exponentials - logit of the target; dLogits = scale (softmax - 1 at the target); of ignored rows 0.
template <typename T, typename Group>
__device__ __forceinline__ void cross_entropy(const T* logits, long long stride, const int* targets, int ignored, double gradientScale,
                                              computed<T>* losses, T* dLogits, long long dStride, int rows, int columns, int held) {
    using C = computed<T>;
    DYNAMIC_SHARED(T, shared);
    Group group;
    if (group.row >= rows) {
        return;
    }
    logits += group.row * stride;
    bool wanted = dLogits != nullptr;
    if (wanted) {
        dLogits += group.row * dStride;
    }
    int target = targets[group.row];
    bool counts = target != ignored;
    C scale = static_cast<C>(gradientScale);
    auto run = [&](auto width) {
        constexpr int N = decltype(width)::PACK;
        Row<T, N, Group> row(logits, shared + group.index * held, columns, held);
        row.await();
        // Before the gradient may take its place.
        C chosen = counts ? widened(logits[target]) : C(0);
        __syncwarp();
        RowSums<C> of = row_sums(row, C(1));
        if (group.rank == 0) {
            losses[group.row] = counts ? of.largest - chosen + log(of.sum) : C(0);
        }
        if (!wanted) {
            return;
        }
        C inverse = 1 / of.sum;
        each(row, [&](const auto& values, int c) {
            Pack<C, N> result;
#pragma unroll
            for (int i = 0; i < N; i++) {
                C probability = exponential<T>(values.at[i] - of.largest) * inverse;
                result.at[i] = counts ? scale * (c + i == target ? probability - 1 : probability) : C(0);
            }
            store_pack(dLogits + c, result);
        });
    };
    with_width<T>(columns, run, logits, dLogits);
}

// losses = sum of (y - target)^2; dY = 2 scale (y - target). Every element is looked at once.
template <typename T, typename Group>
__device__ __forceinline__ void squared_error(const T* y, long long yStride, const T* target, long long targetStride,
                                              double gradientScale, computed<T>* losses, T* dY, long long dStride, int rows,
                                              int columns) {
    using C = computed<T>;
    Group group;
    if (group.row >= rows) {
        return;
    }
    y += group.row * yStride;
    target += group.row * targetStride;
    bool wanted = dY != nullptr;
    if (wanted) {
        dY += group.row * dStride;
    }
    C scale = static_cast<C>(2 * gradientScale);
    auto run = [&](auto width) {
        constexpr int N = decltype(width)::PACK;
        C part = 0;
#pragma unroll 2
        for (int c = group.rank * N; c < columns; c += group.size * N) {
            Pack<C, N> values = widened(load_pack<N>(y + c));
            Pack<C, N> targets = widened(load_pack<N>(target + c));
#pragma unroll
            for (int i = 0; i < N; i++) {
                C difference = values.at[i] - targets.at[i];
                part = fma(difference, difference, part);
                values.at[i] = scale * difference;
            }
            if (wanted) {
                store_pack(dY + c, values);
            }
        }
        C sum = group.over(part, C(0), Sum());
        if (group.rank == 0) {
            losses[group.row] = sum;
        }
    };
    with_width<T>(columns, run, y, target, dY);
}

}  // namespace

#define CROSS_ENTROPY(name, T, Group)                                                                                        \
    extern "C" __global__ void __launch_bounds__(Group::MOST_THREADS, Group::BLOCKS<T>)                                      \
        name(const T* logits, long long stride, const int* targets, int ignored, double gradientScale, computed<T>* losses,  \
             T* dLogits, long long dStride, int rows, int columns, int held) {                                               \
        cross_entropy<T, Group>(logits, stride, targets, ignored, gradientScale, losses, dLogits, dStride, rows, columns,    \
                                held);                                                                                       \
    }                                                                                                                        \
    LIST_KERNEL(name)
#define SQUARED_ERROR(name, T, Group)                                                                                        \
    extern "C" __global__ void __launch_bounds__(Group::MOST_THREADS, Group::BLOCKS<T>)                                      \
        name(const T* y, long long yStride, const T* target, long long targetStride, double gradientScale,                   \
             computed<T>* losses, T* dY, long long dStride, int rows, int columns) {                                         \
        squared_error<T, Group>(y, yStride, target, targetStride, gradientScale, losses, dY, dStride, rows, columns);        \
    }                                                                                                                        \
    LIST_KERNEL(name)
#define LOSS(T, type)                                            \
    CROSS_ENTROPY(loss_crossEntropy_##type, T, BlockOfRow)       \
    CROSS_ENTROPY(loss_crossEntropyShort_##type, T, WarpOfRow)   \
    SQUARED_ERROR(loss_squaredError_##type, T, BlockOfRow)       \
    SQUARED_ERROR(loss_squaredErrorShort_##type, T, WarpOfRow)
LOSS(float, f32)
LOSS(double, f64)
LOSS(bf16, bf16)
