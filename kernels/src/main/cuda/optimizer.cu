// Updates of parameters. The bf16 kernels update float32 parameters, and write them rounded to a working copy in bfloat16 as well.
#include "elements.cuh"

namespace {

// A factor as a sum of two numbers of a type: 1 - 0.999 would be off by 2^-16 of itself if 0.999 were rounded to float32.
template <typename C>
struct Factor {
    C high, low;

    __device__ __forceinline__ explicit Factor(double x) : high(static_cast<C>(x)), low(static_cast<C>(x - static_cast<double>(high))) {}

    __device__ __forceinline__ C times_plus(C x, C y) const { return fma(high, x, fma(low, x, y)); }
};

template <typename C>
struct View {
    C* at;
    long long stride;

    __device__ __forceinline__ bool wide(int rows) const { return on_boundaries(at, stride, rows); }
    __device__ __forceinline__ C* pack(int row, int column) const { return at + row * stride + column; }
};

// Where there is no working copy.
struct NoCopy {
    __device__ __forceinline__ bool wide(int) const { return true; }
    template <typename Values>
    __device__ __forceinline__ void write(int, int, const Values&, int) const {}
};

struct Copy {
    View<bf16> view;

    __device__ __forceinline__ bool wide(int rows) const { return view.wide(rows); }
    template <int N>
    __device__ __forceinline__ void write(int row, int column, const Pack<float, N>& values, int count) const {
        store_pack(view.pack(row, column), values, count);
    }
};

// p -= rate (scale g + decay p).
template <typename C, typename Target>
__device__ __forceinline__ void gradient_descent(View<C> p, View<const C> g, Target copy, int rows, int columns, double learningRate,
                                                 double weightDecay, double gradientScale) {
    C rate = static_cast<C>(-learningRate);
    C decay = static_cast<C>(weightDecay);
    C scale = static_cast<C>(gradientScale);
    for_packs<C>(rows, columns, p.wide(rows) && g.wide(rows) && copy.wide(rows), [&](auto width, int row, int c, int count) {
        constexpr int N = decltype(width)::PACK;
        Pack<C, N> values = load_pack<N>(p.pack(row, c), count);
        Pack<C, N> gradients = load_pack<N>(g.pack(row, c), count);
#pragma unroll
        for (int i = 0; i < N; i++) {
            values.at[i] = fma(rate, fma(scale, gradients.at[i], decay * values.at[i]), values.at[i]);
        }
        store_pack(p.pack(row, c), values, count);
        copy.write(row, c, values, count);
    });
}

// v = momentum v + scale g + decay p; p -= rate v.
template <typename C, typename Target>
__device__ __forceinline__ void momentum_step(View<C> p, View<const C> g, View<C> v, Target copy, int rows, int columns,
                                              double learningRate, double momentum, double weightDecay, double gradientScale) {
    C rate = static_cast<C>(-learningRate);
    Factor<C> kept(momentum);
    C decay = static_cast<C>(weightDecay);
    C scale = static_cast<C>(gradientScale);
    bool wide = p.wide(rows) && g.wide(rows) && v.wide(rows) && copy.wide(rows);
    for_packs<C>(rows, columns, wide, [&](auto width, int row, int c, int count) {
        constexpr int N = decltype(width)::PACK;
        Pack<C, N> values = load_pack<N>(p.pack(row, c), count);
        Pack<C, N> gradients = load_pack<N>(g.pack(row, c), count);
        Pack<C, N> velocities = load_pack<N>(v.pack(row, c), count);
#pragma unroll
        for (int i = 0; i < N; i++) {
            C added = fma(scale, gradients.at[i], decay * values.at[i]);
            velocities.at[i] = kept.times_plus(velocities.at[i], added);
            values.at[i] = fma(rate, velocities.at[i], values.at[i]);
        }
        store_pack(v.pack(row, c), velocities, count);
        store_pack(p.pack(row, c), values, count);
        copy.write(row, c, values, count);
    });
}

// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; p -= rate (m meanFactor / (sqrt(v squaresFactor) + epsilon) + decay p), or
// with the decay in g.
template <typename C, typename Target>
__device__ __forceinline__ void adam(View<C> p, View<const C> g, View<C> m, View<C> v, Target copy, int rows, int columns,
                                     double learningRate, double beta1, double beta2, double meanFactor, double squaresFactor,
                                     double epsilon, double weightDecay, bool decoupled, double gradientScale,
                                     Share share = whole_grid()) {
    C rate = static_cast<C>(-learningRate);
    Factor<C> meanKept(beta1);
    Factor<C> squaresKept(beta2);
    C meanAdded = static_cast<C>(1 - beta1);
    C squaresAdded = static_cast<C>(1 - beta2);
    C meanScale = static_cast<C>(meanFactor);
    C squaresScale = static_cast<C>(squaresFactor);
    C least = static_cast<C>(epsilon);
    C gradientDecay = static_cast<C>(decoupled ? 0 : weightDecay);
    C decay = static_cast<C>(decoupled ? weightDecay : 0);
    C scale = static_cast<C>(gradientScale);
    bool wide = p.wide(rows) && g.wide(rows) && m.wide(rows) && v.wide(rows) && copy.wide(rows);
    for_packs<C>(rows, columns, wide, [&](auto width, int row, int c, int count) {
        constexpr int N = decltype(width)::PACK;
        Pack<C, N> values = load_pack<N>(p.pack(row, c), count);
        Pack<C, N> gradients = load_pack<N>(g.pack(row, c), count);
        Pack<C, N> means = load_pack<N>(m.pack(row, c), count);
        Pack<C, N> squares = load_pack<N>(v.pack(row, c), count);
#pragma unroll
        for (int i = 0; i < N; i++) {
            C gradient = fma(gradientDecay, values.at[i], scale * gradients.at[i]);
            means.at[i] = meanKept.times_plus(means.at[i], meanAdded * gradient);
            squares.at[i] = squaresKept.times_plus(squares.at[i], squaresAdded * gradient * gradient);
            C update = means.at[i] * meanScale / (sqrt(squares.at[i] * squaresScale) + least);
            values.at[i] = fma(rate, fma(decay, values.at[i], update), values.at[i]);
        }
        store_pack(m.pack(row, c), means, count);
        store_pack(v.pack(row, c), squares, count);
        store_pack(p.pack(row, c), values, count);
        copy.write(row, c, values, count);
    }, share);
}

}  // namespace

