package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The loops over a row that {@link NormalizationF32} is made of. */
final class NormalizationLoopsF32 {
    private static final VectorSpecies<Float> SPECIES = Float32Math.SPECIES;
    private static final int LANES = SPECIES.length();

    private NormalizationLoopsF32() {
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

    /** gains += dy (x - centre) factor; shifts += dy. */
    static void addColumnGradients(float centre, float factor, float[] x, int xAt, float[] dy, int dyAt, float[] gains,
            float[] shifts, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            FloatVector d = FloatVector.fromArray(SPECIES, dy, dyAt + i);
            FloatVector.fromArray(SPECIES, x, xAt + i).sub(centre).mul(factor)
                    .fma(d, FloatVector.fromArray(SPECIES, gains, i)).intoArray(gains, i);
            FloatVector.fromArray(SPECIES, shifts, i).add(d).intoArray(shifts, i);
        }
        for (; i < n; i++) {
            float d = dy[dyAt + i];
            gains[i] = Math.fma((x[xAt + i] - centre) * factor, d, gains[i]);
            shifts[i] += d;
        }
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
