package lanewise.transformer.studies;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.instruments.AttentionMap;
import lanewise.transformer.instruments.Drift;
import lanewise.transformer.instruments.Spectrum;
import lanewise.transformer.instruments.TangentKernel;
import lanewise.transformer.layers.Initialization;
import lanewise.transformer.models.Encoder;
import lanewise.transformer.models.EncoderConfig;
import lanewise.transformer.models.LossKind;
import lanewise.transformer.reports.Series;
import lanewise.transformer.studies.GradientDescent.Path;

/** Scaling, initialisation and width of a shallow encoder, on noise: 100 samples of 10 tokens of 100 numbers. */
public final class ShallowEncoderStudy implements Study {
    private static final int SAMPLES = 100;
    private static final int LENGTH = 10;
    private static final int INPUT_WIDTH = 100;
    private static final int EPOCHS = 400;
    private static final int[] WIDTHS = {10, 100, 1000, 4000};
    private static final int EARLY = 50;
    /** Share of the largest stable step, 2 / largest eigenvalue of the kernel at the start. */
    private static final double STEP_SHARE = 0.5;

    private final List<Finding> findings = new ArrayList<>();
    private final List<Plot> plots = new ArrayList<>();

    /** tau_0 as a function of the width. */
    private enum Scaling {
        ROOT("width^(-1/2)"),
        INVERSE("1 / width");

        final String words;

        Scaling(String words) {
            this.words = words;
        }

        double at(int width) {
            return this == ROOT ? 1 / Math.sqrt(width) : 1.0 / width;
        }

        String file() {
            return this == ROOT ? "root" : "inverse";
        }
    }

    /** A law of the initial weights, with its tau_1. */
    private enum Law {
        LECUN("LeCun"),
        HE("He"),
        NTK("NTK");

        final String words;

        Law(String words) {
            this.words = words;
        }

        Initialization initialization() {
            return this == LECUN ? Initialization.lecun() : this == HE ? Initialization.he() : Initialization.ntk();
        }

        double multiplier(int width) {
            return this == NTK ? 1 / Math.sqrt(width) : 1;
        }
    }

    @Override
    public String name() {
        return "shallow-encoder";
    }

    @Override
    public String paper() {
        return "Wu, Liu, Chrysos and Cevher: On the convergence of encoder-only shallow Transformers (NeurIPS 2023, arXiv 2311.01575)";
    }

    @Override
    public void check(Map<String, java.nio.file.Path> folders) throws IOException {
        ShallowVision.open(Optional.ofNullable(folders.get("mnist")));
    }

    @Override
    public StudyResult run(Lab lab) throws InterruptedException, IOException {
        findings.clear();
        plots.clear();
        ShallowVision vision = ShallowVision.open(lab.folder("mnist"));
        int[] widths = lab.full() ? WIDTHS : new int[] {10, 100, 200};
        standardised(lab, widths);
        collapse(lab, lab.full() ? WIDTHS : new int[] {10, 100, 1000});
        int rawEpochs = lab.sized(150, EPOCHS);
        rates(lab, lab.sized(150, 1000), rawEpochs);
        laws(lab, 100, rawEpochs);
        vision.run(lab, findings, plots);
        findings.add(Finding.untested("The theory's assumption on the data holds on IMDB's reviews", Label.READ, "the reviews and the paper's "
                + "embedding of their words are not at hand"));
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("data", SAMPLES + " samples (read in the paper) of " + LENGTH + " tokens of " + INPUT_WIDTH
                + " standard normal numbers, targets standard normal (remembered)");
        settings.put("widths", Arrays.toString(widths) + " where they are trained; " + Arrays.toString(WIDTHS) + " are remembered of the paper");
        settings.put("with step size 1", "the standardised parametrisation of LeCun's weights, where the trained numbers have variance 1, sum "
                + "over tokens, loss 1/(2N) sum (f - y)^2, " + EPOCHS + " epochs; with raw weights a step of 1 diverges (our own choice)");
        settings.put("with raw weights", "loss 1/2 sum (f - y)^2, step " + STEP_SHARE + " * 2 / largest eigenvalue of the tangent kernel at "
                + "the start, " + rawEpochs + " epochs (our own choice)");
        settings.put("seeds", lab.seeds().toString());
        return new StudyResult(List.of("f(X) = tau_1 w_O^T sum over i of relu(W_V X^T beta_i)",
                "beta_i = softmax(tau_0 X W_K^T W_Q x_i)", "all four matrices trained by gradient descent with one step size",
                "the model is remembered of the paper; whether its sum over tokens is a mean is not known"), settings,
                List.copyOf(findings), List.copyOf(plots));
    }

