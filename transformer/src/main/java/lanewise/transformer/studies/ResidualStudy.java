package lanewise.transformer.studies;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lanewise.kernels.Kernels;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.instruments.LineFit;
import lanewise.transformer.instruments.Spectrum;
import lanewise.transformer.models.Encoder;
import lanewise.transformer.reports.Series;
import lanewise.transformer.studies.GradientDescent.Path;
import lanewise.transformer.studies.ResidualTask.Residuals;
import lanewise.transformer.studies.ResidualTask.Targets;

/** Residual connections condition the attention's output, and with it the speed of gradient descent. */
public final class ResidualStudy implements Study {
    private static final ResidualTask ONE_LAYER = new ResidualTask(4, 8, 64, 128, 8, 1);
    private static final List<Residuals> SETTINGS = List.of(Residuals.NONE, new Residuals(false, true),
            new Residuals(true, false), Residuals.BOTH);
    private static final List<Double> STEPS = List.of(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1);
    /** For deep models, whose residual streams grow from layer to layer. */
    private static final List<Double> SMALL_STEPS = List.of(2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 0.001, 0.002, 0.005, 0.01);
    /** Step for comparing rates, small enough for all sizes and seeds here. */
    private static final double COMMON_STEP = 0.005;
    private static final double[] CONDITIONS = {2, 5, 10, 20};
    private static final int[] DEPTHS = {1, 2, 4, 6};
    /** Of the first loss: below it, rounding in double takes over. */
    private static final double FLOOR = 1e-24;

    private final List<Finding> findings = new ArrayList<>();
    private final List<Plot> plots = new ArrayList<>();

    @Override
    public String name() {
        return "residual";
    }

    @Override
    public String paper() {
        return "Qin, Zhou, Jiang and Zhu: Transformers with residual connections (arXiv 2506.05249)";
    }

    @Override
    public StudyResult run(Lab lab) throws InterruptedException {
        findings.clear();
        plots.clear();
        int steps = lab.sized(1000, 4000);
        for (Targets targets : Targets.values()) {
            ablation(lab, targets, steps);
        }
        spectra(lab, lab.sized(1000, 4000));
        rates(lab, lab.sized(2000, 20000));
        conditioning(lab, lab.sized(1000, 20000));
        depth(lab, lab.sized(250, 4000));
        outputOnly(lab, lab.sized(2000, 20000));
        straightness(lab, lab.sized(4000, 20000));
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("sizes", ONE_LAYER + " (our own choice; the paper's are not known)");
        settings.put("data", "inputs normal with variance 1/d; targets standard normal, or of a teacher with both residuals "
                + "(our own choice)");
        settings.put("weights", "normal with variance 1 / inputs (our own choice)");
        settings.put("steps", "the best of " + words(STEPS) + " by the median last loss, for each setting; of " + words(SMALL_STEPS)
                + " for depth; " + COMMON_STEP + " where rates are compared (our own choice)");
        settings.put("seeds", lab.seeds().toString());
        return new StudyResult(List.of("Z = softmax(X W_Q W_K^T X^T / sqrt(d)) X W_V + r_a X", "G = tanh(Z W_1) W_2 + r_f Z",
                "F = G W_U", "L = 1/2 sum |F - Y|^2, by gradient descent on all six matrices with one step size",
                "reconstructed from the paper's abstract and the outline of its proof; the paper's own equations were not available"),
                settings, List.copyOf(findings), List.copyOf(plots));
    }

    /** A setting with a step size, and its runs, one for each seed. */
    private record Runs(Residuals residuals, double step, List<Path> paths) {
        Spread last() {
            return Spread.of(paths.stream().map(path -> path.last() / path.first()).toList());
        }

        long diverged() {
            return paths.stream().filter(Path::diverged).count();
        }
    }

    /** What is swept over step sizes: inputs of a condition number, or the usual ones where it is 0. */
    private record Setting(ResidualTask task, Residuals residuals, Targets targets, double condition) {
        Setting(ResidualTask task, Residuals residuals, Targets targets) {
            this(task, residuals, targets, 0);
        }

        ExampleBatch data(Kernels kernels, long seed) {
            return condition == 0 ? task.data(kernels, targets, seed) : task.data(kernels, task.inputs(seed, condition), targets, seed);
        }
    }

