// Layer norm and RMS norm, which is layer norm with a mean of 0, and their gradients.
#include "columns.cuh"
#include "rows.cuh"

namespace {

template <typename T, bool CENTERED, typename Group>
__device__ __forceinline__ void forward(const T* x, long long xStride, const T* gain, const T* shift, T* y, long long yStride,
                                        computed<T>* mean, computed<T>* rstd, int rows, int columns, int held, double epsilon) {
    using C = computed<T>;
    DYNAMIC_SHARED(T, shared);
    Group group;
    if (group.row >= rows) {
        return;
    }
    x += group.row * xStride;
    y += group.row * yStride;
    auto run = [&](auto width) {
        constexpr int N = decltype(width)::PACK;
        Row<T, N, Group> row(x, shared + group.index * held, columns, held);
        row.await();
        C count = static_cast<C>(columns);
        C center = 0;
        if (CENTERED) {
            C part = 0;
            each(row, [&](const auto& values, int) {
#pragma unroll
                for (int i = 0; i < N; i++) {
                    part += values.at[i];
                }
            });
            center = group.over(part, C(0), Sum()) / count;
        }
        // The mean of what is left takes away the rounding errors of a long or large sum.
        C rests = 0;
        C squares = 0;
        each(row, [&](const auto& values, int) {
#pragma unroll
            for (int i = 0; i < N; i++) {
                C deviation = values.at[i] - center;
                rests += deviation;
                squares = fma(deviation, deviation, squares);
            }
        });
        C rest = CENTERED ? group.over(rests, C(0), Sum()) / count : C(0);
        C variance = group.over(squares, C(0), Sum()) / count - rest * rest;
        C factor = 1 / sqrt((variance < 0 ? C(0) : variance) + static_cast<C>(epsilon));
        if (group.rank == 0) {
            if (CENTERED) {
                mean[group.row] = center + rest;
            }
            rstd[group.row] = factor;
        }
        each(row, [&](const auto& values, int c) {
            Pack<C, N> gains = widened(load_pack<N>(gain + c));
            Pack<C, N> result = {};
            if (shift != nullptr) {
                result = widened(load_pack<N>(shift + c));
            }
#pragma unroll
            for (int i = 0; i < N; i++) {
                result.at[i] = fma((values.at[i] - center - rest) * factor, gains.at[i], result.at[i]);
            }
            store_pack(y + c, result);
        });
    };
    with_width<T>(columns, run, x, gain, shift, y);
}

// What a thread of a block that takes a whole row sees of it: every blockDim-th pack, in registers if packs are wide.
template <typename T, int N, int PACKS>
struct Part {
    static constexpr bool KEPT = N == WIDE<T>;
    const T* row;
    Pack<T, N> kept[KEPT ? PACKS : 1];

    __device__ __forceinline__ void read(const T* at, int columns) {
        row = at;
        if constexpr (KEPT) {
#pragma unroll
            for (int p = 0; p < PACKS; p++) {
                int c = (p * blockDim.x + threadIdx.x) * N;
                if (c < columns) {
                    kept[p] = load_pack<N>(row + c);
                }
            }
        }
    }

