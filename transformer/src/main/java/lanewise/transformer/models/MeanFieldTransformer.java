package lanewise.transformer.models;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import lanewise.kernels.Activation;
import lanewise.kernels.AttentionShape;
import lanewise.kernels.ElementType;
import lanewise.kernels.Epilogue;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.layers.LayerContext;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.layers.RowBuffer;

/**
 * The Transformer of Gao et al. (arXiv 2410.23610), whose heads are averaged and whose sublayers are steps of an ordinary
 * differential equation: {@code Z += 1/(2 L M) sum over j of f(Z, theta_j)}, then {@code Z += 1/(2 L M) sum of h(Z, w_j)}, with
 * {@code f(Z, V, W) = V Z softmax(Z^T W Z)}, the softmax down the columns, and {@code h(Z, W_1, W_2) = W_2 sigma(W_1 Z)} of one
 * neuron. Tokens are rows here, the transposes of the paper's columns, so its V and W are the transposes of the blocks of
 * {@code value} and {@code score}. The output is one element of the last token. No normalisation, no biases.
 *
 * <p>In the limit of many heads and layers its training is a gradient flow of distributions, for a learning rate of
 * {@link #flowStep} times the step of the flow.
 */
public final class MeanFieldTransformer implements Model<ExampleBatch> {
    /**
     * Sizes.
     *
     * @param width   D, elements of a token
     * @param layers  L
     * @param heads   M, heads of every attention and neurons of every feed-forward part
     * @param radius  of the ball in which a head and a neuron together are drawn, uniformly
     * @param alike   whether all layers start with the same heads and neurons; else each draws its own
     * @param readOut the element of the last token that is the output
     */
    public record Config(int width, int layers, int heads, double radius, boolean alike, int readOut) {
        /** Checks the sizes. */
        public Config {
            ConfigChecks.atLeast("width", width, 1);
            ConfigChecks.atLeast("layers", layers, 1);
            ConfigChecks.atLeast("heads", heads, 1);
            ConfigChecks.positive("radius", radius);
            if (readOut < 0 || readOut >= width) {
                throw new IllegalArgumentException("readOut is " + readOut + "; expected 0 to width - 1, " + (width - 1));
            }
        }
    }

    /** A layer's parameters, and what its backward pass needs. */
    private final class Layer {
        final Parameter score;
        final Parameter value;
        final Parameter in;
        final Parameter out;
        final RowBuffer queries;
        final RowBuffer attended;
        final RowBuffer middle;
        final RowBuffer hidden;
        final RowBuffer active;
        final RowBuffer end;
        final RowBuffer logSumExpMemory;
        Tensor z;
        Tensor logSumExp;

        Layer(int index, SplittableRandom random) {
            int width = config.width;
            int heads = config.heads;
            String name = "layer." + index;
            score = context.gaussian(name + ".attention.score", 0, width, heads * width);
            value = context.gaussian(name + ".attention.value", 0, heads * width, width);
            in = context.gaussian(name + ".feedForward.in", 0, width, heads);
            out = context.gaussian(name + ".feedForward.out", 0, heads, width);
            for (int j = 0; j < heads; j++) {
                draw(j, inBall(random, 2 * width * width + 2 * width));
            }
            List.of(score, value, in, out).forEach(Parameter::valueChanged);
            queries = context.buffer(heads * width);
            attended = context.buffer(heads * width);
            middle = context.buffer(width);
            hidden = context.buffer(heads);
            active = context.buffer(heads);
            end = context.buffer(width);
            logSumExpMemory = context.numberPerRow();
        }

        private void draw(int j, double[] numbers) {
            int width = config.width;
            int at = 0;
            for (int r = 0; r < width; r++) {
                for (int c = 0; c < width; c++) {
                    score.value().set(r, j * width + c, numbers[at++]);
                    value.value().set(j * width + r, c, numbers[at++]);
                }
                in.value().set(r, j, numbers[at++]);
                out.value().set(j, r, numbers[at++]);
            }
        }