    private static ExampleBatch data(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return ExampleBatch.regression(SAMPLES, LENGTH, normal(random, SAMPLES * LENGTH, INPUT_WIDTH), normal(random, SAMPLES, 1));
    }

    private static Tensor normal(SplittableRandom random, int rows, int columns) {
        double[] values = new double[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextGaussian();
        }
        return Tensor.wrap(values, rows, columns);
    }

    /** The samples one by one, as the tangent kernel wants them. */
    private static List<ExampleBatch> samples(ExampleBatch data) {
        return IntStream.range(0, SAMPLES).mapToObj(data::sequence).toList();
    }

    private static Encoder model(Kernels kernels, int width, Scaling scaling, Law law, boolean standardised, long seed) {
        Initialization initialization = law.initialization();
        EncoderConfig config = EncoderConfig.shallowEncoder(INPUT_WIDTH, width, scaling.at(width))
                .initialization(standardised ? initialization.inStandardForm() : initialization)
                .outputMultiplier(law.multiplier(width))
                .loss(standardised ? LossKind.HALF_SQUARED_MEAN : LossKind.HALF_SQUARED_SUM).build();
        return new Encoder(config, kernels, ElementType.FLOAT64, seed);
    }

    /**
     * A run in the standardised parametrisation.
     *
     * @param weights     relative movement of the weights before each epoch
     * @param kernelEarly distance of the kernel from the start after the early epochs, infinite if the run diverged
     * @param kernelLast  at the end, likewise
     * @param first       eigenvalues of the kernel at the start
     * @param last        at the end; null if the run diverged
     */
    private record Standard(Path path, double[] weights, double kernelEarly, double kernelLast, Spectrum first, Spectrum last) {
        /** Weights' movement up to the early epoch as a share of all of it. */
        double early() {
            return path.diverged() ? 0 : weights[EARLY] / weights[weights.length - 1];
        }
    }

    private static Standard standardRun(Kernels kernels, int width, Scaling scaling, long seed) {
        ExampleBatch data = data(seed);
        Encoder model = model(kernels, width, scaling, Law.LECUN, true, seed);
        Drift drift = new Drift(model.parameters());
        List<ExampleBatch> samples = samples(data);
        Tensor start = TangentKernel.ofOutputs(kernels, model, samples);
        Spectrum eigenvalues = Spectrum.eigenvalues(start);
        double[] weights = new double[EPOCHS + 1];
        // The kernel overwrites activations and gradients, so the run is cut where it is wanted.
        Path first = GradientDescent.run(kernels, model, model.parameters(), data, 1, EARLY, epoch -> weights[epoch] = drift.relative());
        if (first.diverged()) {
            return new Standard(first, Arrays.copyOf(weights, first.losses().length), Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY,
                    eigenvalues, null);
        }
        double early = TangentKernel.drift(TangentKernel.ofOutputs(kernels, model, samples), start);
        Path rest = GradientDescent.run(kernels, model, model.parameters(), data, 1, EPOCHS - EARLY,
                epoch -> weights[EARLY + epoch] = drift.relative());
        double[] losses = Arrays.copyOf(first.losses(), EARLY + rest.losses().length);
        System.arraycopy(rest.losses(), 0, losses, EARLY, rest.losses().length);
        Path path = new Path(losses, rest.diverged());
        double[] moved = Arrays.copyOf(weights, losses.length);
        if (rest.diverged()) {
            return new Standard(path, moved, early, Double.POSITIVE_INFINITY, eigenvalues, null);
        }
        Tensor last = TangentKernel.ofOutputs(kernels, model, samples);
        return new Standard(path, moved, early, TangentKernel.drift(last, start), eigenvalues, Spectrum.eigenvalues(last));
    }

    private void standardised(Lab lab, int[] widths) throws InterruptedException {
        record Size(Scaling scaling, int width) {
        }

        // The widest first, since they take longest.
        List<Size> sizes = new ArrayList<>();
        for (int i = widths.length - 1; i >= 0; i--) {
            for (Scaling scaling : Scaling.values()) {
                sizes.add(new Size(scaling, widths[i]));
            }
        }
        List<List<Standard>> runs = lab.forSettings("widths " + Arrays.toString(widths) + ", step 1", sizes, (kernels, size, seed) ->
                standardRun(kernels, size.width, size.scaling, seed));
        for (Scaling scaling : Scaling.values()) {
            standardised(scaling, widths, Arrays.stream(widths).mapToObj(width -> runs.get(sizes.indexOf(new Size(scaling, width)))).toList());
        }
    }

