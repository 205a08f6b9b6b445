package lanewise.kernels.cuda;

import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * A device's memory, taken from the driver in segments, which are cut into blocks and kept for reuse: asking the driver takes long and
 * waits for the device. A block that is given back may be handed out again at once: the stream's order keeps the new use behind the old.
 *
 * <p>Small blocks share segments of 2 MiB, middling ones segments of 20 MiB, larger ones have one each; so that many small tensors do not
 * keep large segments from being given back.
 */
final class DeviceMemory {
    private static final long UNIT = 512;
    private static final long MEBIBYTE = 1 << 20;
    private static final long SMALL = MEBIBYTE;
    private static final long SMALL_SEGMENT = 2 * MEBIBYTE;
    private static final long MIDDLING = 10 * MEBIBYTE;
    private static final long MIDDLING_SEGMENT = 20 * MEBIBYTE;

    /** A piece of a segment; its neighbours are those of the same segment. */
    private static final class Block {
        final long address;
        final boolean small;
        long bytes;
        Block before;
        Block after;

        Block(long address, long bytes, boolean small) {
            this.address = address;
            this.bytes = bytes;
            this.small = small;
        }

        boolean isWholeSegment() {
            return before == null && after == null;
        }
    }

    private static final Comparator<Block> BY_SIZE = Comparator.<Block>comparingLong(block -> block.bytes).thenComparingLong(block -> block.address);

    private final Driver driver;
    private final boolean reuse;
    private final NavigableSet<Block> smallFree = new TreeSet<>(BY_SIZE);
    private final NavigableSet<Block> largeFree = new TreeSet<>(BY_SIZE);
    private final Map<Long, Block> used = new HashMap<>();
    private final Set<Long> segments = new HashSet<>();
    private long usedBytes;
    private long reservedBytes;

    /** @param reuse whether blocks share segments and are kept; if not, every block is a segment of just its size */
    DeviceMemory(Driver driver, boolean reuse) {
        this.driver = driver;
        this.reuse = reuse;
    }

    /** At least so many bytes, on a boundary of 256, or 0 if there are not as many. */
    long allocate(long bytes) {
        long size = reuse ? roundedUp(Math.max(1, bytes), UNIT) : Math.max(1, bytes);
        boolean small = size <= SMALL;
        NavigableSet<Block> free = small ? smallFree : largeFree;
        Block block = free.ceiling(new Block(0, size, small));
        if (block == null) {
            block = segment(size, small);
            if (block == null) {
                return 0;
            }
        } else {
            free.remove(block);
        }
        if (block.bytes - size >= (small ? UNIT : SMALL)) {
            free.add(cut(block, size));
        }
        used.put(block.address, block);
        usedBytes += block.bytes;
        return block.address;
    }

    private Block segment(long size, boolean small) {
        long wanted = !reuse ? size : small ? SMALL_SEGMENT : size < MIDDLING ? MIDDLING_SEGMENT : roundedUp(size, 2 * MEBIBYTE);
        long address = driver.allocate(wanted);
        if (address == 0 && wanted > size) {
            wanted = size;
            address = driver.allocate(wanted);
        }
        if (address == 0) {
            return null;
        }
        segments.add(address);
        reservedBytes += wanted;
        return new Block(address, wanted, small);
    }

    /** Shortens a block; the rest is returned. */
    private static Block cut(Block block, long size) {
        Block rest = new Block(block.address + size, block.bytes - size, block.small);
        rest.before = block;
        rest.after = block.after;
        if (rest.after != null) {
            rest.after.before = rest;
        }
        block.after = rest;
        block.bytes = size;
        return rest;
    }

    /** Gives back what {@link #allocate} gave. */
    void release(long address) {
        Block block = used.remove(address);
        if (block == null) {
            throw new IllegalArgumentException("no block in use begins at " + address);
        }
        usedBytes -= block.bytes;
        NavigableSet<Block> free = block.small ? smallFree : largeFree;
        if (block.after != null && free.remove(block.after)) {
            absorbNext(block);
        }
        if (block.before != null && free.remove(block.before)) {
            block = block.before;
            absorbNext(block);
        }
        free.add(block);
        if (!reuse) {
            trim();
        }
    }

    private static void absorbNext(Block block) {
        Block next = block.after;
        block.bytes += next.bytes;
        block.after = next.after;
        if (block.after != null) {
            block.after.before = block;
        }
    }

    /** Gives every segment that nobody uses back to the driver. */
    void trim() {
        trim(smallFree);
        trim(largeFree);
    }

    private void trim(NavigableSet<Block> free) {
        free.removeIf(block -> {
            if (block.isWholeSegment()) {
                driver.free(block.address);
                segments.remove(block.address);
                reservedBytes -= block.bytes;
                return true;
            }
            return false;
        });
    }

    /** Bytes in use, with what rounding adds. */
    long usedBytes() {
        return usedBytes;
    }

    /** Bytes taken from the driver. */
    long reservedBytes() {
        return reservedBytes;
    }

    /** Gives all segments back, used or not. */
    void close() {
        segments.forEach(driver::free);
        segments.clear();
        smallFree.clear();
        largeFree.clear();
        used.clear();
        usedBytes = 0;
        reservedBytes = 0;
    }

    private static long roundedUp(long bytes, long unit) {
        return (bytes + unit - 1) / unit * unit;
    }
}
