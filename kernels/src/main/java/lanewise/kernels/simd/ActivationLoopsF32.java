package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import lanewise.kernels.Activation;

/**
 * The activations over runs of an array, one loop each. The end of a run goes through the same functions in a vector of
 * equal lanes, so that an element's value does not depend on where it stands.
 */
final class ActivationLoopsF32 {
    private static final VectorSpecies<Float> SPECIES = Float32Math.SPECIES;
    private static final int LANES = SPECIES.length();

    private ActivationLoopsF32() {
    }

    /** y = f(x) for n elements; y may be x at the same offset. */
    static void forward(Activation f, float[] x, int xAt, float[] y, int yAt, int n) {
        switch (f) {
            case IDENTITY -> System.arraycopy(x, xAt, y, yAt, n);
            case RELU -> relu(x, xAt, y, yAt, n);
            case GELU_TANH -> geluTanh(x, xAt, y, yAt, n);
            case GELU_ERF -> geluErf(x, xAt, y, yAt, n);
            case SILU -> silu(x, xAt, y, yAt, n);
            case TANH -> tanh(x, xAt, y, yAt, n);
            case SOFTPLUS -> softplus(x, xAt, y, yAt, n);
            default -> throw new IllegalArgumentException("no loop for " + f);
        }
    }

    /** dx = dy f'(x) for n elements; dx may be dy or x at the same offset. */
    static void backward(Activation f, float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        switch (f) {
            case IDENTITY -> System.arraycopy(dy, dyAt, dx, dxAt, n);
            case RELU -> reluBackward(x, xAt, dy, dyAt, dx, dxAt, n);
            case GELU_TANH -> geluTanhBackward(x, xAt, dy, dyAt, dx, dxAt, n);
            case GELU_ERF -> geluErfBackward(x, xAt, dy, dyAt, dx, dxAt, n);
            case SILU -> siluBackward(x, xAt, dy, dyAt, dx, dxAt, n);
            case TANH -> tanhBackward(x, xAt, dy, dyAt, dx, dxAt, n);
            case SOFTPLUS -> softplusBackward(x, xAt, dy, dyAt, dx, dxAt, n);
            default -> throw new IllegalArgumentException("no loop for " + f);
        }
    }

    private static void relu(float[] x, int xAt, float[] y, int yAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            MathF32.relu(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = x[xAt + i] <= 0 ? 0 : x[xAt + i];
        }
    }

    private static void geluTanh(float[] x, int xAt, float[] y, int yAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            MathF32.geluTanh(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = MathF32.geluTanh(FloatVector.broadcast(SPECIES, x[xAt + i])).lane(0);
        }
    }

    private static void geluErf(float[] x, int xAt, float[] y, int yAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            MathF32.geluErf(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = MathF32.geluErf(FloatVector.broadcast(SPECIES, x[xAt + i])).lane(0);
        }
    }

    private static void silu(float[] x, int xAt, float[] y, int yAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            MathF32.silu(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = MathF32.silu(FloatVector.broadcast(SPECIES, x[xAt + i])).lane(0);
        }
    }

    private static void tanh(float[] x, int xAt, float[] y, int yAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            MathF32.tanh(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = MathF32.tanh(FloatVector.broadcast(SPECIES, x[xAt + i])).lane(0);
        }
    }

    private static void softplus(float[] x, int xAt, float[] y, int yAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            MathF32.softplus(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = MathF32.softplus(FloatVector.broadcast(SPECIES, x[xAt + i])).lane(0);
        }
    }

    private static void reluBackward(float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            MathF32.reluBackward(FloatVector.fromArray(SPECIES, x, xAt + i),
                    FloatVector.fromArray(SPECIES, dy, dyAt + i)).intoArray(dx, dxAt + i);
        }
        for (; i < n; i++) {
            dx[dxAt + i] = x[xAt + i] > 0 ? dy[dyAt + i] : x[xAt + i] <= 0 ? 0 : x[xAt + i];
        }
    }

    private static void geluTanhBackward(float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            MathF32.geluTanhDerivative(FloatVector.fromArray(SPECIES, x, xAt + i))
                    .mul(FloatVector.fromArray(SPECIES, dy, dyAt + i)).intoArray(dx, dxAt + i);
        }
        for (; i < n; i++) {
            dx[dxAt + i] = MathF32.geluTanhDerivative(FloatVector.broadcast(SPECIES, x[xAt + i])).lane(0) * dy[dyAt + i];
        }
    }

    private static void geluErfBackward(float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            MathF32.geluErfDerivative(FloatVector.fromArray(SPECIES, x, xAt + i))
                    .mul(FloatVector.fromArray(SPECIES, dy, dyAt + i)).intoArray(dx, dxAt + i);
        }
        for (; i < n; i++) {
            dx[dxAt + i] = MathF32.geluErfDerivative(FloatVector.broadcast(SPECIES, x[xAt + i])).lane(0) * dy[dyAt + i];
        }
    }

    private static void siluBackward(float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            MathF32.siluDerivative(FloatVector.fromArray(SPECIES, x, xAt + i))
                    .mul(FloatVector.fromArray(SPECIES, dy, dyAt + i)).intoArray(dx, dxAt + i);
        }
        for (; i < n; i++) {
            dx[dxAt + i] = MathF32.siluDerivative(FloatVector.broadcast(SPECIES, x[xAt + i])).lane(0) * dy[dyAt + i];
        }
    }

    private static void tanhBackward(float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            MathF32.tanhDerivative(FloatVector.fromArray(SPECIES, x, xAt + i))
                    .mul(FloatVector.fromArray(SPECIES, dy, dyAt + i)).intoArray(dx, dxAt + i);
        }
        for (; i < n; i++) {
            dx[dxAt + i] = MathF32.tanhDerivative(FloatVector.broadcast(SPECIES, x[xAt + i])).lane(0) * dy[dyAt + i];
        }
    }

    private static void softplusBackward(float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            MathF32.sigmoid(FloatVector.fromArray(SPECIES, x, xAt + i))
                    .mul(FloatVector.fromArray(SPECIES, dy, dyAt + i)).intoArray(dx, dxAt + i);
        }
        for (; i < n; i++) {
            dx[dxAt + i] = MathF32.sigmoid(FloatVector.broadcast(SPECIES, x[xAt + i])).lane(0) * dy[dyAt + i];
        }
    }
}