        Tensor forward(Tensor x, int batch, int length) {
            z = x;
            Tensor q = queries.rows(x.rows());
            multiply(false, false, 1, x, score.working(), 0, q);
            AttentionShape shape = shape(batch, length);
            int sequences = batch * config.heads;
            logSumExp = logSumExpMemory.rows(sequences * length).reshape(sequences, length);
            kernels.attention().forward(shape, q, x, x, attended.rows(x.rows()), logSumExp);
            Tensor half = middle.rows(x.rows());
            half.copyFrom(x);
            multiply(false, false, factor(), attended.current(), value.working(), 1, half);
            Tensor before = hidden.rows(x.rows());
            multiply(false, false, 1, half, in.working(), 0, before);
            kernels.activations().forward(ACTIVATION, before, active.rows(x.rows()));
            Tensor y = end.rows(x.rows());
            y.copyFrom(half);
            multiply(false, false, factor(), active.current(), out.working(), 1, y);
            return y;
        }

        /** Turns the gradient of the layer's result into that of its input, in place. */
        void backward(Tensor dy, int batch, int length) {
            Tensor dHidden = context.shared("gradient of neurons", config.heads).rows(dy.rows());
            multiply(false, true, factor(), dy, out.working(), 0, dHidden);
            out.addToGradient(kernels.matmul(), factor(), active.current(), dy);
            kernels.activations().backward(ACTIVATION, hidden.current(), dHidden, dHidden);
            in.addToGradient(kernels.matmul(), 1, middle.current(), dHidden);
            multiply(false, true, 1, dHidden, in.working(), 1, dy);

            Tensor dAttended = context.shared("gradient of attended tokens", config.heads * config.width).rows(dy.rows());
            multiply(false, true, factor(), dy, value.working(), 0, dAttended);
            value.addToGradient(kernels.matmul(), factor(), attended.current(), dy);
            Tensor dQueries = context.shared("gradient of queries", config.heads * config.width).rows(dy.rows());
            Tensor dKeys = context.shared("gradient of keys", config.width).rows(dy.rows());
            Tensor dValues = context.shared("gradient of values", config.width).rows(dy.rows());
            kernels.attention().backward(shape(batch, length), queries.current(), z, z, attended.current(), logSumExp, dAttended,
                    dQueries, dKeys, dValues);
            score.addToGradient(kernels.matmul(), 1, z, dQueries);
            multiply(false, true, 1, dQueries, score.working(), 1, dy);
            kernels.elementwise().add(dy, dKeys, dy);
            kernels.elementwise().add(dy, dValues, dy);
        }
    }

    private static final Activation ACTIVATION = Activation.HUBER_RELU;

    private final Config config;
    private final Kernels kernels;
    private final LayerContext context;
    private final List<Layer> layers = new ArrayList<>();
    private final RowBuffer dStream;
    private final RowBuffer losses;
    private final RowBuffer result;
    private final RowBuffer dResult;

    /**
     * A model with fresh weights, in float64 or float32.
     *
     * @param kernels what it computes with; stays the caller's to close
     */
    public MeanFieldTransformer(Config config, Kernels kernels, ElementType type, long seed) {
        this.config = config;
        this.kernels = kernels;
        context = new LayerContext(kernels, type, seed);
        SplittableRandom random = new SplittableRandom(seed);
        for (int layer = 0; layer < config.layers; layer++) {
            layers.add(new Layer(layer, config.alike ? new SplittableRandom(~seed) : random.split()));
        }
        dStream = context.buffer(config.width);
        losses = context.numberPerRow();
        result = context.buffer(1);
        dResult = context.buffer(1);
    }

    /** A point of the ball of the configuration's radius: a direction of normal numbers, and a uniform share of the volume. */
    private double[] inBall(SplittableRandom random, int dimension) {
        double[] point = new double[dimension];
        double squares = 0;
        for (int i = 0; i < dimension; i++) {
            point[i] = random.nextGaussian();
            squares += point[i] * point[i];
        }
        double scale = config.radius * Math.pow(random.nextDouble(), 1.0 / dimension) / Math.sqrt(squares);
        for (int i = 0; i < dimension; i++) {
            point[i] *= scale;
        }
        return point;
    }

