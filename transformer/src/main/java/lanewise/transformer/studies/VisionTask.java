package lanewise.transformer.studies;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.data.ImageFiles;
import lanewise.transformer.data.PatchData;
import lanewise.transformer.models.Encoder;
import lanewise.transformer.models.EncoderConfig;
import lanewise.transformer.models.Evaluation;
import lanewise.transformer.training.DivergenceException;
import lanewise.transformer.training.OptimizerConfig;
import lanewise.transformer.training.Schedule;
import lanewise.transformer.training.Trainer;
import lanewise.transformer.training.TrainingConfig;

/**
 * Images to be classified by a Vision Transformer, in float32.
 *
 * @param training  images
 * @param test      images
 * @param used      training images that are used, and test images at most
 * @param patch     pixels of a patch's side
 * @param batch     images per step
 * @param epochs    passes over the images used
 * @param optimizer update rule
 * @param rate      learning rate at the start
 * @param cosine    whether it falls to 0 along a cosine; else it stays
 */
record VisionTask(ImageFiles training, ImageFiles test, int used, int patch, int batch, int epochs, OptimizerConfig optimizer,
        double rate, boolean cosine) {
    /**
     * A run.
     *
     * @param losses   mean training loss of each epoch, dropout on; up to the last whole one if it diverged
     * @param training on the images used, after the last step, dropout off; null if it diverged
     * @param test     likewise on the test images
     */
    record Run(double[] losses, Evaluation training, Evaluation test) {
        boolean diverged() {
            return training == null;
        }

        /** Of a run that diverged, infinite. */
        double lastLoss() {
            return diverged() ? Double.POSITIVE_INFINITY : training.meanLoss();
        }

        double testAccuracy() {
            return diverged() ? 0 : test.accuracy();
        }
    }

    /** The data as a model with these patches reads it. */
    PatchData data(long seed) {
        return new PatchData(training, test.first(used), used, patch, batch, ElementType.FLOAT32, seed);
    }

    /** Trains a model. */
    Run run(Kernels kernels, EncoderConfig config, long seed) {
        PatchData data = data(seed);
        Encoder model = new Encoder(config, kernels, ElementType.FLOAT32, seed);
        int perEpoch = data.batchesPerEpoch();
        int steps = epochs * perEpoch;
        Schedule schedule = cosine ? new Schedule(Schedule.Shape.COSINE, rate, 0, 0, steps) : Schedule.constant(rate);
        TrainingConfig training = new TrainingConfig(steps, batch, 1, schedule, optimizer, 0, 0, 1, 0, seed);
        double[] losses = new double[epochs];
        int[] done = new int[1];
        try {
            Trainer<ExampleBatch> trainer = new Trainer<>(kernels, model, data, training, null, List.of(metrics -> {
                losses[(metrics.step() - 1) / perEpoch] += metrics.loss() / perEpoch;
                done[0] = metrics.step();
            }));
            Evaluation test = trainer.run().heldOut();
            Evaluation fitted = data.trainingImages().stream().map(model::evaluate).reduce(Evaluation.NONE, Evaluation::plus);
            return new Run(losses, fitted, test);
        } catch (DivergenceException diverged) {
            return new Run(Arrays.copyOf(losses, done[0] / perEpoch), null, null);
        } catch (IOException impossible) {
            // It writes nothing.
            throw new UncheckedIOException(impossible);
        }
    }
}
