package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import lanewise.kernels.ElementType;
import lanewise.kernels.KernelsUnderTest;
import lanewise.kernels.OutOfDeviceMemoryException;
import lanewise.kernels.Tensor;
import org.junit.jupiter.api.Test;

class DeviceTest {
    private static final int MEBIBYTE = 1 << 20;

    @Test
    void tensorsThatNobodyHasMakeRoom() {
        FakeDriver driver = new FakeDriver(8 * MEBIBYTE);
        Device device = new Device(driver);
        Tensor kept = device.zeros(ElementType.FLOAT32, MEBIBYTE / 4);
        kept.copyFrom(new SplittableRandom(1).doubles(MEBIBYTE / 4).toArray());
        double[] before = kept.toArray();
        Tensor view = kept.reshape(2, MEBIBYTE / 8).rowRange(1, 2);
        kept = null;
        for (int i = 0; i < 20; i++) {
            device.zeros(ElementType.FLOAT64, 3 * MEBIBYTE / 8).copyFrom(new double[3 * MEBIBYTE / 8]);
        }
        double[] after = view.toArray();
        for (int i = 0; i < after.length; i++) {
            assertEquals(before[after.length + i], after[i], "element " + i + " of a view of a tensor that nobody has");
        }
    }

    @Test
    void missingMemoryIsNamedAndTheRestStaysUsable() {
        FakeDriver driver = new FakeDriver(8 * MEBIBYTE);
        Device device = new Device(driver);
        Tensor held = device.zeros(ElementType.FLOAT32, 5 * MEBIBYTE / 4);
        OutOfDeviceMemoryException thrown = assertThrows(OutOfDeviceMemoryException.class, () -> device.zeros(ElementType.FLOAT64, MEBIBYTE));
        assertEquals(8 * MEBIBYTE, thrown.asked());
        assertEquals(3 * MEBIBYTE, thrown.free());
        assertEquals("the device has no 8388608 bytes in one piece: 3145728 bytes are free, and 5242880 bytes in use by these kernels", thrown.getMessage());
        held.copyFrom(held.toArray());
        assertEquals(0, device.zeros(ElementType.FLOAT32, 2, 2).get(1, 1));
    }

    @Test
    void contiguousTensorsAreCopiedInOneTransfer() {
        FakeDriver driver = new FakeDriver(MEBIBYTE * 4);
        Device device = new Device(driver);
        for (ElementType type : KernelsUnderTest.TYPES) {
            for (ElementType other : KernelsUnderTest.TYPES) {
                Tensor x = device.zeros(type, 100, 7);
                Tensor host = Tensor.view(new double[2000], 5, 9, 100, 7);
                if (other == ElementType.FLOAT32) {
                    host = Tensor.view(new float[2000], 5, 9, 100, 7);
                }
                host.copyFrom(new SplittableRandom(2).doubles(700).map(v -> (float) v).toArray());
                driver.transfers = 0;
                x.copyFrom(host);
                assertEquals(1, driver.transfers, other + " to " + type);
                assertArrayEquals(host.toArray(), x.toArray());
                assertEquals(2, driver.transfers);
                Tensor back = Tensor.zeros(other, 100, 7);
                back.copyFrom(x);
                assertArrayEquals(host.toArray(), back.toArray(), other + " from " + type);
                Tensor copy = device.zeros(type, 10, 70);
                driver.transfers = 0;
                copy.reshape(100, 7).copyFrom(x);
                copy.rowRange(3, 5).fill(0);
                assertEquals(0, driver.transfers, "a copy on the device passes through the host");
                assertEquals(x.get(20, 6), copy.get(2, 6), "copied on the device");
                assertEquals(0, copy.get(3, 0), "filled");
            }
        }
    }

    @Test
    void closingGivesAllBackAndEndsUse() {
        FakeDriver driver = new FakeDriver(MEBIBYTE * 64);
        Device device = new Device(driver);
        Tensor x = device.zeros(ElementType.FLOAT32, 100);
        Tensor y = device.zeros(ElementType.FLOAT32, 3_000_000);
        device.close();
        device.close();
        assertTrue(driver.closed && driver.blocks.isEmpty() && driver.pinnedBuffers == 0, driver.blocks + " left");
        for (Runnable use : new Runnable[] {() -> x.fill(0), y::toArray, () -> device.zeros(ElementType.FLOAT32, 1)}) {
            IllegalStateException thrown = assertThrows(IllegalStateException.class, use::run);
            assertTrue(thrown.getMessage().contains("were closed"), thrown.getMessage());
        }
    }

    @Test
    void hostArraysAreLeftAloneWhereMemoryIsMissing() {
        Device device = new Device(new FakeDriver(3 * MEBIBYTE));
        Tensor x = Tensor.zeros(ElementType.FLOAT32, 100);
        x.fill(7);
        Tensor large = Tensor.zeros(ElementType.FLOAT32, MEBIBYTE);
        assertThrows(OutOfDeviceMemoryException.class, () -> {
            try (Operands operands = new Operands(device)) {
                operands.out(x);
                operands.in(large);
            }
        });
        assertEquals(7, x.get(0, 99));
    }
}
