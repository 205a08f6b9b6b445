package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceMemoryTest {
    private static final int MEBIBYTE = 1 << 20;

    private record Block(long address, long bytes) {
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void blocksAreApartOnBoundariesAndAllGivenBack(boolean reuse) {
        FakeDriver driver = new FakeDriver(600 * MEBIBYTE);
        DeviceMemory memory = new DeviceMemory(driver, reuse);
        SplittableRandom random = new SplittableRandom(3);
        List<Block> blocks = new ArrayList<>();
        long usedBytes = 0;
        for (int i = 0; i < 3000; i++) {
            if (blocks.size() > 40 || !blocks.isEmpty() && random.nextInt(5) < 2) {
                Block block = blocks.remove(random.nextInt(blocks.size()));
                memory.release(block.address);
                usedBytes -= block.bytes;
            } else {
                long bytes = 1 + random.nextLong(1L << random.nextInt(24));
                long address = memory.allocate(bytes);
                String what = "seed 3, step " + i + ": " + bytes + " bytes at " + address;
                assertTrue(address != 0 && address % 256 == 0, what);
                for (Block other : blocks) {
                    assertTrue(address + bytes <= other.address || other.address + other.bytes <= address, what + " are in " + other);
                }
                var segment = driver.blocks.floorEntry(address);
                assertTrue(address + bytes <= segment.getKey() + segment.getValue(), what + " exceed their segment");
                blocks.add(new Block(address, bytes));
                usedBytes += bytes;
            }
            assertTrue(memory.usedBytes() >= usedBytes && memory.reservedBytes() >= memory.usedBytes(), "counted bytes");
            assertEquals(driver.usedBytes(), memory.reservedBytes());
        }
        blocks.forEach(block -> memory.release(block.address));
        assertEquals(0, memory.usedBytes());
        memory.trim();
        assertEquals(0, memory.reservedBytes());
        assertTrue(driver.blocks.isEmpty());
    }

    @Test
    void whatIsGivenBackIsUsedAgain() {
        FakeDriver driver = new FakeDriver(100 * MEBIBYTE);
        DeviceMemory memory = new DeviceMemory(driver, true);
        for (int bytes : new int[] {1, 5000, MEBIBYTE, 3 * MEBIBYTE, 31 * MEBIBYTE}) {
            long first = memory.allocate(bytes);
            memory.release(first);
            int allocations = driver.allocations;
            assertEquals(first, memory.allocate(bytes), bytes + " bytes");
            assertEquals(allocations, driver.allocations, "the driver was asked again for " + bytes);
        }
    }

    @Test
    void neighboursThatAreFreeBecomeOne() {
        FakeDriver driver = new FakeDriver(100 * MEBIBYTE);
        DeviceMemory memory = new DeviceMemory(driver, true);
        long[] blocks = new long[4];
        for (int i = 0; i < 4; i++) {
            blocks[i] = memory.allocate(512 << 10);
        }
        assertEquals(1, driver.allocations, "a segment of 2 MiB holds four blocks of half a MiB");
        for (int i : new int[] {1, 3, 2, 0}) {
            memory.release(blocks[i]);
        }
        memory.allocate(MEBIBYTE);
        memory.allocate(MEBIBYTE);
        assertEquals(1, driver.allocations);
    }

    @Test
    void takesWhatThereIsWhereASegmentDoesNotFit() {
        DeviceMemory memory = new DeviceMemory(new FakeDriver(5 * MEBIBYTE), true);
        assertTrue(memory.allocate(3 * MEBIBYTE) != 0, "not 20 MiB, but 3");
        assertEquals(0, memory.allocate(3 * MEBIBYTE));
        assertTrue(memory.allocate(MEBIBYTE) != 0, "what is left");
    }

    @Test
    void givesBackOnlyWhatWasGiven() {
        DeviceMemory memory = new DeviceMemory(new FakeDriver(5 * MEBIBYTE), true);
        long address = memory.allocate(10);
        memory.release(address);
        assertThrows(IllegalArgumentException.class, () -> memory.release(address));
    }
}