    private void standardised(Scaling scaling, int[] widths, List<List<Standard>> all) {
        List<Plot.Line> losses = new ArrayList<>();
        List<Plot.Line> moved = new ArrayList<>();
        for (int i = 0; i < widths.length; i++) {
            List<Standard> runs = all.get(i);
            losses.add(Plot.Line.overSteps("width " + widths[i], Curves.median(runs.stream().map(run -> run.path.losses()).toList())));
            moved.add(Plot.Line.overSteps("width " + widths[i], Curves.median(runs.stream().map(Standard::weights).toList())));
        }
        plots.add(new Plot("loss-" + scaling.file(), "Loss, tau_0 = " + scaling.words + ", step 1, median of the seeds", "epoch", false,
                "1/(2N) sum (f - y)²", true, losses));
        plots.add(new Plot("weights-" + scaling.file(), "Movement of the weights, tau_0 = " + scaling.words + ", median of the seeds",
                "epoch", false, "|θ - θ₀| / |θ₀|", false, moved));
        double[] places = Arrays.stream(widths).asDoubleStream().toArray();
        plots.add(new Plot("eigenvalues-" + scaling.file(), "Extreme eigenvalues of the tangent kernel, tau_0 = " + scaling.words
                + ", step 1, median of the seeds", "width", true, "eigenvalue", true, List.of(
                eigenvalues("largest, start", places, all, run -> run.first.largest()),
                eigenvalues("largest, end", places, all, run -> run.last == null ? Double.POSITIVE_INFINITY : run.last.largest()),
                eigenvalues("smallest, start", places, all, run -> run.first.smallest()),
                eigenvalues("smallest, end", places, all, run -> run.last == null ? Double.POSITIVE_INFINITY : run.last.smallest()))));
        String at = " (tau_0 = " + scaling.words + ", widths " + Arrays.toString(widths) + ")";
        List<Standard> widest = all.get(widths.length - 1);
        findings.add(Finding.of("Gradient descent with a step of 1 converges to zero loss for 400 epochs: at the largest width each seed "
                + "ends below 1e-4 of its first loss" + at, scaling == Scaling.INVERSE ? Label.READ : Label.REMEMBERED, "last / first loss by width: " + lasts(all),
                widest.stream().allMatch(run -> run.path.last() < 1e-4 * run.path.first()),
                "step and epochs are the paper's; the parametrisation in which a step of 1 works, and the threshold, are our own choice"));
        findings.add(Finding.of("Training at width 10 does not converge as it does at larger widths: its median last loss is the largest" + at,
                Label.REMEMBERED, lasts(all), IntStream.range(1, widths.length).allMatch(i -> last(all.get(i)).median() < last(all.get(0)).median()), ""));
        Spread early = Spread.of(widest.stream().map(Standard::early).toList());
        findings.add(Finding.of("After about the 50th epoch the weights move very slowly: at the largest width at least 90 % of the movement "
                + "is done by then" + at, scaling == Scaling.INVERSE ? Label.READ : Label.INFERRED, "share done "
                + (widest.stream().allMatch(run -> run.path.diverged()) ? "none: every run diverged" : early), early.least() >= 0.9, "the caption is about tau_0 = 1 / width and larger widths; the threshold is our own choice"));
        List<Spread> kernelMoves = all.stream().map(runs -> Spread.of(runs.stream().map(Standard::kernelLast).toList())).toList();
        findings.add(Finding.of("The tangent kernel is more stable the larger the width: its median distance from the start falls from width "
                + "to width" + at, scaling == Scaling.INVERSE ? Label.READ : Label.INFERRED, "|K - K₀| / |K₀| at the end by width: "
                + words(kernelMoves), IntStream.range(1, widths.length).allMatch(i -> kernelMoves.get(i).median() < kernelMoves.get(i - 1).median()), ""));
        Spread late = Spread.of(widest.stream().map(run -> run.path.diverged() ? Double.POSITIVE_INFINITY : Math.abs(run.kernelLast - run.kernelEarly)).toList());
        Spread whole = Spread.of(widest.stream().map(Standard::kernelLast).toList());
        findings.add(Finding.of("The kernel changes at the start and is about constant after the 50th epoch: at the largest width its distance "
                + "then changes by less than a quarter" + at, scaling == Scaling.INVERSE ? Label.READ : Label.INFERRED,
                "change of the distance after epoch 50 " + late + ", distance at the end " + whole, late.greatest() < 0.25 * whole.least(), ""));
    }

