package lanewise.kernels;

import static lanewise.kernels.KernelsUnderTest.assertClose;
import static lanewise.kernels.KernelsUnderTest.assertGuardsIntact;
import static lanewise.kernels.KernelsUnderTest.assertSameBits;
import static lanewise.kernels.KernelsUnderTest.assertWithin;

import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;

class NormalizationTest {
    private static final double EPSILON = 1e-5;
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = KernelsUnderTest.best();
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    /** The definition in double: of layer norm, or of RMS norm, which leaves the mean at 0. */
    private static final class Definition {
        final double[] y;
        final double[] mean;
        final double[] rstd;

        Definition(boolean rms, Tensor x, Tensor gain, Tensor shift) {
            int n = x.columns();
            double[] gains = gain.toArray();
            double[] shifts = shift == null ? new double[n] : shift.toArray();
            y = x.toArray();
            mean = new double[x.rows()];
            rstd = new double[x.rows()];
            for (int r = 0; r < x.rows(); r++) {
                double squares = 0;
                for (int j = 0; j < n && !rms; j++) {
                    mean[r] += y[r * n + j] / n;
                }
                for (int j = 0; j < n; j++) {
                    squares += (y[r * n + j] - mean[r]) * (y[r * n + j] - mean[r]) / n;
                }
                rstd[r] = 1 / Math.sqrt(squares + EPSILON);
                for (int j = 0; j < n; j++) {
                    y[r * n + j] = (y[r * n + j] - mean[r]) * rstd[r] * gains[j] + shifts[j];
                }
            }
        }
    }

    private static void forward(boolean rms, Tensor x, Tensor gain, Tensor shift, Tensor y, Tensor mean, Tensor rstd) {
        if (rms) {
            kernels.normalization().rmsNorm(x, gain, EPSILON, y, rstd);
            mean.fill(0);
        } else {
            kernels.normalization().layerNorm(x, gain, shift, EPSILON, y, mean, rstd);
        }
    }

    private static void backward(boolean rms, Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dy,
            boolean accumulate, Tensor dx, Tensor dGain, Tensor dShift) {
        if (rms) {
            kernels.normalization().rmsNormBackward(x, gain, rstd, dy, accumulate, dx, dGain);
        } else {
            kernels.normalization().layerNormBackward(x, gain, mean, rstd, dy, accumulate, dx, dGain, dShift);
        }
    }

    @ParameterizedTest
    @HostTypes
    void matchesTheDefinition(ElementType type) {
        Random random = KernelsUnderTest.seeded(21);
        double u = type.unitRoundoff();
        for (int rows : new int[] {0, 1, 3, 21, 150}) {
            for (int n : Cases.COLUMNS) {
                boolean rms = random.nextBoolean();
                boolean contiguous = random.nextBoolean();
                Tensor x = Cases.random(random, type, contiguous, rows, n);
                Tensor gain = Cases.random(random, type, contiguous, n);
                Tensor shift = rms || random.nextBoolean() ? null : Cases.random(random, type, contiguous, n);
                Tensor y = Cases.unwritten(type, contiguous, rows, n);
                Tensor mean = Cases.unwritten(type, contiguous, rows);
                Tensor rstd = Cases.unwritten(type, contiguous, rows);
                String name = (rms ? "RMS norm of " : "layer norm of ") + x + (shift == null ? " without shift" : "");
                forward(rms, x, gain, shift, y, mean, rstd);
                Definition expected = new Definition(rms, x, gain, shift);
                // With one column the variance is 0 and rstd 300, which the rounding of the mean is multiplied by.
                // The rounding errors of the sums grow with their length; gain and shift may cancel.
                double factor = n < 3 && !rms ? 1000 : 40 + n / 20;
                assertClose(name, expected.y, y, factor * u, factor * u);
                assertClose("mean of " + name, expected.mean, mean, 4 * u, 4 * u);
                assertClose("rstd of " + name, expected.rstd, rstd, 0, factor * u);
                gradients(random, rms, shift != null, x, gain, mean, rstd, contiguous, name);
                Tensor copy = KernelsUnderTest.copy(x, type);
                forward(rms, copy, gain, shift, copy, mean, rstd);
                assertSameBits(name + " in place", y, copy);
                assertGuardsIntact(name, copy);
            }
        }
    }

