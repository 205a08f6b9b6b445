package lanewise.kernels.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/** A device for tests of what handles memory: it has bytes but runs no kernels, and is as late as it may be: copies wait for someone who waits. */
final class FakeDriver implements Driver {
    private static final int FIRST_ADDRESS = 4096;

    final byte[] memory;
    final TreeMap<Long, Long> blocks = new TreeMap<>();
    private final List<Runnable> queue = new ArrayList<>();
    int done;
    int allocations;
    int transfers;
    int pinnedBuffers;
    boolean closed;

    FakeDriver(int bytes) {
        memory = new byte[bytes];
    }

    long usedBytes() {
        return blocks.values().stream().mapToLong(Long::longValue).sum();
    }

    byte at(long address) {
        return memory[(int) (address - FIRST_ADDRESS)];
    }

    private void doUpTo(int end) {
        while (done < end) {
            queue.get(done).run();
            done++;
        }
    }

    private int within(long address, long bytes) {
        var block = blocks.floorEntry(address);
        if (block == null || address + bytes > block.getKey() + block.getValue()) {
            throw new IllegalArgumentException(bytes + " bytes at " + address + " are not of one block");
        }
        return (int) (address - FIRST_ADDRESS);
    }

    @Override
    public int capability() {
        return 80;
    }

    @Override
    public int version() {
        return 11000;
    }

    @Override
    public int multiprocessors() {
        return 1;
    }

    @Override
    public int sharedBytes() {
        return 48 << 10;
    }

    @Override
    public long freeBytes() {
        return memory.length - usedBytes();
    }

    /** The first gap that is wide enough. */
    @Override
    public long allocate(long bytes) {
        long start = FIRST_ADDRESS;
        for (var block : blocks.entrySet()) {
            if (block.getKey() - start >= bytes) {
                break;
            }
            start = (block.getKey() + block.getValue() + 255) / 256 * 256;
        }
        if (start + bytes > FIRST_ADDRESS + (long) memory.length) {
            return 0;
        }
        allocations++;
        blocks.put(start, bytes);
        return start;
    }

    @Override
    public void free(long address) {
        doUpTo(queue.size());
        if (blocks.remove(address) == null) {
            throw new IllegalArgumentException("no block begins at " + address);
        }
    }

    @Override
    public ByteBuffer pinned(int bytes) {
        pinnedBuffers++;
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    @Override
    public void freePinned(ByteBuffer buffer) {
        pinnedBuffers--;
    }

    @Override
    public void upload(long to, ByteBuffer from, long bytes) {
        transfers++;
        int start = within(to, bytes);
        queue.add(() -> from.duplicate().clear().get(memory, start, (int) bytes));
    }

    @Override
    public void download(ByteBuffer to, long from, long bytes) {
        transfers++;
        int start = within(from, bytes);
        queue.add(() -> to.duplicate().clear().put(memory, start, (int) bytes));
    }

    @Override
    public void copy(long to, long from, long bytes) {
        int target = within(to, bytes);
        int source = within(from, bytes);
        queue.add(() -> System.arraycopy(memory, source, memory, target, (int) bytes));
    }

    @Override
    public void clear(long at, long bytes) {
        int start = within(at, bytes);
        queue.add(() -> Arrays.fill(memory, start, start + (int) bytes, (byte) 0));
    }

    @Override
    public long load(String name, byte[] image) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long function(long module, String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void launch(long function, int gridX, int gridY, int gridZ, int threads, int sharedBytes, long[] arguments, int count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long mark() {
        return queue.size();
    }

    @Override
    public void await(long mark) {
        doUpTo((int) mark);
    }

    @Override
    public void synchronize() {
        doUpTo(queue.size());
    }

    @Override
    public void close() {
        closed = true;
    }
}
