package lanewise.kernels.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Pinned memory of the host through which data goes to the device and back: a ring of slots. Small uploads follow each other in a slot;
 * a mark is set when a slot is left, and awaited before it is entered again. So an upload waits for the device only if it lags by a
 * whole ring.
 */
final class Staging {
    private static final int SLOTS = 8;
    private static final int SLOT_BYTES = 1 << 20;
    private static final int UNIT = 64;

    /** Puts a part of some data into a buffer, or takes it out. */
    @FunctionalInterface
    interface Part {
        /** @param start bytes of the data before this part, a multiple of 64 */
        void move(ByteBuffer buffer, long start, int bytes);
    }

    private final Driver driver;
    private final ByteBuffer memory;
    private final ByteBuffer[] slots = new ByteBuffer[SLOTS];
    private final long[] marks = new long[SLOTS];
    private final boolean[] marked = new boolean[SLOTS];
    private int slot;
    private int filled;

    Staging(Driver driver) {
        this.driver = driver;
        memory = driver.pinned(SLOTS * SLOT_BYTES);
        for (int i = 0; i < SLOTS; i++) {
            slots[i] = part(memory, i * SLOT_BYTES, SLOT_BYTES);
        }
    }

    private static ByteBuffer part(ByteBuffer buffer, int from, int bytes) {
        return buffer.slice(from, bytes).order(ByteOrder.nativeOrder());
    }

    /** Returns before the device has the data; what is asked of the device afterwards sees it. */
    void upload(long to, long bytes, Part fill) {
        for (long start = 0; start < bytes;) {
            int count = (int) Math.min(SLOT_BYTES, bytes - start);
            if (count > SLOT_BYTES - filled) {
                leaveSlot();
            }
            ByteBuffer buffer = part(slots[slot], filled, count);
            fill.move(buffer, start, count);
            driver.upload(to + start, buffer.clear(), count);
            filled = Math.min(SLOT_BYTES, (filled + count + UNIT - 1) / UNIT * UNIT);
            start += count;
        }
    }

    /** Waits for what the device was asked for before; takes one part while the next is on its way. */
    void download(long from, long bytes, Part take) {
        int before = -1;
        long beforeStart = 0;
        int beforeCount = 0;
        for (long start = 0; start < bytes; start += beforeCount) {
            int count = (int) Math.min(SLOT_BYTES, bytes - start);
            leaveSlot();
            driver.download(slots[slot].clear(), from + start, count);
            filled = SLOT_BYTES;
            if (before >= 0) {
                settle(before);
                take.move(slots[before].clear(), beforeStart, beforeCount);
            }
            before = slot;
            beforeStart = start;
            beforeCount = count;
        }
        if (before >= 0) {
            leaveSlot();
            settle(before);
            take.move(slots[before].clear(), beforeStart, beforeCount);
        }
    }

    private void leaveSlot() {
        if (filled > 0) {
            marks[slot] = driver.mark();
            marked[slot] = true;
            slot = (slot + 1) % SLOTS;
            settle(slot);
            filled = 0;
        }
    }

    private void settle(int slot) {
        if (marked[slot]) {
            marked[slot] = false;
            driver.await(marks[slot]);
        }
    }

    void close() {
        driver.freePinned(memory);
    }
}