    private static void gradients(Random random, boolean rms, boolean shifted, Tensor x, Tensor gain, Tensor mean,
            Tensor rstd, boolean contiguous, String name) {
        ElementType type = x.type();
        int n = x.columns();
        Tensor dy = Cases.random(random, type, contiguous, x.rows(), n);
        Tensor dx = Cases.unwritten(type, contiguous, x.rows(), n);
        Tensor dGain = Cases.random(random, type, contiguous, n);
        Tensor dShift = shifted ? Cases.random(random, type, contiguous, n) : null;
        double[] gainSums = dGain.toArray();
        double[] shiftSums = shifted ? dShift.toArray() : new double[n];
        double[] gainSizes = new double[n];
        double[] shiftSizes = new double[n];
        double[] expected = new double[x.elements()];
        double[] bounds = new double[x.elements()];
        for (int r = 0; r < x.rows(); r++) {
            double factor = rstd.get(0, r);
            double sum = 0;
            double dot = 0;
            for (int j = 0; j < n; j++) {
                double normal = (x.get(r, j) - mean.get(0, r)) * factor;
                double d = dy.get(r, j);
                sum += rms ? 0 : d * gain.get(0, j);
                dot += d * gain.get(0, j) * normal;
                gainSums[j] += d * normal;
                gainSizes[j] += Math.abs(d * normal);
                shiftSums[j] += d;
                shiftSizes[j] += Math.abs(d);
            }
            for (int j = 0; j < n; j++) {
                double normal = (x.get(r, j) - mean.get(0, r)) * factor;
                expected[r * n + j] = factor * (dy.get(r, j) * gain.get(0, j) - sum / n - normal * dot / n);
                bounds[r * n + j] = 60 * type.unitRoundoff() * factor * (1 + Math.abs(dy.get(r, j) * gain.get(0, j))
                        + Math.abs(sum / n) + Math.abs(normal * dot / n));
            }
        }
        for (int j = 0; j < n; j++) {
            gainSizes[j] = 80 * type.unitRoundoff() * (2 + gainSizes[j]);
            shiftSizes[j] = 80 * type.unitRoundoff() * (2 + shiftSizes[j]);
        }
        backward(rms, x, gain, mean, rstd, dy, false, dx, dGain, dShift);
        assertWithin("gradient of " + name, expected, dx, bounds);
        assertWithin("gradient of the gain of " + name, gainSums, dGain, gainSizes);
        if (shifted) {
            assertWithin("gradient of the shift of " + name, shiftSums, dShift, shiftSizes);
        }
        Tensor copy = KernelsUnderTest.copy(dy, type);
        backward(rms, x, gain, mean, rstd, copy, false, copy, dGain, dShift);
        assertSameBits("gradient of " + name + " over dy", dx, copy);
        assertGuardsIntact(name, copy);
        Tensor accumulated = Cases.random(random, type, contiguous, x.rows(), n);
        double[] total = accumulated.toArray();
        double[] once = dx.toArray();
        for (int i = 0; i < total.length; i++) {
            total[i] += once[i];
            bounds[i] += 2 * type.unitRoundoff() * Math.abs(total[i]);
        }
        backward(rms, x, gain, mean, rstd, dy, true, accumulated, dGain, dShift);
        assertWithin("accumulated gradient of " + name, total, accumulated, bounds);
    }

    @ParameterizedTest
    @HostTypes
    void aLargeMeanDoesNoHarm(ElementType type) {
        // Deviations of some units in the last place of a large mean, all exact.
        double size = type == ElementType.FLOAT32 ? 0x1p20 : 0x1p49;
        int n = 53;
        Tensor x = KernelsUnderTest.guarded(type, 1, n);
        for (int j = 0; j < n; j++) {
            x.set(0, j, size + j % 7);
        }
        Tensor gain = Tensor.zeros(type, n);
        gain.fill(1);
        Tensor y = KernelsUnderTest.guarded(type, 1, n);
        Tensor mean = Tensor.zeros(type, 1);
        Tensor rstd = Tensor.zeros(type, 1);
        kernels.normalization().layerNorm(x, gain, null, EPSILON, y, mean, rstd);
        Tensor small = Tensor.zeros(type, 1, n);
        for (int j = 0; j < n; j++) {
            small.set(0, j, j % 7);
        }
        // The sum of a row of such numbers is not exact: the mean may be off by a part of a unit.
        double bound = type == ElementType.FLOAT32 ? 1e-5 : 0.1;
        assertClose("layer norm of a large mean", new Definition(false, small, gain, null).y, y, bound, 0);
    }

    @ParameterizedTest
    @HostTypes
    void threadsDoNotMatter(ElementType type) {
        Random random = KernelsUnderTest.seeded(22);
        Tensor x = Cases.random(random, type, true, 613, 143);
        Tensor dy = Cases.random(random, type, true, 613, 143);
        Tensor gain = Cases.random(random, type, true, 143);
        Cases.assertThreadsDoNotMatter("layer norm", kernels -> {
            Tensor all = Tensor.zeros(type, 1228, 143);
            Tensor mean = Tensor.zeros(type, 613);
            Tensor rstd = Tensor.zeros(type, 613);
            kernels.normalization().layerNorm(x, gain, gain, EPSILON, all.rowRange(0, 613), mean, rstd);
            kernels.normalization().layerNormBackward(x, gain, mean, rstd, dy, true, all.rowRange(613, 1226),
                    all.rowRange(1226, 1227).reshape(143), all.rowRange(1227, 1228).reshape(143));
            return all;
        });
    }
}
