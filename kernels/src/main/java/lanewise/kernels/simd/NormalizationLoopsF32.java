package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops that {@link NormalizationF32} is made of. Those with rows go over a block of rows, stride apart, so that the
 * sequential end of one row's sum overlaps with the work on others. Sums are left as vectors, one for each row.
 */
final class NormalizationLoopsF32 {
    private static final VectorSpecies<Float> SPECIES = Float32Math.SPECIES;
    private static final int LANES = SPECIES.length();

    private NormalizationLoopsF32() {
    }

    /** The sum of x; n is a multiple of the lanes. */
    static void sums(float[] x, int xAt, int stride, int rows, int n, float[] sums) {
        for (int r = 0; r < rows; r++) {
            int at = xAt + r * stride;
            FloatVector first = FloatVector.zero(SPECIES);
            FloatVector second = first;
            int i = 0;
            for (; i < n - LANES; i += 2 * LANES) {
                first = first.add(FloatVector.fromArray(SPECIES, x, at + i));
                second = second.add(FloatVector.fromArray(SPECIES, x, at + LANES + i));
            }
            if (i < n) {
                first = first.add(FloatVector.fromArray(SPECIES, x, at + i));
            }
            first.add(second).intoArray(sums, r * LANES);
        }
    }

    /** Adds the sums of the lanes, each vector's to one element of the sums. */
    static void addLanes(float[] lanes, int rows, double[] sums) {
        for (int r = 0; r < rows; r++) {
            sums[r] += RowSumsF32.ofLanes(lanes, r * LANES);
        }
    }

    /** The sums of x - centre and of its square; n is a multiple of the lanes. */
    static void deviations(float[] centres, float[] x, int xAt, int stride, int rows, int n, float[] sums,
            float[] squares) {
        for (int r = 0; r < rows; r++) {
            int at = xAt + r * stride;
            float centre = centres[r];
            FloatVector sum = FloatVector.zero(SPECIES);
            FloatVector first = sum;
            FloatVector second = sum;
            int i = 0;
            for (; i < n - LANES; i += 2 * LANES) {
                FloatVector a = FloatVector.fromArray(SPECIES, x, at + i).sub(centre);
                FloatVector b = FloatVector.fromArray(SPECIES, x, at + LANES + i).sub(centre);
                sum = sum.add(a.add(b));
                first = a.fma(a, first);
                second = b.fma(b, second);
            }
            if (i < n) {
                FloatVector a = FloatVector.fromArray(SPECIES, x, at + i).sub(centre);
                sum = sum.add(a);
                first = a.fma(a, first);
            }
            sum.intoArray(sums, r * LANES);
            first.add(second).intoArray(squares, r * LANES);
        }
    }

