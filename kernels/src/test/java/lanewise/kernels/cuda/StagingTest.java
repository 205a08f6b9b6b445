package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class StagingTest {
    private static final int RING = 8 << 20;

    private static byte[] bytes(SplittableRandom random, int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    private static void upload(Staging staging, long to, byte[] data) {
        staging.upload(to, data.length, (buffer, start, count) -> buffer.put(0, data, (int) start, count));
    }

    private static byte[] download(Staging staging, long from, int count) {
        byte[] data = new byte[count];
        staging.download(from, count, (buffer, start, part) -> buffer.get(0, data, (int) start, part));
        return data;
    }

    /** The device here reads pinned memory only when it is waited for: what is overwritten too early arrives wrong. */
    @Test
    void whatTheDeviceHasNotReadIsNotOverwritten() {
        SplittableRandom random = new SplittableRandom(5);
        FakeDriver driver = new FakeDriver(10 * RING);
        Staging staging = new Staging(driver);
        long[] addresses = new long[200];
        byte[][] data = new byte[addresses.length][];
        long sum = 0;
        for (int i = 0; i < addresses.length; i++) {
            data[i] = bytes(random, random.nextInt(i % 10 == 0 ? 3 << 20 : 200 << 10));
            addresses[i] = driver.allocate(Math.max(1, data[i].length));
            assertTrue(addresses[i] != 0, "the test needs more memory");
            upload(staging, addresses[i], data[i]);
            sum += data[i].length;
        }
        assertTrue(sum > 3L * RING, sum + " bytes");
        driver.synchronize();
        for (int i = 0; i < addresses.length; i++) {
            for (int b = 0; b < data[i].length; b++) {
                if (driver.at(addresses[i] + b) != data[i][b]) {
                    throw new AssertionError("upload " + i + " of " + data[i].length + " bytes is wrong from byte " + b + ", seed 5");
                }
            }
        }
    }

    @Test
    void smallUploadsDoNotWait() {
        FakeDriver driver = new FakeDriver(RING);
        Staging staging = new Staging(driver);
        long address = driver.allocate(4096);
        for (int i = 0; i < 500; i++) {
            upload(staging, address, new byte[4096]);
        }
        assertEquals(0, driver.done, "copies that were waited for");
    }

    @Test
    void whatGoesUpComesDown() {
        FakeDriver driver = new FakeDriver(4 * RING);
        Staging staging = new Staging(driver);
        SplittableRandom random = new SplittableRandom(6);
        for (int count : new int[] {0, 1, 8, 4095, (1 << 20) - 8, 1 << 20, (1 << 20) + 8, 5 << 20, RING + 24}) {
            byte[] data = bytes(random, count);
            long address = driver.allocate(Math.max(1, count));
            upload(staging, address, data);
            assertArrayEquals(data, download(staging, address, count), count + " bytes");
            driver.free(address);
        }
        staging.close();
        assertEquals(0, driver.pinnedBuffers);
    }
}
