package lanewise.transformer.data;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;

/**
 * Images as sequences of square patches, row by row, for classification (Dosovitskiy et al., arXiv 2010.11929). Pixels are
 * normalised by the mean and deviation of each channel over the training images. A batch takes the next images of an order that is drawn
 * anew for every epoch; an epoch's last images that fill no batch are left out.
 */
public final class PatchData implements DataSource<ExampleBatch> {
    private static final int EVALUATED = 500;

    private final ImageFiles training;
    private final ImageFiles test;
    private final int used;
    private final int patch;
    private final int batch;
    private final ElementType type;
    private final long seed;
    private final double[] mean;
    private final double[] deviation;
    private long orderEpoch = -1;
    private int[] order;

    /**
     * @param used  training images that are used: the first ones
     * @param patch pixels of a side of a patch; divides both sides of the images
     * @param batch images per batch
     * @throws IllegalArgumentException naming what does not fit
     */
    public PatchData(ImageFiles training, ImageFiles test, int used, int patch, int batch, ElementType type, long seed) {
        if (patch < 1 || training.width() % patch != 0 || training.height() % patch != 0) {
            throw new IllegalArgumentException("patch is " + patch + "; it must divide " + training.width() + " and " + training.height());
        }
        if (used < 1 || used > training.count()) {
            throw new IllegalArgumentException("used is " + used + "; expected 1 to " + training.count());
        }
        if (batch < 1 || batch > used) {
            throw new IllegalArgumentException("batch is " + batch + "; expected 1 to the images used, " + used);
        }
        this.training = training;
        this.test = test;
        this.used = used;
        this.patch = patch;
        this.batch = batch;
        this.type = type;
        this.seed = seed;
        mean = new double[training.channels()];
        deviation = new double[training.channels()];
        int size = training.width() * training.height();
        for (int c = 0; c < mean.length; c++) {
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < used; i++) {
                for (int p = c * size; p < (c + 1) * size; p++) {
                    int value = training.pixels()[i][p] & 0xff;
                    sum += value;
                    squares += value * value;
                }
            }
            double count = (double) used * size;
            mean[c] = sum / count;
            deviation[c] = Math.max(1, Math.sqrt(squares / count - mean[c] * mean[c]));
        }
    }

    /** Patches of an image. */
    public int length() {
        return training.width() / patch * (training.height() / patch);
    }

    /** Numbers of a patch. */
    public int patchWidth() {
        return patch * patch * training.channels();
    }

    /** Batches of an epoch. */
    public int batchesPerEpoch() {
        return used / batch;
    }

    @Override
    public ExampleBatch trainingBatch(long serial) {
        long epoch = serial / batchesPerEpoch();
        if (epoch != orderEpoch) {
            order = permutation(RandomStream.at(seed, epoch));
            orderEpoch = epoch;
        }
        int from = (int) (serial % batchesPerEpoch()) * batch;
        int[] chosen = new int[batch];
        System.arraycopy(order, from, chosen, 0, batch);
        return images(training, chosen);
    }

    private int[] permutation(SplittableRandom random) {
        int[] permutation = new int[used];
        for (int i = 0; i < used; i++) {
            int j = random.nextInt(i + 1);
            permutation[i] = permutation[j];
            permutation[j] = i;
        }
        return permutation;
    }

    @Override
    public List<ExampleBatch> heldOut() {
        return all(test, test.count());
    }

    /** The training images that are used, in their order. */
    public List<ExampleBatch> trainingImages() {
        return all(training, used);
    }

    private List<ExampleBatch> all(ImageFiles images, int count) {
        List<ExampleBatch> batches = new ArrayList<>();
        for (int from = 0; from < count; from += EVALUATED) {
            int[] chosen = new int[Math.min(EVALUATED, count - from)];
            for (int i = 0; i < chosen.length; i++) {
                chosen[i] = from + i;
            }
            batches.add(images(images, chosen));
        }
        return batches;
    }

    @Override
    public long tokens(ExampleBatch images) {
        return images.batch();
    }

    private ExampleBatch images(ImageFiles images, int[] chosen) {
        int length = length();
        int across = images.width() / patch;
        int size = images.width() * images.height();
        Tensor inputs = Tensor.zeros(type, chosen.length * length, patchWidth());
        int[] classes = new int[chosen.length];
        double[] row = new double[patchWidth()];
        for (int i = 0; i < chosen.length; i++) {
            byte[] pixels = images.pixels()[chosen[i]];
            classes[i] = images.labels()[chosen[i]];
            for (int t = 0; t < length; t++) {
                int at = 0;
                for (int c = 0; c < images.channels(); c++) {
                    int first = c * size + t / across * patch * images.width() + t % across * patch;
                    for (int y = 0; y < patch; y++) {
                        for (int x = 0; x < patch; x++) {
                            row[at++] = ((pixels[first + y * images.width() + x] & 0xff) - mean[c]) / deviation[c];
                        }
                    }
                }
                inputs.rowRange(i * length + t, i * length + t + 1).copyFrom(row);
            }
        }
        return ExampleBatch.classification(chosen.length, length, inputs, classes);
    }
}
