// What softmax and cross-entropy share: the sums of a row.
#pragma once

#include "functions.cuh"
#include "rows.cuh"

// Of scale x over a row, for all threads of its group.
template <typename C>
struct RowSums {
    C largest;
    // Of the exponentials of what is below the largest.
    C sum;
};

template <typename T, int N, typename Group, typename C>
__device__ __forceinline__ RowSums<C> row_sums(const Row<T, N, Group>& row, C scale) {
    C most = -INFINITY;
    each(row, [&](const auto& x, int) {
#pragma unroll
        for (int i = 0; i < N; i++) {
            most = Largest()(scale * x.at[i], most);
        }
    });
    C largest = row.group.over(most, C(-INFINITY), Largest());
    C part = 0;
    each(row, [&](const auto& x, int) {
#pragma unroll
        for (int i = 0; i < N; i++) {
            part += exponential<T>(fma(scale, x.at[i], -largest));
        }
    });
    return {largest, row.group.over(part, C(0), Sum())};
}