    /** Runs every setting with every step size and seed: a list for each setting. */
    private static List<List<Runs>> sweep(Lab lab, String what, List<Setting> settings, List<Double> stepSizes, int steps)
            throws InterruptedException {
        record Job(Setting setting, double stepSize) {
        }

        List<Job> jobs = new ArrayList<>();
        settings.forEach(setting -> stepSizes.forEach(stepSize -> jobs.add(new Job(setting, stepSize))));
        List<List<Path>> paths = lab.forSettings(what, jobs, (kernels, job, seed) -> {
            Encoder model = job.setting.task.model(kernels, job.setting.residuals, seed);
            return GradientDescent.run(kernels, model, model.parameters(), job.setting.data(kernels, seed), job.stepSize, steps, null);
        });
        List<List<Runs>> all = new ArrayList<>();
        for (int s = 0; s < settings.size(); s++) {
            List<Runs> runs = new ArrayList<>();
            for (int t = 0; t < stepSizes.size(); t++) {
                runs.add(new Runs(settings.get(s).residuals, stepSizes.get(t), paths.get(s * stepSizes.size() + t)));
            }
            all.add(runs);
        }
        return all;
    }

    private static String words(List<Double> settings) {
        return String.join(", ", settings.stream().map(Spread::plain).toList());
    }

    /** The step size with the lowest last loss, by the median of the seeds. */
    private static Runs best(List<Runs> runs) {
        return runs.stream().min(Comparator.comparingDouble(each -> each.last().median())).orElseThrow();
    }

    private void ablation(Lab lab, Targets targets, int steps) throws InterruptedException {
        List<List<Runs>> all = sweep(lab, "residuals, " + targets.words, SETTINGS.stream().map(residuals ->
                new Setting(ONE_LAYER, residuals, targets)).toList(), STEPS, steps);
        List<Runs> best = all.stream().map(ResidualStudy::best).toList();
        String name = targets == Targets.RANDOM ? "random" : "teacher";
        plots.add(new Plot("loss-" + name, "Loss with " + targets.words + ", median of the seeds, best step size", "steps", false,
                "loss / first loss", true, best.stream().map(runs -> Plot.Line.overSteps(runs.residuals.words() + ", step "
                        + Spread.plain(runs.step), medianPath(runs.paths))).toList()));
        Runs none = best.get(0);
        Runs both = best.get(3);
        boolean holds = allLower(both.paths, none.paths);
        findings.add(Finding.of("With residual connections gradient descent converges faster (" + targets.words
                + "): after " + steps + " steps the loss is lower for every seed", Label.READ,
                "loss / first loss " + both.last() + " with, " + none.last() + " without", holds,
                "the claim is the paper's; data, sizes and the number of steps are our own choice"));
        findings.add(Finding.of("The attention's residual carries the effect; the feed-forward part's is secondary (" + targets.words + ")",
                Label.DERIVED, "loss / first loss " + best.get(2).last() + " with the attention's only, " + best.get(1).last()
                        + " with the feed-forward part's only", allLower(best.get(2).paths, best.get(1).paths), ""));
        long divergedWithout = all.get(0).stream().mapToLong(Runs::diverged).sum();
        long divergedWith = all.get(3).stream().mapToLong(Runs::diverged).sum();
        int runs = STEPS.size() * lab.seeds().size();
        findings.add(Finding.of("Residual connections make training more stable (" + targets.words
                + "): fewer runs of the sweep over step sizes diverge", Label.SECOND_HAND, divergedWith + " of " + runs + " with, "
                + divergedWithout + " of " + runs + " without", divergedWith < divergedWithout, ""));
    }

    private static boolean allLower(List<Path> these, List<Path> others) {
        return IntStream.range(0, these.size()).allMatch(i -> these.get(i).last() / these.get(i).first()
                < others.get(i).last() / others.get(i).first());
    }

    private static double[] medianPath(List<Path> paths) {
        return Curves.median(paths.stream().map(Path::relative).toList());
    }

    /** Singular values of Z along a run. */
    private record Trace(double[] steps, double[] smallest, double[] largest, double[] condition) {
    }

    private static Trace trace(Kernels kernels, Residuals residuals, long seed, int steps) {
        Encoder model = ONE_LAYER.model(kernels, residuals, seed);
        List<double[]> rows = new ArrayList<>();
        int every = Math.max(1, steps / 50);
        GradientDescent.run(kernels, model, model.parameters(), ONE_LAYER.data(kernels, Targets.RANDOM, seed), COMMON_STEP, steps, step -> {
            if (step % every == 0) {
                Spectrum spectrum = Spectrum.singularValues(model.attentionOutput(0));
                rows.add(new double[] {step, spectrum.smallest(), spectrum.largest(), spectrum.condition()});
            }
        });
        return new Trace(column(rows, 0), column(rows, 1), column(rows, 2), column(rows, 3));
    }

