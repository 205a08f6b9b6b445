package lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class KernelsTest {
    @Test
    void multipliesSmallMatrices() {
        try (Kernels kernels = KernelsUnderTest.best()) {
            Tensor a = Tensor.wrap(new float[] {1, 2, 3, 4}, 2, 2);
            Tensor b = Tensor.wrap(new float[] {5, 6, 7, 8}, 2, 2);
            Tensor c = kernels.zeros(ElementType.FLOAT32, 2, 2);
            kernels.matmul().multiply(a, b, c);
            assertArrayEquals(new double[] {19, 22, 43, 50}, c.toArray());
        }
    }

    @Test
    void describesWhatIsActive() {
        try (Kernels kernels = KernelsUnderTest.best(3)) {
            assertEquals(3, kernels.threads());
            assertTrue(kernels.describe().startsWith(kernels.implementation() + ": "), kernels.describe());
            assertTrue(kernels.describe().contains("3 threads"), kernels.describe());
        }
    }
}
