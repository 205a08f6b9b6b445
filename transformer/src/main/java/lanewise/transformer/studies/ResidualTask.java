package lanewise.transformer.studies;

import java.util.Random;
import java.util.SplittableRandom;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.models.Encoder;
import lanewise.transformer.models.EncoderConfig;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.RandomMatrices_DDRM;

/**
 * Sizes of the one-layer Transformer with residual connections, and data for it. All are our own choice; none is known of the paper.
 *
 * @param sequences n
 * @param length    T, tokens per sequence; n T is at most d, so that the data can be fitted by the output matrix alone
 * @param width     d
 * @param hidden    h, of the feed-forward part
 * @param outputs   o
 * @param layers    L
 */
record ResidualTask(int sequences, int length, int width, int hidden, int outputs, int layers) {
    /** What is to be learnt. */
    enum Targets {
        /** Independent standard normal numbers. */
        RANDOM("random targets"),
        /** What a model of the same kind, with both residuals, gives. */
        TEACHER("targets of a teacher with residuals");

        final String words;

        Targets(String words) {
            this.words = words;
        }
    }

    /** Which residual connections there are. */
    record Residuals(boolean attention, boolean feedForward) {
        static final Residuals BOTH = new Residuals(true, true);
        static final Residuals NONE = new Residuals(false, false);

        String words() {
            return attention ? feedForward ? "both residuals" : "attention's only" : feedForward ? "feed-forward's only" : "no residual";
        }
    }

    /** The model that a seed gives. */
    Encoder model(Kernels kernels, Residuals residuals, long seed) {
        EncoderConfig config = EncoderConfig.residualTransformer(width, hidden, outputs).layers(layers)
                .attentionResidual(residuals.attention).feedForwardResidual(residuals.feedForward).build();
        return new Encoder(config, kernels, ElementType.FLOAT64, seed);
    }

    /** Inputs of independent normal numbers of variance 1 / width. */
    Tensor inputs(long seed) {
        SplittableRandom random = new SplittableRandom(seed).split();
        double[] x = new double[sequences * length * width];
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextGaussian() / Math.sqrt(width);
        }
        return Tensor.wrap(x, sequences * length, width);
    }

    /** Inputs whose singular values fall from that of {@link #inputs}' largest, about 2, geometrically by this condition number. */
    Tensor inputs(long seed, double condition) {
        int rows = sequences * length;
        Random random = new Random(seed);
        DMatrixRMaj left = RandomMatrices_DDRM.orthogonal(rows, rows, random);
        DMatrixRMaj right = RandomMatrices_DDRM.orthogonal(width, rows, random);
        for (int k = 0; k < rows; k++) {
            double singular = LARGEST * Math.pow(condition, -(double) k / (rows - 1));
            for (int i = 0; i < rows; i++) {
                left.set(i, k, left.get(i, k) * singular);
            }
        }
        DMatrixRMaj x = new DMatrixRMaj(rows, width);
        CommonOps_DDRM.multTransB(left, right, x);
        return Tensor.wrap(x.getData(), rows, width);
    }

    private static final double LARGEST = 2;

    /** Inputs with targets. */
    ExampleBatch data(Kernels kernels, Tensor inputs, Targets targets, long seed) {
        Tensor y = Tensor.zeros(ElementType.FLOAT64, sequences * length, outputs);
        ExampleBatch batch = ExampleBatch.regression(sequences, length, inputs, y);
        if (targets == Targets.TEACHER) {
            y.copyFrom(model(kernels, Residuals.BOTH, ~seed).forward(batch, false, 0));
        } else {
            SplittableRandom random = new SplittableRandom(~seed);
            double[] values = new double[y.elements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = random.nextGaussian();
            }
            y.copyFrom(values);
        }
        return batch;
    }

    /** The same, with usual inputs. */
    ExampleBatch data(Kernels kernels, Targets targets, long seed) {
        return data(kernels, inputs(seed), targets, seed);
    }

    @Override
    public String toString() {
        return "n = " + sequences + ", T = " + length + ", d = " + width + ", h = " + hidden + ", o = " + outputs
                + (layers == 1 ? "" : ", " + layers + " layers");
    }
}
