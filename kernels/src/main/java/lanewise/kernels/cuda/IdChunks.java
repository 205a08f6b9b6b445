package lanewise.kernels.cuda;

import java.util.Arrays;

/**
 * The positions of every id, cut into chunks that can be summed beside each other: in rising order within a chunk, and the chunks of an
 * id in rising order too. So the sum over an id's positions is taken in an order that depends on the ids alone.
 *
 * @param order      positions, those of the same id together
 * @param first      where in {@code order} each chunk starts, and the end
 * @param chunkIds   the id of each chunk
 * @param partRows   of each chunk of an id that has several: where its sum goes; -1 for an only chunk
 * @param severalIds ids that have several chunks
 * @param firstPart  where the sums of each of these start, and the end
 */
record IdChunks(int[] order, int[] first, int[] chunkIds, int[] partRows, int[] severalIds, int[] firstPart) {
    /** Positions in a chunk, at most. */
    static final int MOST = 32;

    static IdChunks of(int[] ids, int entries) {
        int[] ends = new int[entries + 1];
        for (int id : ids) {
            ends[id + 1]++;
        }
        int chunks = 0;
        int parts = 0;
        int several = 0;
        for (int id = 0; id < entries; id++) {
            int chunksOfId = (ends[id + 1] + MOST - 1) / MOST;
            chunks += chunksOfId;
            parts += chunksOfId > 1 ? chunksOfId : 0;
            several += chunksOfId > 1 ? 1 : 0;
            ends[id + 1] += ends[id];
        }
        int[] next = Arrays.copyOf(ends, entries);
        int[] order = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            order[next[ids[i]]++] = i;
        }
        IdChunks result = new IdChunks(order, new int[chunks + 1], new int[chunks], new int[chunks], new int[several], new int[several + 1]);
        result.cut(ends, entries);
        result.first[chunks] = ids.length;
        result.firstPart[several] = parts;
        return result;
    }

    private void cut(int[] ends, int entries) {
        int chunk = 0;
        int part = 0;
        int several = 0;
        for (int id = 0; id < entries; id++) {
            boolean only = ends[id + 1] - ends[id] <= MOST;
            if (!only) {
                severalIds[several] = id;
                firstPart[several++] = part;
            }
            for (int start = ends[id]; start < ends[id + 1]; start += MOST) {
                first[chunk] = start;
                chunkIds[chunk] = id;
                partRows[chunk++] = only ? -1 : part++;
            }
        }
    }

    int chunks() {
        return chunkIds.length;
    }

    int parts() {
        return firstPart[severalIds.length];
    }
}
