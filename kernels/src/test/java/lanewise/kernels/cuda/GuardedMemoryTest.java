package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class GuardedMemoryTest {
    @Test
    void findsWhatIsWrittenBeyondTheEndAndNothingElse() throws Exception {
        try (Driver driver = GuardedMemory.around(HostRun.driver())) {
            ByteBuffer buffer = driver.pinned(64);
            long good = driver.allocate(40);
            driver.download(buffer, good, 40);
            driver.synchronize();
            assertTrue(Float.isNaN(buffer.getFloat(36)), "fresh memory holds " + buffer.getFloat(36));
            driver.clear(good, 40);
            driver.free(good);
            long bad = driver.allocate(40);
            driver.clear(bad, 42);
            assertEquals("a kernel wrote byte 40 of a block of 40", assertThrows(IllegalStateException.class, () -> driver.free(bad)).getMessage());
            driver.freePinned(buffer);
        }
    }
}
