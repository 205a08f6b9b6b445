// Packs: neighbouring elements that a thread reads and writes at once, 16 bytes of them where addresses and strides allow it.
#pragma once

#include "common.cuh"

template <typename T, int N>
struct __align__(N * sizeof(T) < 16 ? N * sizeof(T) : 16) Pack {
    T at[N];
};

// Elements in 16 bytes.
template <typename T>
constexpr int WIDE = 16 / sizeof(T);

template <int N>
struct Width {
    static constexpr int PACK = N;
};

__device__ __forceinline__ bool on_boundary(const void* at) { return reinterpret_cast<uintptr_t>(at) % 16 == 0; }

// Calls todo with the width of the packs that these rows of so many columns can be taken in.
template <typename T, typename Do, typename... Rows>
__device__ __forceinline__ void with_width(int columns, Do todo, const Rows*... rows) {
    if (columns % WIDE<T> == 0 && (on_boundary(rows) && ...)) {
        todo(Width<WIDE<T>>());
    } else {
        todo(Width<1>());
    }
}

template <int N, typename T>
__device__ __forceinline__ Pack<T, N> load_pack(const T* at) {
    return *reinterpret_cast<const Pack<T, N>*>(at);
}

// The first `count` elements, and zeros.
template <int N, typename T>
__device__ __forceinline__ Pack<T, N> load_pack(const T* at, int count) {
    if (count >= N) {
        return load_pack<N>(at);
    }
    Pack<T, N> pack = {};
    for (int i = 0; i < N; i++) {
        if (i < count) {
            pack.at[i] = at[i];
        }
    }
    return pack;
}

__device__ __forceinline__ float widened(float x) { return x; }
__device__ __forceinline__ double widened(double x) { return x; }

// In the type to compute in.
template <typename T, int N>
__device__ __forceinline__ Pack<computed<T>, N> widened(const Pack<T, N>& pack) {
    Pack<computed<T>, N> values;
#pragma unroll
    for (int i = 0; i < N; i++) {
        values.at[i] = widened(pack.at[i]);
    }
    return values;
}

template <int N>
__device__ __forceinline__ void narrow(const Pack<float, N>& values, Pack<float, N>& pack) {
    pack = values;
}

template <int N>
__device__ __forceinline__ void narrow(const Pack<double, N>& values, Pack<double, N>& pack) {
    pack = values;
}

template <int N>
__device__ __forceinline__ void narrow(const Pack<float, N>& values, Pack<bf16, N>& pack) {
    if constexpr (N % 2 == 0) {
#pragma unroll
        for (int i = 0; i < N; i += 2) {
            unsigned two = narrowed(values.at[i], values.at[i + 1]);
            pack.at[i].bits = static_cast<uint16_t>(two);
            pack.at[i + 1].bits = static_cast<uint16_t>(two >> 16);
        }
    } else {
#pragma unroll
        for (int i = 0; i < N; i++) {
            pack.at[i] = narrowed(values.at[i]);
        }
    }
}

template <typename T, int N>
__device__ __forceinline__ void store_pack(T* at, const Pack<computed<T>, N>& values) {
    Pack<T, N> pack;
    narrow(values, pack);
    *reinterpret_cast<Pack<T, N>*>(at) = pack;
}

// No more than the first `count` elements.
template <typename T, int N>
__device__ __forceinline__ void store_pack(T* at, const Pack<computed<T>, N>& values, int count) {
    if (count >= N) {
        store_pack(at, values);
        return;
    }
    for (int i = 0; i < N; i++) {
        if (i < count) {
            store(at + i, values.at[i]);
        }
    }
}