    private static Plot.Line eigenvalues(String name, double[] widths, List<List<Standard>> all, ToDoubleFunction<Standard> value) {
        return new Plot.Line(name, Series.Style.POINTS, widths, all.stream().mapToDouble(runs ->
                Spread.of(runs.stream().mapToDouble(value).toArray()).median()).toArray());
    }

    private static Spread last(List<Standard> runs) {
        return Spread.of(runs.stream().map(run -> run.path.last() / run.path.first()).toList());
    }

    private static String lasts(List<List<Standard>> all) {
        return words(all.stream().map(ShallowEncoderStudy::last).toList());
    }

    private static String words(List<Spread> spreads) {
        return String.join("; ", spreads.stream().map(Spread::toString).toList());
    }

    /** How far the attention is from averaging, at the start. */
    private void collapse(Lab lab, int[] widths) throws InterruptedException {
        List<Plot.Line> lines = new ArrayList<>();
        for (Scaling scaling : Scaling.values()) {
            List<Spread> distances = lab.forSettings("attention, tau_0 = " + scaling.words, Arrays.stream(widths).boxed().toList(),
                    (kernels, width, seed) -> {
                        Encoder model = model(kernels, width, scaling, Law.LECUN, false, seed);
                        model.forward(data(seed), false, 0);
                        return AttentionMap.of(model.attention(0), SAMPLES, LENGTH).largestRelative();
                    }).stream().map(Spread::of).toList();
            double[] x = Arrays.stream(widths).asDoubleStream().toArray();
            lines.add(new Plot.Line("tau_0 = " + scaling.words, Series.Style.POINTS, x, distances.stream().mapToDouble(Spread::median).toArray()));
            boolean falls = IntStream.range(1, widths.length).allMatch(i -> distances.get(i).greatest() < distances.get(i - 1).least());
            String measured = "largest |length β - 1| for widths " + Arrays.toString(widths) + ": " + words(distances);
            if (scaling == Scaling.INVERSE) {
                findings.add(Finding.of("With tau_0 = 1 / width attention becomes averaging as the width grows: the largest deviation from "
                        + "uniform weights falls from width to width, for all seeds", Label.DERIVED, measured, falls, ""));
            } else {
                findings.add(Finding.of("With tau_0 = width^(-1/2) attention does not become averaging as the width grows: the deviation at the "
                        + "largest width is more than half of that at the smallest", Label.DERIVED, measured,
                        distances.get(widths.length - 1).median() > distances.get(0).median() / 2, ""));
            }
        }
        plots.add(new Plot("attention", "Attention's distance from uniform weights at the start, median of the seeds", "width", true,
                "largest |length β - 1|", true, lines));
    }

    /** A run with raw weights, with what the theory says of it. */
    private record Raw(Path path, double step, double featureRate, double kernelRate, double worst) {
        double rate() {
            return ResidualStudy.tailRate(path);
        }
    }

    private static Raw rawRun(Kernels kernels, int width, Scaling scaling, Law law, int epochs, long seed) {
        ExampleBatch data = data(seed);
        Encoder model = model(kernels, width, scaling, law, false, seed);
        Spectrum kernel = Spectrum.eigenvalues(TangentKernel.ofOutputs(kernels, model, samples(data)));
        model.forward(data, false, 0);
        // The output multiplier is part of the features of the theory.
        double alpha = law.multiplier(width) * (width >= SAMPLES ? Spectrum.singularValues(model.features()).smallest() : 0);
        double step = STEP_SHARE * 2 / kernel.largest();
        Path path = GradientDescent.run(kernels, model, model.parameters(), data, step, epochs, null);
        double contraction = 1 - step * alpha * alpha / 2;
        double worst = 0;
        for (int t = 0; t < path.losses().length; t++) {
            worst = Math.max(worst, path.losses()[t] / (Math.pow(contraction, t) * path.first()));
        }
        return new Raw(path, step, step * alpha * alpha / 2, step * Math.max(0, kernel.smallest()),
                path.diverged() ? Double.POSITIVE_INFINITY : worst);
    }

