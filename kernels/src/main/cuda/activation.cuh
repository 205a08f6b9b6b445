// The activations, by their place in lanewise.kernels.Activation, for elements of type T.
#pragma once

#include "functions.cuh"

enum ActivationKind { IDENTITY, RELU, HUBER_RELU, GELU_TANH, GELU_ERF, SILU, TANH, SOFTPLUS };

// NaN stays NaN.
template <typename C>
__device__ __forceinline__ C positive_part(C x) {
    return x > 0 || x != x ? x : C(0);
}

template <typename T>
__device__ __forceinline__ computed<T> activated_inline(int kind, computed<T> x) {
    using C = computed<T>;
    switch (kind) {
        case RELU:
            return positive_part(x);
        case HUBER_RELU:
            return x <= 1 ? C(0.5) * positive_part(x) * positive_part(x) : x - C(0.5);
        case GELU_TANH:
            // (1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u)), which keeps its digits where tanh is near -1.
            return quotient<T>(x, 1 + exponential<T>(C(-1.5957691216057308) * (x + C(0.044715) * x * x * x)));
        case GELU_ERF:
            if constexpr (IS_HALF<T>) {
                return x * Normal(x).below;
            } else {
                return C(0.5) * x * erfc(-x * C(0.7071067811865476));
            }
        case SILU:
            return quotient<T>(x, 1 + exponential<T>(-x));
        case TANH:
            return tanh(x);
        case SOFTPLUS:
            return positive_part(x) + log1p(exponential<T>(-fabs(x)));
        default:
            return x;
    }
}

template <typename T>
__device__ __forceinline__ computed<T> activated(int kind, computed<T> x) {
    return activated_inline<T>(kind, x);
}

// Out of line: in double these functions are long.
template <>
inline __device__ __noinline__ double activated<double>(int kind, double x) {
    return activated_inline<double>(kind, x);
}

// 1 / (1 + exp(-x)).
template <typename T>
__device__ __forceinline__ computed<T> sigmoid(computed<T> x) {
    return quotient<T>(1, 1 + exponential<T>(-x));
}

// The derivative of activated().
template <typename T>
__device__ __forceinline__ computed<T> slope(int kind, computed<T> x) {
    using C = computed<T>;
    switch (kind) {
        case RELU:
            return x > 0 ? C(1) : x <= 0 ? C(0) : x;
        case HUBER_RELU:
            return x <= 0 ? C(0) : x >= 1 ? C(1) : x;
        case GELU_TANH: {
            C argument = C(1.5957691216057308) * (x + C(0.044715) * x * x * x);
            C s = sigmoid<T>(argument);
            C rise = s * sigmoid<T>(-argument);
            // Far out the rise is 0 and the square may be infinite.
            return rise == 0 ? s : s + x * rise * C(1.5957691216057308) * (1 + C(3 * 0.044715) * x * x);
        }
        case GELU_ERF:
            // Far out the exponential is 0, also where x is infinite.
            if (fabs(x) > 40) {
                return C(x > 0);
            }
            if constexpr (IS_HALF<T>) {
                Normal normal(x);
                return fma(x * C(0.3989422804014327), normal.height, normal.below);
            } else {
                return C(0.5) * erfc(-x * C(0.7071067811865476)) + x * C(0.3989422804014327) * exp(C(-0.5) * x * x);
            }
        case SILU:
            return fabs(x) > 800 ? C(x > 0) : sigmoid<T>(x) * (1 + x * sigmoid<T>(-x));
        case TANH: {
            // 1 / cosh^2, which does not overflow so.
            C e = exponential<T>(-2 * fabs(x));
            return quotient<T>(4 * e, (1 + e) * (1 + e));
        }
        case SOFTPLUS:
            return sigmoid<T>(x);
        default:
            return 1;
    }
}

// A kind that the compiler knows.
template <int OF>
struct Kind {
    static constexpr int VALUE = OF;
};

// Calls todo(Kind), so that a loop does not ask at every element.
template <typename Do>
__device__ __forceinline__ void with_kind(int kind, Do todo) {
    switch (kind) {
        case RELU:
            return todo(Kind<RELU>());
        case HUBER_RELU:
            return todo(Kind<HUBER_RELU>());
        case GELU_TANH:
            return todo(Kind<GELU_TANH>());
        case GELU_ERF:
            return todo(Kind<GELU_ERF>());
        case SILU:
            return todo(Kind<SILU>());
        case TANH:
            return todo(Kind<TANH>());
        case SOFTPLUS:
            return todo(Kind<SOFTPLUS>());
        default:
            return todo(Kind<IDENTITY>());
    }
}
