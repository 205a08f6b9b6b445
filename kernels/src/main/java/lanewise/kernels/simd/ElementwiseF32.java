package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import lanewise.kernels.Dropout;
import lanewise.kernels.Elementwise;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** One loop for each operation, over parts of a long row or over rows. */
final class ElementwiseF32 implements Elementwise {
    private static final VectorSpecies<Float> SPECIES = Float32Math.SPECIES;
    private static final int LANES = SPECIES.length();

    private final Workers workers;

    ElementwiseF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void add(Tensor x, Tensor y, Tensor z) {
        boolean contiguous = x.isContiguous() && y.isContiguous() && z.isContiguous();
        Split.elements(workers, x, contiguous, 1, (row, from, to) ->
                add(x.floats(), at(x, row, from), y.floats(), at(y, row, from), z.floats(), at(z, row, from),
                        to - from));
    }

    @Override
    public void multiply(Tensor x, Tensor y, Tensor z) {
        boolean contiguous = x.isContiguous() && y.isContiguous() && z.isContiguous();
        Split.elements(workers, x, contiguous, 1, (row, from, to) ->
                multiply(x.floats(), at(x, row, from), y.floats(), at(y, row, from), z.floats(), at(z, row, from),
                        to - from));
    }

    @Override
    public void scaleAdd(double alpha, Tensor x, double beta, Tensor y) {
        Split.elements(workers, x, x.isContiguous() && y.isContiguous(), 1, (row, from, to) -> {
            if (beta == 0) {
                scale((float) alpha, x.floats(), at(x, row, from), y.floats(), at(y, row, from), to - from);
            } else {
                scaleAdd((float) alpha, x.floats(), at(x, row, from), (float) beta, y.floats(), at(y, row, from),
                        to - from);
            }
        });
    }

    @Override
    public void addRepeated(Tensor x, Tensor block, Tensor z) {
        Split.rows(workers, x.rows(), x.columns(), (from, to) -> {
            for (int row = from; row < to; row++) {
                add(x.floats(), at(x, row, 0), block.floats(), at(block, row % block.rows(), 0), z.floats(),
                        at(z, row, 0), x.columns());
            }
        });
    }

    @Override
    public void dropout(double rate, long seed, Tensor x, Tensor y) {
        long key = Dropout.key(seed);
        long threshold = Dropout.threshold(rate);
        float scale = (float) (1 / (1 - rate));
        Split.elements(workers, x, x.isContiguous() && y.isContiguous(), 4, (row, from, to) ->
                dropout(key, threshold, scale, row * x.columns() + from, x.floats(), at(x, row, from), y.floats(),
                        at(y, row, from), to - from));
    }

    @Override
    public void exp(Tensor x, Tensor y) {
        map(x, y, ElementwiseF32::exp);
    }

    @Override
    public void log(Tensor x, Tensor y) {
        map(x, y, ElementwiseF32::log);
    }

    @Override
    public void tanh(Tensor x, Tensor y) {
        map(x, y, ElementwiseF32::tanh);
    }

    @Override
    public void erf(Tensor x, Tensor y) {
        map(x, y, ElementwiseF32::erf);
    }

    /** A function over whole vectors of a run. */
    @FunctionalInterface
    private interface Loop {
        void run(float[] x, int xAt, float[] y, int yAt, int n);
    }

    /** The end of a run goes through the same loop as the rest, by way of a copy. */
    private void map(Tensor x, Tensor y, Loop loop) {
        Split.elements(workers, x, x.isContiguous() && y.isContiguous(), 4, (row, from, to) -> {
            int whole = SPECIES.loopBound(to - from);
            int rest = to - from - whole;
            loop.run(x.floats(), at(x, row, from), y.floats(), at(y, row, from), whole);
            if (rest > 0) {
                float[] edge = workers.scratch().floats(0, LANES);
                System.arraycopy(x.floats(), at(x, row, from) + whole, edge, 0, rest);
                loop.run(edge, 0, edge, 0, LANES);
                System.arraycopy(edge, 0, y.floats(), at(y, row, from) + whole, rest);
            }
        });
    }

    private static int at(Tensor tensor, int row, int column) {
        return tensor.offset() + row * tensor.rowStride() + column;
    }

    /** z = x + y, any of which may be the same. */
    static void add(float[] x, int xAt, float[] y, int yAt, float[] z, int zAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).add(FloatVector.fromArray(SPECIES, y, yAt + i))
                    .intoArray(z, zAt + i);
        }
        for (; i < n; i++) {
            z[zAt + i] = x[xAt + i] + y[yAt + i];
        }
    }

    private static void multiply(float[] x, int xAt, float[] y, int yAt, float[] z, int zAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).mul(FloatVector.fromArray(SPECIES, y, yAt + i))
                    .intoArray(z, zAt + i);
        }
        for (; i < n; i++) {
            z[zAt + i] = x[xAt + i] * y[yAt + i];
        }
    }

    /** y = alpha x, which may be the same. */
    static void scale(float alpha, float[] x, int xAt, float[] y, int yAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).mul(alpha).intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = x[xAt + i] * alpha;
        }
    }

    private static void scaleAdd(float alpha, float[] x, int xAt, float beta, float[] y, int yAt, int n) {
        FloatVector alphas = FloatVector.broadcast(SPECIES, alpha);
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i)
                    .fma(alphas, FloatVector.fromArray(SPECIES, y, yAt + i).mul(beta)).intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            y[yAt + i] = Math.fma(x[xAt + i], alpha, y[yAt + i] * beta);
        }
    }

    private static void dropout(long key, long threshold, float scale, int index, float[] x, int xAt, float[] y,
            int yAt, int n) {
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            Float32Dropout.apply(key, threshold, index + i, FloatVector.fromArray(SPECIES, x, xAt + i).mul(scale))
                    .intoArray(y, yAt + i);
        }
        for (; i < n; i++) {
            boolean kept = Integer.toUnsignedLong(Dropout.bits(key, index + i)) >= threshold;
            y[yAt + i] = kept ? x[xAt + i] * scale : 0;
        }
    }

    private static void exp(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.exp(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
    }

    private static void log(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.log(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
    }

    private static void tanh(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.tanh(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
    }

    private static void erf(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            MathF32.erf(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
    }
}
