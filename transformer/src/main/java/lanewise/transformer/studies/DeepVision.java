package lanewise.transformer.studies;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import lanewise.transformer.data.ImageFiles;
import lanewise.transformer.models.EncoderConfig;
import lanewise.transformer.studies.VisionTask.Run;
import lanewise.transformer.training.OptimizerConfig;

/**
 * Heads and layers of a Vision Transformer on CIFAR-10. Four patches, GELU, dropout 0.1, Adam, cosine and no decay are the paper's. Widths,
 * batch, rate and the number of images and epochs are so on a device; else they are reduced to what two cores can train in minutes,
 * which is our own choice, as are the lists of heads and layers, and the width of the tokens.
 */
final class DeepVision {
    private static final int PATCH = 16;
    private static final String REDUCED = "reduced: tokens of 64 numbers, heads of 16, feed-forward parts of 128";
    private static final String CLAIM = "On CIFAR-10 the training loss falls towards zero as heads are added at depth 6, and as layers are added at 8 heads";

    private final ImageFiles training;
    private final ImageFiles test;

    private DeepVision(ImageFiles training, ImageFiles test) {
        this.training = training;
        this.test = test;
    }

    /** Reads the files, if a folder was named. */
    static DeepVision open(Optional<Path> folder) throws IOException {
        return folder.isEmpty() ? new DeepVision(null, null)
                : new DeepVision(ImageFiles.cifar10Training(folder.get()), ImageFiles.cifar10Test(folder.get()));
    }

    void run(Lab lab, List<Finding> findings, List<Plot> plots) throws InterruptedException {
        if (training == null) {
            findings.add(Finding.untested(CLAIM, Label.READ, "CIFAR-10's binary files, data_batch_1.bin to data_batch_5.bin and test_batch.bin, "
                    + "are needed: --cifar10 DIR"));
            return;
        }
        OptimizerConfig adam = new OptimizerConfig(OptimizerConfig.Method.ADAM, 0.9, 0.999, 1e-8, 0, 0);
        boolean whole = lab.papersSizes();
        int batch = whole ? 512 : lab.sized(64, 128);
        double rate = whole ? 1e-4 : lab.full() ? 1e-3 : 2e-3;
        VisionTask task = new VisionTask(training, test, whole ? training.count() : Math.min(lab.sized(256, 2000), training.count()), PATCH, batch,
                whole ? 200 : lab.sized(20, 45), adam, rate, true);
        String sizes = whole ? "the paper's widths of heads and feed-forward parts, batch and rate; tokens of 512 numbers"
                : REDUCED + ", batches of " + batch + " and a rate of " + Spread.plain(rate) + " (the paper's are 512 and 1e-4)";
        int[] heads = lab.full() ? new int[] {4, 8, 12, 20, 40} : new int[] {4, 12, 40};
        int[] layers = lab.full() ? new int[] {2, 4, 6, 12, 20} : new int[] {2, 6, 12};
        int quickLayers = lab.sized(3, 6);
        sweep(lab, findings, plots, task, sizes, "heads", heads, Arrays.stream(heads).mapToObj(h -> config(task, whole, h, quickLayers)).toList(),
                "at depth " + quickLayers);
        sweep(lab, findings, plots, task, sizes, "layers", layers, Arrays.stream(layers).mapToObj(l -> config(task, whole, 8, l)).toList(),
                "at 8 heads");
    }

    private static EncoderConfig config(VisionTask task, boolean whole, int heads, int layers) {
        return EncoderConfig.ofVectors(task.data(1).patchWidth(), 10).inputProjection(whole ? 512 : 64).learnedPositions(task.data(1).length())
                .layers(layers).heads(heads).headWidth(whole ? 128 : 16).feedForwardWidth(128).dropout(0.1).build();
    }

    private static void sweep(Lab lab, List<Finding> findings, List<Plot> plots, VisionTask task, String settings, String what,
            int[] sizes, List<EncoderConfig> configs, String where) throws InterruptedException {
        List<Long> seeds = lab.seeds().subList(0, Math.min(3, lab.seeds().size()));
        List<Plot.Line> lines = new ArrayList<>();
        List<Spread> losses = new ArrayList<>();
        for (int i = 0; i < sizes.length; i++) {
            EncoderConfig config = configs.get(i);
            List<Run> runs = lab.all("CIFAR-10, " + sizes[i] + " " + what, seeds, (kernels, seed) -> task.run(kernels, config, seed));
            lines.add(Plot.Line.overSteps(sizes[i] + " " + what, Curves.median(runs.stream().map(Run::losses).toList())));
            losses.add(Spread.of(runs.stream().map(Run::lastLoss).toList()));
        }
        plots.add(new Plot("cifar10-" + what, "Training loss on CIFAR-10 by " + what + ", " + where + ", " + task.used()
                + " images, median of the seeds", "epoch", false, "nats", true, lines));
        boolean falls = IntStream.range(1, sizes.length).allMatch(i -> losses.get(i).median() < losses.get(i - 1).median());
        findings.add(Finding.of("On CIFAR-10 the training loss falls as " + what + " are added " + where + ": its median falls from each of "
                + Arrays.toString(sizes) + " to the next", Label.READ, "loss at the end, without dropout: " + String.join("; ", losses.stream()
                        .map(Spread::toString).toList()), falls, settings + "; "
                        + task.used() + " images, " + task.epochs() + " epochs, " + seeds.size()
                        + " seeds; that it falls from each size to the next is our own rule"));
    }
}
