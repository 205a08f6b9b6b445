// The activations, by their place in lanewise.kernels.Activation; C is float or double.
#pragma once

#include "common.cuh"

enum ActivationKind { IDENTITY, RELU, HUBER_RELU, GELU_TANH, GELU_ERF, SILU, TANH, SOFTPLUS };

// NaN stays NaN.
template <typename C>
__device__ __forceinline__ C positive_part(C x) {
    return x > 0 || x != x ? x : C(0);
}

template <typename C>
__device__ __forceinline__ C activated_inline(int kind, C x) {
    switch (kind) {
        case RELU:
            return positive_part(x);
        case HUBER_RELU:
            return x <= 1 ? C(0.5) * positive_part(x) * positive_part(x) : x - C(0.5);
        case GELU_TANH:
            // (1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u)), which keeps its digits where tanh is near -1.
            return x / (1 + exp(C(-1.5957691216057308) * (x + C(0.044715) * x * x * x)));
        case GELU_ERF:
            return C(0.5) * x * erfc(-x * C(0.7071067811865476));
        case SILU:
            return x / (1 + exp(-x));
        case TANH:
            return tanh(x);
        case SOFTPLUS:
            return positive_part(x) + log1p(exp(-fabs(x)));
        default:
            return x;
    }
}

__device__ __forceinline__ float activated(int kind, float x) { return activated_inline(kind, x); }

// Out of line: in double these functions are long.
static __device__ __noinline__ double activated(int kind, double x) { return activated_inline(kind, x); }

// 1 / (1 + exp(-x)).
template <typename C>
__device__ __forceinline__ C sigmoid(C x) {
    return 1 / (1 + exp(-x));
}

// The derivative of activated().
template <typename C>
__device__ __forceinline__ C slope(int kind, C x) {
    switch (kind) {
        case RELU:
            return x > 0 ? C(1) : x <= 0 ? C(0) : x;
        case HUBER_RELU:
            return x <= 0 ? C(0) : x >= 1 ? C(1) : x;
        case GELU_TANH: {
            C argument = C(1.5957691216057308) * (x + C(0.044715) * x * x * x);
            C s = sigmoid(argument);
            C rise = s * sigmoid(-argument);
            // Far out the rise is 0 and the square may be infinite.
            return rise == 0 ? s : s + x * rise * C(1.5957691216057308) * (1 + C(3 * 0.044715) * x * x);
        }
        case GELU_ERF:
            // Far out the exponential is 0, also where x is infinite.
            return fabs(x) > 40 ? C(x > 0)
                                : C(0.5) * erfc(-x * C(0.7071067811865476)) + x * C(0.3989422804014327) * exp(C(-0.5) * x * x);
        case SILU:
            return fabs(x) > 800 ? C(x > 0) : sigmoid(x) * (1 + x * sigmoid(-x));
        case TANH: {
            // 1 / cosh^2, which does not overflow so.
            C e = exp(-2 * fabs(x));
            return 4 * e / ((1 + e) * (1 + e));
        }
        case SOFTPLUS:
            return sigmoid(x);
        default:
            return 1;
    }
}
