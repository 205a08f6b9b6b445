package lanewise.transformer;

import static org.junit.jupiter.api.Assertions.fail;

import lanewise.kernels.Kernels;

/** The kernels that a test run is about: it fails when the machine and the flags give other ones than it expects. */
public final class TestKernels {
    private static final String EXPECTED = System.getProperty("lanewise.test.expect", "simd");

    private TestKernels() {
    }

    public static Kernels open(int threads) {
        Kernels kernels = Kernels.builder().threads(threads).build();
        if (!kernels.implementation().equals(EXPECTED)) {
            kernels.close();
            fail("this run expects " + EXPECTED + " and got " + kernels.describe());
        }
        return kernels;
    }
}
