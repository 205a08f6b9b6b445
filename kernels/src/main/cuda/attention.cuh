// What the attention kernels share: which keys a query sees, and which tile of which head a block works on.
#pragma once

#include "common.cuh"

// lanewise.kernels.AttentionShape. Queries stand in rows [sequence queries + i], keys in [sequence keys + j], head h in columns
// h width to (h + 1) width.
struct Sizes {
    // Of every sequence; null if all keys are valid.
    const int* keyLengths;
    int heads, keyHeads, queries, keys, width;
    bool causal;

    __device__ __forceinline__ int valid_keys(int sequence) const { return keyLengths == nullptr ? keys : keyLengths[sequence]; }

    // Query i of a sequence sees the keys below this.
    __device__ __forceinline__ int visible(int valid, int i) const {
        int most = i + keys - queries + 1;
        return !causal || most > valid ? valid : most > 0 ? most : 0;
    }

    // The first query that sees key j, be it valid.
    __device__ __forceinline__ int first_query(int j) const {
        int first = j - keys + queries;
        return causal && first > 0 ? first : 0;
    }
};

// Of a kernel's arguments.
#define SIZES {keyLengths, heads, keyHeads, queries, keys, width, causal != 0}

// A tile of rows of a head, of all heads of all sequences. The blocks of `section` heads come one after another, so that what they
// read stays in the L2 cache; within a section the tiles come in rising order, each of all its heads.
struct Place {
    int tile, head;

    __device__ __forceinline__ Place(int tiles, int section) {
        int heads = gridDim.x / tiles;
        int before = static_cast<int>(blockIdx.x) / (tiles * section) * section;
        int inside = blockIdx.x - before * tiles;
        int here = heads - before < section ? heads - before : section;
        tile = inside / here;
        head = before + inside % here;
    }
};

// A block's tile of queries of a head, and the keys that it sees. The last queries see the most keys, so they go first.
struct QueryTile {
    // How many heads all sequences have, and which of them this is.
    int allHeads, ofAll;
    int head, keyHead, first, valid, end;
    // Of the sequence's first query and first key.
    long long queryRow, keyRow;

    __device__ __forceinline__ QueryTile(const Sizes& sizes, int rows, int section) {
        int tiles = (sizes.queries + rows - 1) / rows;
        Place place(tiles, section);
        allHeads = gridDim.x / tiles;
        ofAll = place.head;
        int sequence = place.head / sizes.heads;
        head = place.head % sizes.heads;
        keyHead = head / (sizes.heads / sizes.keyHeads);
        first = (tiles - 1 - place.tile) * rows;
        valid = sizes.valid_keys(sequence);
        end = sizes.visible(valid, first + rows < sizes.queries ? first + rows - 1 : sizes.queries - 1);
        queryRow = static_cast<long long>(sequence) * sizes.queries;
        keyRow = static_cast<long long>(sequence) * sizes.keys;
    }
};

constexpr double LOG2_E = 1.4426950408889634;
constexpr double LN_2 = 0.6931471805599453;
