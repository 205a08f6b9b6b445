package lanewise.transformer.instruments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;
import org.junit.jupiter.api.Test;

/** Matrices whose singular values and eigenvalues are known. */
class SpectrumTest {
    private static void assertValues(double[] expected, Spectrum actual) {
        assertEquals(expected.length, actual.values().length);
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs(expected[i] - actual.values()[i]);
            assertTrue(difference <= 1e-14 * expected[0], "value " + i + " is " + actual.values()[i] + "; expected " + expected[i]);
        }
    }

    @Test
    void singularValuesOfAnyShapeLargestFirst() {
        // Rows (3, 0) and (0, -4), and one more column or row of zeros.
        assertValues(new double[] {4, 3}, Spectrum.singularValues(Tensor.wrap(new double[] {3, 0, 0, 0, -4, 0}, 2, 3)));
        assertValues(new double[] {4, 3}, Spectrum.singularValues(Tensor.wrap(new double[] {3, 0, 0, -4, 0, 0}, 3, 2)));
        // [[1, 1], [0, 1]] has the golden ratio and its inverse.
        double golden = (1 + Math.sqrt(5)) / 2;
        Spectrum sheared = Spectrum.singularValues(Tensor.wrap(new float[] {1, 1, 0, 1}, 2, 2));
        assertValues(new double[] {golden, 1 / golden}, sheared);
        assertEquals(golden * golden, sheared.condition(), 1e-14);
    }

    @Test
    void aViewIsReadAsItIs() {
        Tensor wide = Tensor.wrap(new double[] {9, 3, 0, 9, 9, 0, 4, 9}, 2, 4);
        assertValues(new double[] {4, 3}, Spectrum.singularValues(wide.columnRange(1, 3)));
    }

    @Test
    void eigenvaluesHaveTheirSigns() {
        Spectrum spectrum = Spectrum.eigenvalues(Tensor.wrap(new double[] {2, 3, 0, 3, 2, 0, 0, 0, 0.5}, 3, 3));
        assertValues(new double[] {5, 0.5, -1}, spectrum);
        assertEquals(Double.POSITIVE_INFINITY, spectrum.condition());
    }

    @Test
    void whatIsZeroButForRoundingCanBeLeftOut() {
        // The same row twice, and another: rank 2.
        Spectrum spectrum = Spectrum.singularValues(Tensor.wrap(new double[] {0.1, 0.7, 0.3, 0.1, 0.7, 0.3, 0.5, -0.2, 0.3}, 3, 3));
        assertEquals(3, spectrum.values().length);
        assertEquals(2, spectrum.nonzero().values().length);
        assertEquals(spectrum.values()[1], spectrum.nonzero().smallest());
        assertEquals(List.of(5.0, -1.0), Arrays.stream(new Spectrum(new double[] {5, 1e-16, -1}).nonzero().values()).boxed().toList());
    }

    @Test
    void whatHasNoSpectrumIsRefused() {
        Tensor broken = Tensor.wrap(new double[] {1, 2, Double.NaN, 4}, 2, 2);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Spectrum.singularValues(broken)).getMessage()
                .contains("[1, 0]"));
        assertThrows(IllegalArgumentException.class, () -> Spectrum.eigenvalues(Tensor.zeros(ElementType.FLOAT64, 2, 3)));
        assertThrows(IllegalArgumentException.class, () -> Spectrum.singularValues(Tensor.zeros(ElementType.FLOAT64, 0, 3)));
    }
}