    __device__ __forceinline__ Pack<computed<T>, N> pack(int p, int column) const {
        if constexpr (KEPT) {
            return widened(kept[p]);
        } else {
            return widened(load_pack<N>(row + column));
        }
    }
};

// Sums of two numbers over a block, for all of its threads. One barrier: `sums` is what the call before the last one used.
template <typename C>
__device__ __forceinline__ void add_over_block(C& x, C& y, C (&sums)[2][WARP]) {
    int lane = threadIdx.x % WARP;
    int warp = threadIdx.x / WARP;
    x = over_warp(x, Sum());
    y = over_warp(y, Sum());
    if (lane == 0) {
        sums[0][warp] = x;
        sums[1][warp] = y;
    }
    __syncthreads();
    bool there = lane < blockDim.x / WARP;
    x = over_warp(there ? sums[0][lane] : C(0), Sum());
    y = over_warp(there ? sums[1][lane] : C(0), Sum());
}

// With n = (x - mean) rstd and g = dy gain: dx = rstd (g - mean of g - n mean of g n); a block's sums of dy n and of dy go to its row
// of `gainParts` and `shiftParts`. A block takes every gridDim-th row; one that has few packs reads the next row while it works.
template <typename T, bool CENTERED, int N, int PACKS>
__device__ __forceinline__ void backward(const T* x, long long xStride, const T* gain, const computed<T>* mean, const computed<T>* rstd,
                                         const T* dy, long long dyStride, bool accumulate, T* dx, long long dxStride, int rows,
                                         int columns, computed<T>* gainParts, computed<T>* shiftParts) {
    using C = computed<T>;
    C gainSums[PACKS * N] = {};
    C shiftSums[PACKS * N] = {};
    constexpr bool AHEAD = N == WIDE<T> && PACKS == 1;
    Part<T, N, PACKS> values, gradients, before, nextValues, nextGradients;
    C nextCenter = 0;
    C nextFactor = 0;
    __shared__ C sums[2][2][WARP];
    int turn = 0;
    if (AHEAD) {
        nextValues.read(x + blockIdx.x * xStride, columns);
        nextGradients.read(dy + blockIdx.x * dyStride, columns);
        nextCenter = CENTERED ? mean[blockIdx.x] : C(0);
        nextFactor = rstd[blockIdx.x];
    }
    for (int r = blockIdx.x; r < rows; r += gridDim.x) {
        C center, factor;
        if (AHEAD) {
            values = nextValues;
            gradients = nextGradients;
            center = nextCenter;
            factor = nextFactor;
            if (r + gridDim.x < rows) {
                nextValues.read(x + (r + gridDim.x) * xStride, columns);
                nextGradients.read(dy + (r + gridDim.x) * dyStride, columns);
                nextCenter = CENTERED ? mean[r + gridDim.x] : C(0);
                nextFactor = rstd[r + gridDim.x];
            }
        } else {
            values.read(x + r * xStride, columns);
            gradients.read(dy + r * dyStride, columns);
            center = CENTERED ? mean[r] : C(0);
            factor = rstd[r];
        }
        // Under way while the sums are taken.
        if (AHEAD && accumulate) {
            before.read(dx + r * dxStride, columns);
        }
        C part = 0;
        C dotPart = 0;
#pragma unroll
        for (int p = 0; p < PACKS; p++) {
            int c = (p * blockDim.x + threadIdx.x) * N;
            if (c < columns) {
                Pack<C, N> v = values.pack(p, c);
                Pack<C, N> d = gradients.pack(p, c);
                Pack<C, N> gains = widened(load_pack<N>(gain + c));
#pragma unroll
                for (int i = 0; i < N; i++) {
                    C normal = (v.at[i] - center) * factor;
                    C scaled = d.at[i] * gains.at[i];
                    part += scaled;
                    dotPart = fma(scaled, normal, dotPart);
                    gainSums[p * N + i] = fma(d.at[i], normal, gainSums[p * N + i]);
                    shiftSums[p * N + i] += d.at[i];
                }
            }
        }
        add_over_block(part, dotPart, sums[turn]);
        turn ^= 1;
        C average = CENTERED ? part / columns : C(0);
        C dot = dotPart / columns;
#pragma unroll
        for (int p = 0; p < PACKS; p++) {
            int c = (p * blockDim.x + threadIdx.x) * N;
            if (c < columns) {
                Pack<C, N> v = values.pack(p, c);
                Pack<C, N> d = gradients.pack(p, c);
                Pack<C, N> gains = widened(load_pack<N>(gain + c));
                T* to = dx + r * dxStride + c;
                Pack<C, N> result = {};
                if (accumulate) {
                    result = AHEAD ? before.pack(p, c) : widened(load_pack<N>(to));
                }
#pragma unroll
                for (int i = 0; i < N; i++) {
                    C normal = (v.at[i] - center) * factor;
                    result.at[i] += factor * (d.at[i] * gains.at[i] - average - normal * dot);
                }
                store_pack(to, result);
            }
        }
    }
#pragma unroll
    for (int i = 0; i < PACKS * N; i++) {
        int c = (i / N * blockDim.x + threadIdx.x) * N + i % N;
        if (c < columns) {
            gainParts[static_cast<long long>(blockIdx.x) * columns + c] = gainSums[i];
            if (shiftParts != nullptr) {
                shiftParts[static_cast<long long>(blockIdx.x) * columns + c] = shiftSums[i];
            }
        }
    }
}

template <typename T, bool CENTERED, int PACKS>
__device__ __forceinline__ void backward(const T* x, long long xStride, const T* gain, const computed<T>* mean, const computed<T>* rstd,
                                         const T* dy, long long dyStride, bool accumulate, T* dx, long long dxStride, int rows,
                                         int columns, computed<T>* gainParts, computed<T>* shiftParts) {
    bool strides = (xStride | dyStride | dxStride) % WIDE<T> == 0;
    auto run = [&](auto width) {
        constexpr int N = decltype(width)::PACK;
        backward<T, CENTERED, N, PACKS * WIDE<T> / N>(x, xStride, gain, mean, rstd, dy, dyStride, accumulate, dx, dxStride, rows, columns,
                                                      gainParts, shiftParts);
    };
    with_width<T>(strides ? columns : 1, run, x, gain, dy, dx);
}

// sums += the sum of `count` rows of parts: of the gain's, and in the second row of blocks of the shift's.
template <typename C>
__device__ __forceinline__ void add_parts(const C* gainParts, C* gainSums, const C* shiftParts, C* shiftSums, int count, int columns) {
    const C* parts = blockIdx.y == 0 ? gainParts : shiftParts;
    C* sums = blockIdx.y == 0 ? gainSums : shiftSums;
    int c = blockIdx.x * WARP + threadIdx.x % WARP;
    C sum = column_sum(parts + c, columns, count, c < columns);
    if (threadIdx.x < WARP && c < columns) {
        sums[c] += sum;
    }
}

}  // namespace