    /** Measured rates beside those of the theory, where the width is at least the number of samples. */
    private void rates(Lab lab, int width, int epochs) throws InterruptedException {
        List<List<Raw>> all = lab.forSettings("rates at width " + width, List.of(Scaling.values()), (kernels, scaling, seed) ->
                rawRun(kernels, width, scaling, Law.LECUN, epochs, seed));
        for (Scaling scaling : Scaling.values()) {
            List<Raw> runs = all.get(scaling.ordinal());
            String at = " (width " + width + ", tau_0 = " + scaling.words + ")";
            Spread worst = Spread.of(runs.stream().map(Raw::worst).toList());
            Spread bound = Spread.of(runs.stream().map(Raw::featureRate).toList());
            Spread kernel = Spread.of(runs.stream().map(Raw::kernelRate).toList());
            double[] measured = runs.stream().mapToDouble(Raw::rate).filter(Double::isFinite).toArray();
            String rates = "rate of the tail per epoch " + (measured.length == 0 ? "none" : Spread.of(measured)) + "; γα²/2 " + bound
                    + ", γλ_min " + kernel + "; γ " + Spread.of(runs.stream().map(Raw::step).toList());
            findings.add(Finding.of("The loss stays below (1 - γα²/2)^t of the first, with α the smallest singular value of the features at "
                    + "the start, at every epoch and for every seed" + at, Label.REMEMBERED, "largest loss / bound, which is 1 at the start: " + worst + "; " + rates,
                    worst.greatest() <= 1 + 1e-9, "LeCun's weights, raw; the theorem asks for a width that this is far below"));
            String claim = "The rate of the tail is at least γλ_min, with the kernel at the start, for every seed" + at;
            findings.add(measured.length < runs.size() ? Finding.untested(claim, Label.CHOICE, "some runs diverged or hardly fell")
                    : Finding.of(claim, Label.CHOICE, rates, runs.stream().allMatch(run -> run.rate() >= run.kernelRate),
                            "with a kernel that does not change the rate would tend to twice that"));
            plots.add(new Plot("rates-" + scaling.file(), "Loss and what the theory says, width " + width + ", tau_0 = " + scaling.words
                    + ", median of the seeds", "epoch", false, "loss / first loss", true, List.of(
                    Plot.Line.overSteps("measured", Curves.median(runs.stream().map(run -> run.path.relative()).toList())),
                    Plot.Line.overSteps("(1 - γα²/2)^t", powers(1 - bound.median(), epochs)),
                    Plot.Line.overSteps("(1 - γλ_min)^(2t)", powers(Math.pow(1 - kernel.median(), 2), epochs)))));
        }
    }

    private static double[] powers(double base, int count) {
        return IntStream.rangeClosed(0, count).mapToDouble(t -> Math.pow(base, t)).toArray();
    }

    /** LeCun's, He's and the kernel regime's weights at equal share of the largest stable step. */
    private void laws(Lab lab, int width, int epochs) throws InterruptedException {
        for (Scaling scaling : Scaling.values()) {
            List<Plot.Line> lines = new ArrayList<>();
            List<List<Raw>> all = lab.forSettings("initialisations, tau_0 = " + scaling.words, List.of(Law.values()), (kernels, law, seed) ->
                    rawRun(kernels, width, scaling, law, epochs, seed));
            for (Law law : Law.values()) {
                List<Raw> runs = all.get(law.ordinal());
                lines.add(Plot.Line.overSteps(law.words + ", step " + Spread.number(Spread.of(runs.stream().map(Raw::step).toList()).median()),
                        Curves.median(runs.stream().map(run -> run.path.relative()).toList())));
            }
            plots.add(new Plot("laws-" + scaling.file(), "Loss by initialisation, width " + width + ", tau_0 = " + scaling.words
                    + ", median of the seeds", "epoch", false, "loss / first loss", true, lines));
            List<Spread> lasts = all.stream().map(runs -> Spread.of(runs.stream().map(run -> run.path.last() / run.path.first()).toList())).toList();
            findings.add(Finding.of("LeCun's and He's initialisation converge faster than that of the tangent kernel's theory (width " + width
                    + ", tau_0 = " + scaling.words + ")", Label.SECOND_HAND, "last / first loss: LeCun " + lasts.get(0) + ", He " + lasts.get(1)
                    + ", NTK " + lasts.get(2), Math.max(lasts.get(0).median(), lasts.get(1).median()) < lasts.get(2).median(),
                    "each with its own step, " + STEP_SHARE + " of the largest stable one"));
        }
    }
}