    public Config config() {
        return config;
    }

    /** M L, by which the learning rate of gradient descent is multiplied so that particles move as in the limit. */
    public double flowStep() {
        return (double) config.heads * config.layers;
    }

    /** 1 / (2 L M): what a head or neuron is multiplied with. */
    private double factor() {
        return 0.5 / flowStep();
    }

    @Override
    public List<Parameter> parameters() {
        return context.parameters();
    }

    /** Squared norms of the particles: of each head and neuron j of each layer together. */
    public double[] squaredNorms() {
        int width = config.width;
        double[] norms = new double[config.heads * config.layers];
        for (int layer = 0; layer < config.layers; layer++) {
            Layer at = layers.get(layer);
            for (int j = 0; j < config.heads; j++) {
                norms[layer * config.heads + j] = kernels.reduction().sumOfSquares(at.score.value().columnRange(j * width, (j + 1) * width))
                        + kernels.reduction().sumOfSquares(at.value.value().rowRange(j * width, (j + 1) * width))
                        + kernels.reduction().sumOfSquares(at.in.value().columnRange(j, j + 1))
                        + kernels.reduction().sumOfSquares(at.out.value().rowRange(j, j + 1));
            }
        }
        return norms;
    }

    /** The outputs, [batch, 1]; inputs are [batch length, width]. */
    public Tensor forward(ExampleBatch batch) {
        Tensor x = batch.inputs();
        if (x == null || x.columns() != config.width || x.type() != context.type()) {
            throw new IllegalArgumentException("inputs is " + x + "; expected " + context.type() + " with " + config.width + " columns");
        }
        for (Layer layer : layers) {
            x = layer.forward(x, batch.batch(), batch.length());
        }
        Tensor y = result.rows(batch.batch());
        y.copyFrom(lastTokens(x, batch).columnRange(config.readOut, config.readOut + 1));
        return y;
    }

    @Override
    public void differentiate(ExampleBatch batch, double gradientScale, long dropoutSeed) {
        Tensor y = forward(batch);
        Tensor dy = dResult.rows(batch.batch());
        losses(batch, y, gradientScale, dy);
        Tensor dx = dStream.rows(batch.batch() * batch.length());
        dx.fill(0);
        lastTokens(dx, batch).columnRange(config.readOut, config.readOut + 1).copyFrom(dy);
        for (int layer = layers.size() - 1; layer >= 0; layer--) {
            layers.get(layer).backward(dx, batch.batch(), batch.length());
        }
    }

    @Override
    public Evaluation evaluate(ExampleBatch batch) {
        losses(batch, forward(batch), 0, null);
        return new Evaluation(batch.batch() * loss(), batch.batch(), 0);
    }

    private void losses(ExampleBatch batch, Tensor y, double gradientScale, Tensor dy) {
        if (batch.targets() == null || batch.targets().rows() != batch.batch() || batch.targets().columns() != 1) {
            throw new IllegalArgumentException("targets is " + batch.targets() + "; expected one number for each sequence");
        }
        Tensor perRow = losses.rows(batch.batch());
        kernels.loss().squaredError(y, batch.targets(), gradientScale * (0.5 / batch.batch()), perRow, dy);
    }

    /** {@inheritDoc} It is 1/2 the mean of (output - target)^2. */
    @Override
    public double loss() {
        return 0.5 / losses.current().columns() * kernels.reduction().sum(losses.current());
    }

    /** The rows of the last tokens, as a view. */
    private static Tensor lastTokens(Tensor x, ExampleBatch batch) {
        return new Tensor(x.storage(), x.offset() + (batch.length() - 1) * x.rowStride(), batch.length() * x.rowStride(), batch.batch(),
                x.columns());
    }

    private AttentionShape shape(int batch, int length) {
        return new AttentionShape(batch, config.heads, 1, length, length, config.width, 1, false, null);
    }

    private void multiply(boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c) {
        kernels.matmul().multiply(transposeA, transposeB, alpha, a, b, beta, c, Epilogue.NONE);
    }
}