#define COPY_ARGUMENTS bf16 *copy, long long copyStride,
#define NO_ARGUMENTS
#define TO_COPY \
    Copy { {copy, copyStride} }
#define TO_NONE NoCopy()
#define TO_LISTED_COPY \
    Copy { {of.address<bf16>(4), 0} }

// The tensors of adamAll are without gaps. Of each, the table has parameter, gradient, moments, copy, elements and first block.
#define OPTIMIZER(C, type, ARGUMENTS, TARGET, LISTED_TARGET)                                                                                         \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                     \
        optimizer_gradientDescent_##type(C* p, long long pStride, const C* g, long long gStride, ARGUMENTS int rows, int columns,     \
                                         double learningRate, double weightDecay, double gradientScale) {                             \
        gradient_descent<C>({p, pStride}, {g, gStride}, TARGET, rows, columns, learningRate, weightDecay, gradientScale);             \
    }                                                                                                                                 \
    LIST_KERNEL(optimizer_gradientDescent_##type)                                                                                     \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                     \
        optimizer_momentum_##type(C* p, long long pStride, const C* g, long long gStride, C* v, long long vStride, ARGUMENTS int rows, \
                                  int columns, double learningRate, double momentum, double weightDecay, double gradientScale) {      \
        momentum_step<C>({p, pStride}, {g, gStride}, {v, vStride}, TARGET, rows, columns, learningRate, momentum, weightDecay,        \
                         gradientScale);                                                                                              \
    }                                                                                                                                 \
    LIST_KERNEL(optimizer_momentum_##type)                                                                                            \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                     \
        optimizer_adam_##type(C* p, long long pStride, const C* g, long long gStride, C* m, long long mStride, C* v,                  \
                              long long vStride, ARGUMENTS int rows, int columns, double learningRate, double beta1, double beta2,    \
                              double meanFactor, double squaresFactor, double epsilon, double weightDecay, int decoupled,             \
                              double gradientScale) {                                                                                 \
        adam<C>({p, pStride}, {g, gStride}, {m, mStride}, {v, vStride}, TARGET, rows, columns, learningRate, beta1, beta2,            \
                meanFactor, squaresFactor, epsilon, weightDecay, decoupled, gradientScale);                                           \
    }                                                                                                                                 \
    LIST_KERNEL(optimizer_adam_##type)                                                                                                \
    extern "C" __global__ void __launch_bounds__(ELEMENT_THREADS)                                                                     \
        optimizer_adamAll_##type(const long long* table, int tensors, double learningRate, double beta1, double beta2,                \
                                 double meanFactor, double squaresFactor, double epsilon, double weightDecay, int decoupled,          \
                                 double gradientScale) {                                                                              \
        TensorShare of(table, 7, tensors);                                                                                            \
        adam<C>({of.address<C>(0), 0}, {of.address<const C>(1), 0}, {of.address<C>(2), 0}, {of.address<C>(3), 0}, LISTED_TARGET, 1,   \
                static_cast<int>(of.tensor[5]), learningRate, beta1, beta2, meanFactor, squaresFactor, epsilon, weightDecay,          \
                decoupled, gradientScale, of.share);                                                                                  \
    }                                                                                                                                 \
    LIST_KERNEL(optimizer_adamAll_##type)
OPTIMIZER(float, f32, NO_ARGUMENTS, TO_NONE, TO_NONE)
OPTIMIZER(double, f64, NO_ARGUMENTS, TO_NONE, TO_NONE)
OPTIMIZER(float, bf16, COPY_ARGUMENTS, TO_COPY, TO_LISTED_COPY)
