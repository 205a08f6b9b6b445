package lanewise.transformer.studies;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import lanewise.transformer.data.ImageFiles;
import lanewise.transformer.models.EncoderConfig;
import lanewise.transformer.studies.VisionTask.Run;
import lanewise.transformer.training.OptimizerConfig;

/**
 * The shallow encoder's scalings on MNIST: a Vision Transformer of one layer and one head, whose head grows wider. Width of the
 * tokens, step size, momentum, widths and the number of runs are remembered of the paper, and on a device those of images and epochs;
 * the rest is our own choice.
 */
final class ShallowVision {
    private static final int TOKEN_WIDTH = 64;
    private static final int PATCH = 7;
    private static final int BATCH = 64;
    private static final String CLAIM = "For large widths tau_0 = width^(-1/2) trains faster than 1 / width, and at width 16 both do alike (MNIST)";
    private static final String WHERE = "MNIST's four files, train-images-idx3-ubyte and so on, not compressed, are needed: --mnist DIR";

    private final ImageFiles training;
    private final ImageFiles test;

    private ShallowVision(ImageFiles training, ImageFiles test) {
        this.training = training;
        this.test = test;
    }

    /** Reads the files, if a folder was named. */
    static ShallowVision open(Optional<Path> folder) throws IOException {
        return folder.isEmpty() ? new ShallowVision(null, null)
                : new ShallowVision(ImageFiles.mnistTraining(folder.get()), ImageFiles.mnistTest(folder.get()));
    }

    void run(Lab lab, List<Finding> findings, List<Plot> plots) throws InterruptedException {
        if (training == null) {
            findings.add(Finding.untested(CLAIM, Label.REMEMBERED, "on targets of pure noise the order says nothing about it. " + WHERE));
            return;
        }
        OptimizerConfig plain = OptimizerConfig.gradientDescent();
        OptimizerConfig momentum = new OptimizerConfig(OptimizerConfig.Method.MOMENTUM, plain.beta1(), plain.beta2(), plain.epsilon(), 0.9, 0);
        // Whole batches: a model keeps activations for every size of batch, here up to a gigabyte.
        int images = lab.papersSizes() ? training.count() : Math.min(lab.sized(30, 50) * BATCH, training.count());
        VisionTask task = new VisionTask(training, test, images, PATCH, BATCH, lab.papersSizes() ? 50 : 4, momentum, 0.1, false);
        int[] widths = lab.full() ? new int[] {16, 1024, 16384} : new int[] {16, 1024};
        List<Long> seeds = lab.seeds().subList(0, Math.min(3, lab.seeds().size()));
        List<Plot.Line> lines = new ArrayList<>();
        List<List<Spread>> losses = new ArrayList<>();
        StringBuilder measured = new StringBuilder("training loss at the end");
        for (int width : widths) {
            List<Spread> ofWidth = new ArrayList<>();
            for (boolean root : new boolean[] {true, false}) {
                double scale = root ? 1 / Math.sqrt(width) : 1.0 / width;
                String name = "width " + width + ", tau_0 = " + (root ? "width^(-1/2)" : "1 / width");
                EncoderConfig config = EncoderConfig.ofVectors(task.data(1).patchWidth(), 10).inputProjection(TOKEN_WIDTH)
                        .learnedPositions(task.data(1).length()).heads(1).headWidth(width).attentionScale(scale).build();
                List<Run> runs = lab.all("MNIST, " + name, seeds, (kernels, seed) -> task.run(kernels, config, seed));
                lines.add(Plot.Line.overSteps(name, Curves.median(runs.stream().map(Run::losses).toList())));
                Spread loss = Spread.of(runs.stream().map(Run::lastLoss).toList());
                ofWidth.add(loss);
                measured.append(root && width == widths[0] ? " " : "; ").append(name).append(": ").append(loss).append(", test accuracy ")
                        .append(Spread.of(runs.stream().map(Run::testAccuracy).toList()));
            }
            losses.add(ofWidth);
        }
        plots.add(new Plot("mnist", "Training loss on MNIST, " + task.used() + " images, median of the seeds", "epoch", false, "nats", true, lines));
        boolean holds = losses.stream().skip(1).allMatch(pair -> pair.get(0).greatest() < pair.get(1).least())
                && losses.get(0).get(0).least() <= losses.get(0).get(1).greatest() && losses.get(0).get(1).least() <= losses.get(0).get(0).greatest();
        findings.add(Finding.of(CLAIM + ": at larger widths every seed of the first is below every seed of the second, at 16 their ranges overlap",
                Label.REMEMBERED, measured.toString(), holds, task.used() + " images, " + task.epochs() + " epochs, batches of " + BATCH
                        + ", patches of " + PATCH + " x " + PATCH + ", with residuals and layer norm (our own choice); step 0.1 and momentum 0.9 "
                        + "are remembered of the paper"));
    }
}