    private static double[] column(List<double[]> rows, int index) {
        return rows.stream().mapToDouble(row -> row[index]).toArray();
    }

    private void spectra(Lab lab, int steps) throws InterruptedException {
        List<Trace> with = lab.forSeeds("singular values with residuals", (kernels, seed) -> trace(kernels, Residuals.BOTH, seed, steps));
        List<Trace> without = lab.forSeeds("singular values without", (kernels, seed) -> trace(kernels, Residuals.NONE, seed, steps));
        Trace a = with.get(0);
        Trace b = without.get(0);
        plots.add(new Plot("singular-values", "Singular values of the attention's output, first seed", "steps", false,
                "singular value", true, List.of(new Plot.Line("largest, both residuals", Series.Style.LINE, a.steps, a.largest),
                        new Plot.Line("smallest, both residuals", Series.Style.LINE, a.steps, a.smallest),
                        new Plot.Line("largest, no residual", Series.Style.LINE, b.steps, b.largest),
                        new Plot.Line("smallest, no residual", Series.Style.LINE, b.steps, b.smallest))));
        plots.add(new Plot("condition", "Condition number of the attention's output, first seed", "steps", false, "largest / smallest", true,
                List.of(new Plot.Line("both residuals", Series.Style.LINE, a.steps, a.condition), new Plot.Line("no residual", Series.Style.LINE, b.steps, b.condition))));
        Spread conditionWith = Spread.of(with.stream().map(trace -> trace.condition[0]).toList());
        Spread conditionWithout = Spread.of(without.stream().map(trace -> trace.condition[0]).toList());
        findings.add(Finding.of("Softmax makes the attention's output ill-conditioned, and the residual connection repairs that: at the "
                + "start the largest condition number with is below the smallest without", Label.READ, conditionWith + " with, "
                + conditionWithout + " without", conditionWith.greatest() < conditionWithout.least(), "that it is so is the paper's claim; "
                        + "the figures belong to our sizes"));
        Spread kept = Spread.of(with.stream().map(trace -> min(trace.smallest) / trace.smallest[0]).toList());
        findings.add(Finding.of("Along the run with residuals the smallest singular value keeps at least half of what it was",
                Label.INFERRED, "least share kept " + kept, kept.least() >= 0.5, "what proofs of this kind assume of the initialisation"));
    }

    private static double min(double[] values) {
        double min = Double.POSITIVE_INFINITY;
        for (double value : values) {
            min = Math.min(min, value);
        }
        return min;
    }

    /** Rates of the tail against the square of the smallest singular value at the start, over seeds and sizes. */
    private void rates(Lab lab, int steps) throws InterruptedException {
        record Size(ResidualTask task, long seed) {
        }

        List<Size> sizes = new ArrayList<>();
        for (int width : lab.full() ? new int[] {64, 128, 256} : new int[] {64, 128}) {
            for (int length : new int[] {4, 8, 16}) {
                lab.seeds().forEach(seed -> sizes.add(new Size(new ResidualTask(4, length, width, 2 * width, 8, 1), seed)));
            }
        }
        List<double[]> points = lab.all("rates and singular values", sizes, (kernels, size) -> {
            Encoder model = size.task.model(kernels, Residuals.BOTH, size.seed);
            double[] smallest = new double[1];
            Path path = GradientDescent.run(kernels, model, model.parameters(), size.task.data(kernels, Targets.RANDOM, size.seed),
                    COMMON_STEP, steps, FLOOR, step -> {
                        if (step == 0) {
                            smallest[0] = Spectrum.singularValues(model.attentionOutput(0)).smallest();
                        }
                    });
            return new double[] {smallest[0] * smallest[0], tailRate(path) / COMMON_STEP};
        });
        List<double[]> usable = points.stream().filter(point -> Double.isFinite(point[1])).sorted((a, b) -> Double.compare(a[0], b[0])).toList();
        String claim = "The rate grows with the square of the smallest singular value of the attention's output: the slope's 95 % interval is above 0";
        if (usable.size() < 3) {
            findings.add(Finding.untested(claim, Label.READ, "only " + usable.size() + " of " + points.size() + " runs fell far enough"));
            return;
        }
        double[] x = column(usable, 0);
        double[] y = column(usable, 1);
        LineFit fit = LineFit.of(x, y);
        plots.add(new Plot("rate", "Rate of the tail against the attention output's smallest singular value, all sizes and seeds",
                "smallest singular value at the start, squared", false, "-(d ln loss / d step) / step size", false,
                List.of(new Plot.Line("runs", Series.Style.SCATTER, x, y), new Plot.Line("fit", Series.Style.LINE, new double[] {x[0],
                        x[x.length - 1]}, new double[] {fit.at(x[0]), fit.at(x[x.length - 1])}))));
        double margin = fit.slopeMargin(0.95);
        findings.add(Finding.of(claim, Label.READ, "slope " + Spread.number(fit.slope()) + " ± " + Spread.number(margin) + ", R² "
                + Spread.number(fit.r2()) + ", " + usable.size() + " of " + points.size() + " runs", fit.slope() - margin > 0,
                "that it governs the rate is the paper's claim; that it does so by its square, and the figures, are ours"));
    }