#define FORWARD(name, T, CENTERED, Group)                                                                                            \
    extern "C" __global__ void __launch_bounds__(Group::MOST_THREADS, Group::BLOCKS<T>)                                              \
        name(const T* x, long long xStride, const T* gain, const T* shift, T* y, long long yStride, computed<T>* mean,               \
             computed<T>* rstd, int rows, int columns, int held, double epsilon) {                                                   \
        forward<T, CENTERED, Group>(x, xStride, gain, shift, y, yStride, mean, rstd, rows, columns, held, epsilon);                  \
    }                                                                                                                                \
    LIST_KERNEL(name)
// CudaNormalization has a grid of blocks that all run at once, and knows by this how many there can be.
#define BACKWARD(name, T, CENTERED, PACKS)                                                                                           \
    extern "C" __global__ void __launch_bounds__(PACKS == 1 ? 256 : 512, PACKS > 1 ? 1 : sizeof(T) == 4 ? 4 : 3)                     \
        name(const T* x, long long xStride, const T* gain, const computed<T>* mean, const computed<T>* rstd, const T* dy,            \
             long long dyStride, int accumulate, T* dx, long long dxStride, int rows, int columns, computed<T>* gainParts,           \
             computed<T>* shiftParts) {                                                                                              \
        backward<T, CENTERED, PACKS>(x, xStride, gain, mean, rstd, dy, dyStride, accumulate, dx, dxStride, rows, columns, gainParts, \
                                     shiftParts);                                                                                    \
    }                                                                                                                                \
    LIST_KERNEL(name)
#define ADD_PARTS(name, C)                                                                                                           \
    extern "C" __global__ void __launch_bounds__(COLUMNS_THREADS)                                                                    \
        name(const C* gainParts, C* gainSums, const C* shiftParts, C* shiftSums, int count, int columns) {                           \
        add_parts(gainParts, gainSums, shiftParts, shiftSums, count, columns);                                                       \
    }                                                                                                                                \
    LIST_KERNEL(name)
// Packs of a thread: more of them for longer rows, as many as there are registers for.
#define NORMALIZATION(T, type)                                           \
    FORWARD(normalization_layerNorm_##type, T, true, BlockOfRow)         \
    FORWARD(normalization_layerNormShort_##type, T, true, WarpOfRow)     \
    FORWARD(normalization_rmsNorm_##type, T, false, BlockOfRow)          \
    FORWARD(normalization_rmsNormShort_##type, T, false, WarpOfRow)      \
    BACKWARD(normalization_layerNormBackward1_##type, T, true, 1)        \
    BACKWARD(normalization_layerNormBackward2_##type, T, true, 2)        \
    BACKWARD(normalization_rmsNormBackward1_##type, T, false, 1)         \
    BACKWARD(normalization_rmsNormBackward2_##type, T, false, 2)
#define LONGER(T, type)                                                  \
    BACKWARD(normalization_layerNormBackward4_##type, T, true, 4)        \
    BACKWARD(normalization_rmsNormBackward4_##type, T, false, 4)
NORMALIZATION(float, f32)
NORMALIZATION(double, f64)
NORMALIZATION(bf16, bf16)
LONGER(float, f32)
LONGER(double, f64)
ADD_PARTS(normalization_addParts_f32, float)
ADD_PARTS(normalization_addParts_f64, double)
