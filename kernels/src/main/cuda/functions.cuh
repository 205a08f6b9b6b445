// Elementary functions in the precision that the elements' type T has use for: in bfloat16 the device's fast ones, and formulas of few
// terms, whose errors of at most 2^-16 are lost in the rounding.
#pragma once

#include "common.cuh"

template <typename T>
constexpr bool IS_HALF = sizeof(T) == sizeof(bf16);

template <typename T>
__device__ __forceinline__ computed<T> exponential(computed<T> x) {
    if constexpr (IS_HALF<T>) {
        return __expf(x);
    } else {
        return exp(x);
    }
}

// In bfloat16 0 where |y| is above 2^126.
template <typename T>
__device__ __forceinline__ computed<T> quotient(computed<T> x, computed<T> y) {
    if constexpr (IS_HALF<T>) {
        return __fdividef(x, y);
    } else {
        return x / y;
    }
}

// The normal distribution at x: what is below x, and the density times the root of 2 pi.
struct Normal {
    float below, height;

    // Above |x| there is height t p(t) with t = 1 / (1 + 0.3 |x|): a polynomial that is off by at most 2^-16 of the result, fitted so that
    // its largest relative error is the least.
    __device__ __forceinline__ explicit Normal(float x) : height(__expf(-0.5f * x * x)) {
        float t = __fdividef(1.0f, fma(0.3f, fabs(x), 1.0f));
        float p = fma(-0.077096365f, t, 0.21603392f);
        p = fma(p, t, -0.016944526f);
        p = fma(p, t, 0.1441945f);
        p = fma(p, t, 0.1137424f);
        p = fma(p, t, 0.12007419f);
        float outside = height * t * p;
        below = x < 0 ? outside : 1 - outside;
    }
};