    /** Minus the slope of ln loss in the later half of its fall; NaN if it diverged or hardly fell. */
    static double tailRate(Path path) {
        if (path.diverged()) {
            return Double.NaN;
        }
        double[] losses = path.losses();
        int end = beforeFloor(path);
        double fall = Math.log(path.first() / losses[end - 1]);
        int begin = 0;
        while (begin < end && Math.log(path.first() / losses[begin]) < fall / 2) {
            begin++;
        }
        if (!(fall > 1) || end - begin < 10) {
            return Double.NaN;
        }
        return -fit(losses, begin, end).slope();
    }

    /** How many losses come before the first one that is lost in rounding. */
    private static int beforeFloor(Path path) {
        double[] losses = path.losses();
        return (int) IntStream.range(0, losses.length).takeWhile(i -> losses[i] > FLOOR * path.first()).count();
    }

    private static LineFit fit(double[] losses, int begin, int end) {
        double[] steps = IntStream.range(begin, end).asDoubleStream().toArray();
        double[] logs = IntStream.range(begin, end).mapToDouble(i -> Math.log(losses[i])).toArray();
        return LineFit.of(steps, logs);
    }

    private void conditioning(Lab lab, int steps) throws InterruptedException {
        List<Runs> best = sweep(lab, "conditioning of the input", Arrays.stream(CONDITIONS).mapToObj(condition ->
                new Setting(ONE_LAYER, Residuals.BOTH, Targets.RANDOM, condition)).toList(), STEPS, steps).stream()
                .map(ResidualStudy::best).toList();
        List<Plot.Line> lines = new ArrayList<>();
        List<double[]> rates = new ArrayList<>();
        for (int c = 0; c < CONDITIONS.length; c++) {
            lines.add(Plot.Line.overSteps("condition number " + Spread.plain(CONDITIONS[c]) + ", step " + Spread.plain(best.get(c).step),
                    medianPath(best.get(c).paths)));
            rates.add(best.get(c).paths.stream().mapToDouble(ResidualStudy::meanRate).toArray());
        }
        plots.add(new Plot("conditioning", "Loss for inputs with given condition numbers, both residuals, median of the seeds, best step size",
                "steps", false, "loss / first loss", true, lines));
        boolean ordered = IntStream.range(1, CONDITIONS.length).allMatch(c -> IntStream.range(0, lab.seeds().size())
                .allMatch(s -> rates.get(c)[s] < rates.get(c - 1)[s]));
        findings.add(Finding.of("The worse the input is conditioned, the slower: for every seed the rates, each at its best step size, fall in "
                + "the order of the condition numbers " + words(Arrays.stream(CONDITIONS).boxed().toList()), Label.CHOICE, "mean fall of ln loss per step: "
                + String.join("; ", rates.stream().map(each -> Spread.of(each).toString()).toList()), ordered, "a test of the paper's mechanism"));
    }

    /** Mean fall of ln loss per step, until rounding takes over; 0 of a run that diverged. */
    static double meanRate(Path path) {
        if (path.diverged()) {
            return 0;
        }
        int end = beforeFloor(path) - 1;
        return end == 0 ? 0 : Math.log(path.first() / path.losses()[end]) / end;
    }

