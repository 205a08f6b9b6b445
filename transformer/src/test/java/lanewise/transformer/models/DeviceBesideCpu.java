package lanewise.transformer.models;

import lanewise.kernels.Kernels;
import lanewise.transformer.EmulatedDevice;
import lanewise.transformer.TestKernels;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Tests that hold a model on the kernels for GPUs beside the same on the CPU. */
abstract class DeviceBesideCpu {
    static Kernels cpu;
    static Kernels device;

    @BeforeAll
    static void open() throws Exception {
        device = EmulatedDevice.open();
        cpu = TestKernels.open(1);
    }

    @AfterAll
    static void close() {
        if (device != null) {
            device.close();
            cpu.close();
        }
    }
}
