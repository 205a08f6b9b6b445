package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import lanewise.kernels.Activation;

/**
 * The activations over runs of an array, one loop each. The end of a run that does not fill a vector is copied to an edge,
 * so that it goes through the same loop: a second copy of a large function in one method would be too much for C2 to inline.
 */
final class ActivationLoopsF32 {
    private static final VectorSpecies<Float> SPECIES = Float32Math.SPECIES;
    private static final int LANES = SPECIES.length();

    private static final int GELU_WORK = 2 * LANES;
    /** Elements of the work area that the callers lend: two vectors for the end of a run, and what the GELU needs. */
    static final int EDGE = GELU_WORK + Float32Gelu.WORK;

    private ActivationLoopsF32() {
    }

    /** y = f(x) for n elements; y may be x at the same offset. */
    static void forward(Activation f, float[] x, int xAt, float[] y, int yAt, int n, float[] edge) {
        int whole = SPECIES.loopBound(n);
        forwardWhole(f, x, xAt, y, yAt, whole, edge);
        if (whole < n) {
            System.arraycopy(x, xAt + whole, edge, 0, n - whole);
            forwardWhole(f, edge, 0, edge, 0, LANES, edge);
            System.arraycopy(edge, 0, y, yAt + whole, n - whole);
        }
    }

    /** dx = dy f'(x) for n elements; dx may be dy or x at the same offset. */
    static void backward(Activation f, float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, int n,
            float[] edge) {
        int whole = SPECIES.loopBound(n);
        backwardWhole(f, x, xAt, dy, dyAt, dx, dxAt, whole, edge);
        if (whole < n) {
            System.arraycopy(x, xAt + whole, edge, 0, n - whole);
            System.arraycopy(dy, dyAt + whole, edge, LANES, n - whole);
            backwardWhole(f, edge, 0, edge, LANES, edge, 0, LANES, edge);
            System.arraycopy(edge, 0, dx, dxAt + whole, n - whole);
        }
    }

    /** n is a multiple of the lanes. */
    private static void forwardWhole(Activation f, float[] x, int xAt, float[] y, int yAt, int n, float[] work) {
        switch (f) {
            case IDENTITY -> System.arraycopy(x, xAt, y, yAt, n);
            case RELU -> relu(x, xAt, y, yAt, n);
            case HUBER_RELU -> huberRelu(x, xAt, y, yAt, n);
            case GELU_TANH -> geluTanh(x, xAt, y, yAt, n);
            case GELU_ERF -> Float32Gelu.forward(x, xAt, y, yAt, n, work, GELU_WORK);
            case SILU -> silu(x, xAt, y, yAt, n);
            case TANH -> tanh(x, xAt, y, yAt, n);
            case SOFTPLUS -> softplus(x, xAt, y, yAt, n);
            default -> throw new IllegalArgumentException("no loop for " + f);
        }
    }

    private static void backwardWhole(Activation f, float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt,
            int n, float[] work) {
        switch (f) {
            case IDENTITY -> System.arraycopy(dy, dyAt, dx, dxAt, n);
            case RELU -> reluBackward(x, xAt, dy, dyAt, dx, dxAt, n);
            case HUBER_RELU -> huberReluBackward(x, xAt, dy, dyAt, dx, dxAt, n);
            case GELU_TANH -> geluTanhBackward(x, xAt, dy, dyAt, dx, dxAt, n);
            case GELU_ERF -> Float32Gelu.backward(x, xAt, dy, dyAt, dx, dxAt, n, work, GELU_WORK);
            case SILU -> siluBackward(x, xAt, dy, dyAt, dx, dxAt, n);
            case TANH -> tanhBackward(x, xAt, dy, dyAt, dx, dxAt, n);
            case SOFTPLUS -> softplusBackward(x, xAt, dy, dyAt, dx, dxAt, n);
            default -> throw new IllegalArgumentException("no loop for " + f);
        }
    }

    private static void relu(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.relu(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
    }

    private static void huberRelu(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.huberRelu(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
    }

    private static void geluTanh(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.geluTanh(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
    }

    private static void silu(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.silu(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
    }

    private static void tanh(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.tanh(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
    }

    private static void softplus(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.softplus(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
    }

    private static void reluBackward(float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.reluBackward(FloatVector.fromArray(SPECIES, x, xAt + i),
                    FloatVector.fromArray(SPECIES, dy, dyAt + i)).intoArray(dx, dxAt + i);
        }
    }

    private static void huberReluBackward(float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.huberReluDerivative(FloatVector.fromArray(SPECIES, x, xAt + i))
                    .mul(FloatVector.fromArray(SPECIES, dy, dyAt + i)).intoArray(dx, dxAt + i);
        }
    }

    private static void geluTanhBackward(float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.geluTanhDerivative(FloatVector.fromArray(SPECIES, x, xAt + i))
                    .mul(FloatVector.fromArray(SPECIES, dy, dyAt + i)).intoArray(dx, dxAt + i);
        }
    }

    private static void siluBackward(float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.siluDerivative(FloatVector.fromArray(SPECIES, x, xAt + i))
                    .mul(FloatVector.fromArray(SPECIES, dy, dyAt + i)).intoArray(dx, dxAt + i);
        }
    }

    private static void tanhBackward(float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.tanhDerivative(FloatVector.fromArray(SPECIES, x, xAt + i))
                    .mul(FloatVector.fromArray(SPECIES, dy, dyAt + i)).intoArray(dx, dxAt + i);
        }
    }

    private static void softplusBackward(float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.sigmoid(FloatVector.fromArray(SPECIES, x, xAt + i))
                    .mul(FloatVector.fromArray(SPECIES, dy, dyAt + i)).intoArray(dx, dxAt + i);
        }
    }
}
