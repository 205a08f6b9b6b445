package lanewise.transformer.instruments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LineFitTest {
    /** The first of Anscombe's four data sets (The American Statistician 27, 1973), with the figures that he gives. */
    @Test
    void knownData() {
        double[] x = {10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5};
        double[] y = {8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68};
        LineFit fit = LineFit.of(x, y);
        assertEquals(0.5, fit.slope(), 1e-3);
        assertEquals(3.0, fit.intercept(), 1e-3);
        assertEquals(0.118, fit.slopeError(), 5e-4);
        assertEquals(0.667, fit.r2(), 5e-4);
        // Student's 97.5 % quantile of 9 degrees of freedom is 2.2622.
        assertEquals(2.2622 * fit.slopeError(), fit.slopeMargin(0.95), 1e-5);
    }

    @Test
    void aLineIsFoundFarFromTheOrigin() {
        double[] x = {1e6, 1e6 + 1, 1e6 + 2, 1e6 + 3};
        double[] y = {-5, -5.25, -5.5, -5.75};
        LineFit fit = LineFit.of(x, y);
        assertEquals(-0.25, fit.slope(), 1e-12);
        assertEquals(1, fit.r2(), 1e-12);
        assertEquals(-6, fit.at(1e6 + 4), 1e-9);
        assertTrue(fit.slopeMargin(0.95) < 1e-9);
    }

    @Test
    void twoPointsHaveNoMargin() {
        LineFit fit = LineFit.of(new double[] {0, 1}, new double[] {1, 3});
        assertEquals(2, fit.slope(), 1e-15);
        assertEquals(Double.NaN, fit.slopeMargin(0.95));
    }

    @Test
    void badPointsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> LineFit.of(new double[] {1, 1}, new double[] {1, 2}));
        assertThrows(IllegalArgumentException.class, () -> LineFit.of(new double[] {1, 2}, new double[] {1, Double.NaN}));
        assertThrows(IllegalArgumentException.class, () -> LineFit.of(new double[] {1, 2}, new double[] {1}));
    }
}
