package lanewise.transformer.layers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import org.junit.jupiter.api.Test;

class ParameterTest {
    private static final Tensor A = Tensor.wrap(new double[] {1, 2, 3, 4}, 2, 2);
    private static final Tensor B = Tensor.wrap(new double[] {5, 6, 7, 8}, 2, 2);
    /** A^T B. */
    private static final double[] PRODUCT = {26, 30, 38, 44};

    private final Parameter parameter = new Parameter("w", Tensor.zeros(ElementType.FLOAT64, 2, 2),
            Tensor.wrap(new double[] {Double.NaN, Double.NaN, Double.NaN, Double.NaN}, 2, 2), true);

    private void expect(double... gradient) {
        assertArrayEquals(gradient, parameter.gradient().toArray());
    }

    @Test
    void whatIsClearedIsZero() {
        parameter.clearGradient();
        expect(0, 0, 0, 0);
    }

    @Test
    void firstProductReplacesAndTheNextAdds() {
        try (Kernels kernels = Kernels.best()) {
            parameter.clearGradient();
            parameter.addToGradient(kernels.matmul(), 1, A, B);
            expect(PRODUCT);
            parameter.addToGradient(kernels.matmul(), 2, A, B);
            expect(3 * 26, 3 * 30, 3 * 38, 3 * 44);
        }
    }

    @Test
    void productAddsToWhatElseWasAdded() {
        try (Kernels kernels = Kernels.best()) {
            parameter.clearGradient();
            kernels.embedding().scatterAdd(A, new int[] {1, 1}, parameter.gradient());
            expect(0, 0, 4, 6);
            parameter.addToGradient(kernels.matmul(), 1, A, B);
            expect(26, 30, 42, 50);
        }
    }

    @Test
    void productOfNoRowsIsZero() {
        try (Kernels kernels = Kernels.best()) {
            parameter.clearGradient();
            Tensor none = Tensor.zeros(ElementType.FLOAT64, 0, 2);
            parameter.addToGradient(kernels.matmul(), 1, none, none);
            expect(0, 0, 0, 0);
        }
    }

    @Test
    void failedProductLeavesItCleared() {
        try (Kernels kernels = Kernels.best()) {
            parameter.clearGradient();
            assertThrows(IllegalArgumentException.class,
                    () -> parameter.addToGradient(kernels.matmul(), 1, A, Tensor.zeros(ElementType.FLOAT64, 3, 2)));
            expect(0, 0, 0, 0);
        }
    }
}