    private void depth(Lab lab, int steps) throws InterruptedException {
        List<Setting> settings = new ArrayList<>();
        for (int layers : DEPTHS) {
            ResidualTask task = new ResidualTask(4, 8, 64, 128, 8, layers);
            settings.add(new Setting(task, Residuals.NONE, Targets.RANDOM));
            settings.add(new Setting(task, Residuals.BOTH, Targets.RANDOM));
        }
        List<Runs> best = sweep(lab, "depth", settings, SMALL_STEPS, steps).stream().map(ResidualStudy::best).toList();
        for (int i = 0; i < DEPTHS.length; i++) {
            int layers = DEPTHS[i];
            Runs without = best.get(2 * i);
            Runs with = best.get(2 * i + 1);
            plots.add(new Plot("depth-" + layers, layers + (layers == 1 ? " layer" : " layers") + ", median of the seeds, best step size",
                    "steps", false, "loss / first loss", true, Stream.of(without, with).map(runs -> Plot.Line.overSteps(
                            runs.residuals.words() + ", step " + Spread.plain(runs.step), medianPath(runs.paths))).toList()));
            if (layers > 1) {
                findings.add(Finding.of("Also with " + layers + " layers the loss after " + steps + " steps is lower with residuals, for every seed",
                        Label.READ, "loss / first loss " + with.last() + " with, " + without.last() + " without",
                        allLower(with.paths, without.paths), "claimed in the abstract of the first version only"));
            }
        }
    }

    /** With only W_U trained and a step of 1 / largest^2, L(t) is at most (1 - 1 / condition^2)^(2 t) L(0), exactly. */
    private void outputOnly(Lab lab, int steps) throws InterruptedException {
        List<Double> worst = new ArrayList<>();
        for (Residuals residuals : List.of(Residuals.NONE, Residuals.BOTH)) {
            worst.addAll(lab.forSeeds("only the output matrix", (kernels, seed) -> {
                Encoder model = ONE_LAYER.model(kernels, residuals, seed);
                ExampleBatch data = ONE_LAYER.data(kernels, Targets.RANDOM, seed);
                model.forward(data, false, 0);
                Spectrum spectrum = Spectrum.singularValues(model.features());
                double contraction = 1 - 1 / (spectrum.condition() * spectrum.condition());
                var output = model.parameters().stream().filter(parameter -> parameter.name().equals("output.weight")).toList();
                Path path = GradientDescent.run(kernels, model, output, data, 1 / (spectrum.largest() * spectrum.largest()), steps, null);
                double excess = 0;
                for (int t = 0; t < path.losses().length; t++) {
                    double bound = Math.max(Math.pow(contraction, 2.0 * t), FLOOR) * path.first();
                    excess = Math.max(excess, path.losses()[t] / bound);
                }
                return path.diverged() ? Double.POSITIVE_INFINITY : excess;
            }));
        }
        Spread excess = Spread.of(worst);
        findings.add(Finding.of("With only the output matrix trained, the loss never exceeds (1 - 1 / condition²)^(2t) of the first: at no "
                + "step, for no seed, with and without residuals (to 1e-9, and down to " + FLOOR + " of the first loss)", Label.DERIVED,
                "largest loss / bound " + excess, excess.greatest() <= 1 + 1e-9, ""));
    }

    private void straightness(Lab lab, int steps) throws InterruptedException {
        List<Path> paths = lab.forSeeds("straightness", (kernels, seed) -> {
            Encoder model = ONE_LAYER.model(kernels, Residuals.BOTH, seed);
            return GradientDescent.run(kernels, model, model.parameters(), ONE_LAYER.data(kernels, Targets.RANDOM, seed), COMMON_STEP,
                    steps, null);
        });
        List<Double> decades = new ArrayList<>();
        List<Double> straight = new ArrayList<>();
        for (Path path : paths) {
            double[] losses = path.losses();
            int end = beforeFloor(path);
            decades.add(Math.log10(path.first() / losses[end - 1]));
            straight.add(end < 3 ? 0 : fit(losses, 0, end).r2());
        }
        Spread fallen = Spread.of(decades);
        Spread r2 = Spread.of(straight);
        findings.add(Finding.of("With suitable initial weights gradient descent converges linearly: ln loss over steps is a straight line (R² "
                + "at least 0.95) over at least 10 decades", Label.READ, "R² " + r2 + " over " + fallen + " decades",
                fallen.least() >= 10 && r2.least() >= 0.95, "a sum of exponentials bends at first; the threshold is our own choice"));
    }
}