    /** y = ((x - centre) factor + rest) gain. */
    static void scale(float centre, float factor, float rest, float[] x, int xAt, float[] gain, int gainAt, float[] y,
            int yAt, int n) {
        FloatVector factors = FloatVector.broadcast(SPECIES, factor);
        FloatVector rests = FloatVector.broadcast(SPECIES, rest);
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).sub(centre).fma(factors, rests)
                    .mul(FloatVector.fromArray(SPECIES, gain, gainAt + i)).intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = Math.fma(x[xAt + i] - centre, factor, rest) * gain[gainAt + i];
        }
    }

    /** y = ((x - centre) factor + rest) gain + shift. */
    static void scaleAndShift(float centre, float factor, float rest, float[] x, int xAt, float[] gain, int gainAt,
            float[] shift, int shiftAt, float[] y, int yAt, int n) {
        FloatVector factors = FloatVector.broadcast(SPECIES, factor);
        FloatVector rests = FloatVector.broadcast(SPECIES, rest);
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).sub(centre).fma(factors, rests)
                    .fma(FloatVector.fromArray(SPECIES, gain, gainAt + i),
                            FloatVector.fromArray(SPECIES, shift, shiftAt + i))
                    .intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = Math.fma(Math.fma(x[xAt + i] - centre, factor, rest), gain[gainAt + i], shift[shiftAt + i]);
        }
    }

    /**
     * With n = (x - centre) factor: gains += dy n and shifts += dy, row by row, and for each row the sums of dy gain and of
     * dy gain n. The number of columns is a multiple of the lanes. Four rows at a time, for which gains and shifts are read
     * once.
     */
    static void gradientSums(float[] centres, float[] factors, float[] x, int xAt, int xStride, float[] dy, int dyAt,
            int dyStride, int rows, int columns, float[] gain, int gainAt, float[] gains, float[] shifts, int at,
            float[] sums, float[] dots) {
        int r = 0;
        for (; r < rows - 3; r += 4) {
            int x0 = xAt + r * xStride;
            int x1 = x0 + xStride;
            int x2 = x1 + xStride;
            int x3 = x2 + xStride;
            int y0 = dyAt + r * dyStride;
            int y1 = y0 + dyStride;
            int y2 = y1 + dyStride;
            int y3 = y2 + dyStride;
            FloatVector sum0 = FloatVector.zero(SPECIES);
            FloatVector sum1 = sum0;
            FloatVector sum2 = sum0;
            FloatVector sum3 = sum0;
            FloatVector dot0 = sum0;
            FloatVector dot1 = sum0;
            FloatVector dot2 = sum0;
            FloatVector dot3 = sum0;
            for (int i = 0; i < columns; i += LANES) {
                FloatVector g = FloatVector.fromArray(SPECIES, gain, gainAt + i);
                FloatVector d0 = FloatVector.fromArray(SPECIES, dy, y0 + i);
                FloatVector t0 = FloatVector.fromArray(SPECIES, x, x0 + i).sub(centres[r]).mul(factors[r]);
                FloatVector e0 = d0.mul(g);
                sum0 = sum0.add(e0);
                dot0 = e0.fma(t0, dot0);
                FloatVector d1 = FloatVector.fromArray(SPECIES, dy, y1 + i);
                FloatVector t1 = FloatVector.fromArray(SPECIES, x, x1 + i).sub(centres[r + 1]).mul(factors[r + 1]);
                FloatVector e1 = d1.mul(g);
                sum1 = sum1.add(e1);
                dot1 = e1.fma(t1, dot1);
                FloatVector d2 = FloatVector.fromArray(SPECIES, dy, y2 + i);
                FloatVector t2 = FloatVector.fromArray(SPECIES, x, x2 + i).sub(centres[r + 2]).mul(factors[r + 2]);
                FloatVector e2 = d2.mul(g);
                sum2 = sum2.add(e2);
                dot2 = e2.fma(t2, dot2);
                FloatVector d3 = FloatVector.fromArray(SPECIES, dy, y3 + i);
                FloatVector t3 = FloatVector.fromArray(SPECIES, x, x3 + i).sub(centres[r + 3]).mul(factors[r + 3]);
                FloatVector e3 = d3.mul(g);
                sum3 = sum3.add(e3);
                dot3 = e3.fma(t3, dot3);
                FloatVector sum = FloatVector.fromArray(SPECIES, gains, at + i);
                t3.fma(d3, t2.fma(d2, t1.fma(d1, t0.fma(d0, sum)))).intoArray(gains, at + i);
                FloatVector.fromArray(SPECIES, shifts, at + i).add(d0).add(d1).add(d2).add(d3)
                        .intoArray(shifts, at + i);
            }
            sum0.intoArray(sums, r * LANES);
            sum1.intoArray(sums, (r + 1) * LANES);
            sum2.intoArray(sums, (r + 2) * LANES);
            sum3.intoArray(sums, (r + 3) * LANES);
            dot0.intoArray(dots, r * LANES);
            dot1.intoArray(dots, (r + 1) * LANES);
            dot2.intoArray(dots, (r + 2) * LANES);
            dot3.intoArray(dots, (r + 3) * LANES);
        }
        for (; r < rows; r++) {
            gradientSums(centres[r], factors[r], x, xAt + r * xStride, dy, dyAt + r * dyStride, columns, gain, gainAt,
                    gains, shifts, at, sums, dots, r * LANES);
        }
    }

    private static void gradientSums(float centre, float factor, float[] x, int xAt, float[] dy, int dyAt, int columns,
            float[] gain, int gainAt, float[] gains, float[] shifts, int at, float[] sums, float[] dots, int sumAt) {
        FloatVector sum = FloatVector.zero(SPECIES);
        FloatVector dot = sum;
        for (int i = 0; i < columns; i += LANES) {
            FloatVector d = FloatVector.fromArray(SPECIES, dy, dyAt + i);
            FloatVector t = FloatVector.fromArray(SPECIES, x, xAt + i).sub(centre).mul(factor);
            FloatVector e = d.mul(FloatVector.fromArray(SPECIES, gain, gainAt + i));
            sum = sum.add(e);
            dot = e.fma(t, dot);
            t.fma(d, FloatVector.fromArray(SPECIES, gains, at + i)).intoArray(gains, at + i);
            FloatVector.fromArray(SPECIES, shifts, at + i).add(d).intoArray(shifts, at + i);
        }
        sum.intoArray(sums, sumAt);
        dot.intoArray(dots, sumAt);
    }

    /** dx = dy gain factor + constant + (x - centre) slope. */
    static void gradient(float centre, float factor, float constant, float slope, float[] x, int xAt, float[] gain,
            int gainAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        FloatVector factors = FloatVector.broadcast(SPECIES, factor);
        FloatVector constants = FloatVector.broadcast(SPECIES, constant);
        FloatVector slopes = FloatVector.broadcast(SPECIES, slope);
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            FloatVector g = FloatVector.fromArray(SPECIES, dy, dyAt + i)
                    .mul(FloatVector.fromArray(SPECIES, gain, gainAt + i)).fma(factors, constants);
            FloatVector.fromArray(SPECIES, x, xAt + i).sub(centre).fma(slopes, g).intoArray(dx, dxAt + i);
        }
        for (; i < n; i++) {
            float g = Math.fma(dy[dyAt + i] * gain[gainAt + i], factor, constant);
            dx[dxAt + i] = Math.fma(x[xAt + i] - centre, slope, g);
        }
    }

    /** dx += dy gain factor + constant + (x - centre) slope. */
    static void addGradient(float centre, float factor, float constant, float slope, float[] x, int xAt, float[] gain,
            int gainAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        FloatVector factors = FloatVector.broadcast(SPECIES, factor);
        FloatVector constants = FloatVector.broadcast(SPECIES, constant);
        FloatVector slopes = FloatVector.broadcast(SPECIES, slope);
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            FloatVector g = FloatVector.fromArray(SPECIES, dy, dyAt + i)
                    .mul(FloatVector.fromArray(SPECIES, gain, gainAt + i)).fma(factors, constants);
            FloatVector.fromArray(SPECIES, x, xAt + i).sub(centre).fma(slopes, g)
                    .add(FloatVector.fromArray(SPECIES, dx, dxAt + i)).intoArray(dx, dxAt + i);
        }
        for (; i < n; i++) {
            float g = Math.fma(dy[dyAt + i] * gain[gainAt + i], factor, constant);
            dx[dxAt + i] += Math.fma(x[xAt + i] - centre, slope, g);
        }
    }
}
