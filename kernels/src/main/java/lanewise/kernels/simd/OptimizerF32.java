package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import lanewise.kernels.AdamSettings;
import lanewise.kernels.Optimizer;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/** Each update in one pass over its tensors. */
final class OptimizerF32 implements Optimizer {
    private static final VectorSpecies<Float> SPECIES = Float32Math.SPECIES;
    private static final int LANES = SPECIES.length();

    private final Workers workers;

    OptimizerF32(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void gradientDescent(double learningRate, double weightDecay, double gradientScale, Tensor parameter,
            Tensor gradient) {
        boolean contiguous = parameter.isContiguous() && gradient.isContiguous();
        Split.elements(workers, parameter, contiguous, 2, (row, from, to) ->
                gradientDescent((float) -learningRate, (float) weightDecay, (float) gradientScale, parameter.floats(),
                        at(parameter, row, from), gradient.floats(), at(gradient, row, from), to - from));
    }

    /** p += rate (scale g + decay p), with the rate negative. */
    private static void gradientDescent(float rate, float decay, float scale, float[] p, int pAt, float[] g, int gAt,
            int n) {
        FloatVector rates = FloatVector.broadcast(SPECIES, rate);
        FloatVector scales = FloatVector.broadcast(SPECIES, scale);
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, p, pAt + i);
            FloatVector.fromArray(SPECIES, g, gAt + i).fma(scales, value.mul(decay)).fma(rates, value)
                    .intoArray(p, pAt + i);
        }
        for (; i < n; i++) {
            p[pAt + i] = Math.fma(Math.fma(g[gAt + i], scale, p[pAt + i] * decay), rate, p[pAt + i]);
        }
    }

    @Override
    public void momentum(double learningRate, double momentum, double weightDecay, double gradientScale,
            Tensor parameter, Tensor gradient, Tensor velocity) {
        boolean contiguous = parameter.isContiguous() && gradient.isContiguous() && velocity.isContiguous();
        Split.elements(workers, parameter, contiguous, 3, (row, from, to) ->
                momentum((float) -learningRate, (float) momentum, (float) weightDecay, (float) gradientScale,
                        parameter.floats(), at(parameter, row, from), gradient.floats(), at(gradient, row, from),
                        velocity.floats(), at(velocity, row, from), to - from));
    }

    /** v = momentum v + scale g + decay p; p += rate v, with the rate negative. */
    private static void momentum(float rate, float momentum, float decay, float scale, float[] p, int pAt, float[] g,
            int gAt, float[] v, int vAt, int n) {
        FloatVector rates = FloatVector.broadcast(SPECIES, rate);
        FloatVector scales = FloatVector.broadcast(SPECIES, scale);
        FloatVector decays = FloatVector.broadcast(SPECIES, decay);
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, p, pAt + i);
            FloatVector velocity = FloatVector.fromArray(SPECIES, g, gAt + i)
                    .fma(scales, FloatVector.fromArray(SPECIES, v, vAt + i).mul(momentum));
            velocity = value.fma(decays, velocity);
            velocity.intoArray(v, vAt + i);
            velocity.fma(rates, value).intoArray(p, pAt + i);
        }
        for (; i < n; i++) {
            v[vAt + i] = Math.fma(p[pAt + i], decay, Math.fma(g[gAt + i], scale, v[vAt + i] * momentum));
            p[pAt + i] = Math.fma(v[vAt + i], rate, p[pAt + i]);
        }
    }

    @Override
    public void adam(AdamSettings settings, double learningRate, int step, double gradientScale, Tensor parameter,
            Tensor gradient, Tensor mean, Tensor meanSquares) {
        boolean contiguous = parameter.isContiguous() && gradient.isContiguous() && mean.isContiguous()
                && meanSquares.isContiguous();
        float meanCorrection = (float) (-learningRate / (1 - Math.pow(settings.beta1(), step)));
        float squaresCorrection = (float) (1 / (1 - Math.pow(settings.beta2(), step)));
        // Decay shrinks the parameter itself, or enters with the gradient.
        float shrink = settings.decoupled() ? (float) (-learningRate * settings.weightDecay()) : 0;
        float decay = settings.decoupled() ? 0 : (float) settings.weightDecay();
        Split.elements(workers, parameter, contiguous, 8, (row, from, to) ->
                adam((float) (1 - settings.beta1()), (float) (1 - settings.beta2()), (float) settings.epsilon(),
                        meanCorrection, squaresCorrection, shrink, decay, (float) gradientScale, parameter.floats(),
                        at(parameter, row, from), gradient.floats(), at(gradient, row, from), mean.floats(),
                        at(mean, row, from), meanSquares.floats(), at(meanSquares, row, from), to - from));
    }

    /**
     * m += rest1 (g - m); v += rest2 (g^2 - v); p += shrink p + meanCorrection m / (sqrt(squaresCorrection v) + epsilon),
     * with g the scaled gradient plus decay p, and the negative learning rate in shrink and meanCorrection. So written,
     * the means do not suffer from the rounding of beta, which would put a wrong weight on the past at every step.
     */
    private static void adam(float rest1, float rest2, float epsilon, float meanCorrection, float squaresCorrection,
            float shrink, float decay, float scale, float[] p, int pAt, float[] g, int gAt, float[] m, int mAt,
            float[] v, int vAt, int n) {
        FloatVector scales = FloatVector.broadcast(SPECIES, scale);
        FloatVector rests1 = FloatVector.broadcast(SPECIES, rest1);
        FloatVector rests2 = FloatVector.broadcast(SPECIES, rest2);
        FloatVector shrinks = FloatVector.broadcast(SPECIES, shrink);
        int i = 0;
        for (; i < SPECIES.loopBound(n); i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, p, pAt + i);
            FloatVector gradient = FloatVector.fromArray(SPECIES, g, gAt + i).fma(scales, value.mul(decay));
            FloatVector mean = FloatVector.fromArray(SPECIES, m, mAt + i);
            mean = gradient.sub(mean).fma(rests1, mean);
            FloatVector squares = FloatVector.fromArray(SPECIES, v, vAt + i);
            squares = gradient.mul(gradient).sub(squares).fma(rests2, squares);
            mean.intoArray(m, mAt + i);
            squares.intoArray(v, vAt + i);
            FloatVector update = mean.mul(meanCorrection).div(squares.mul(squaresCorrection).sqrt().add(epsilon));
            value.add(value.fma(shrinks, update)).intoArray(p, pAt + i);
        }
        for (; i < n; i++) {
            float gradient = Math.fma(g[gAt + i], scale, p[pAt + i] * decay);
            float mean = Math.fma(gradient - m[mAt + i], rest1, m[mAt + i]);
            float squares = Math.fma(gradient * gradient - v[vAt + i], rest2, v[vAt + i]);
            m[mAt + i] = mean;
            v[vAt + i] = squares;
            float update = mean * meanCorrection / ((float) Math.sqrt(squares * squaresCorrection) + epsilon);
            p[pAt + i] += Math.fma(p[pAt + i], shrink, update);
        }
    }

    private static int at(Tensor tensor, int row, int column) {
        return tensor.offset() + row * tensor.rowStride() + column;
    }
}
