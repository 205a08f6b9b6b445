package lanewise.transformer.studies;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.data.ExampleBatch;
import lanewise.transformer.instruments.LineFit;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.models.MeanFieldTransformer;
import lanewise.transformer.models.MeanFieldTransformer.Config;
import lanewise.transformer.reports.Series;
import lanewise.transformer.training.OptimizerConfig;
import lanewise.transformer.training.Updater;

/** The limit of many heads and layers, with weight decay, on linear regression in context. */
public final class MeanFieldStudy implements Study {
    private static final int DIMENSION = 5;
    private static final int EXAMPLES = 20;
    private static final int POSITION = 4;
    private static final int WIDTH = DIMENSION + 1 + POSITION;
    private static final double RADIUS = 3;
    private static final double EULER_STEP = 0.1;
    /** Of the long flows. */
    private static final double LONG_STEP = 0.25;
    private static final double DECAY = 1e-3;
    private static final List<Double> DECAYS = List.of(0.0, 1e-4, 1e-3, 1e-2, 1e-1);
    /** Runs with fresh weights for each seed, where a gap is due to chance. */
    private static final int DRAWS = 4;
    /** How near an exponent counts, since sizes are not infinite. */
    private static final double NEAR = 0.1;
    private static final String TOO_WIDE = "the interval is too wide to tell; more seeds narrow it";

    private final List<Finding> findings = new ArrayList<>();
    private final List<Plot> plots = new ArrayList<>();

    @Override
    public String name() {
        return "mean-field";
    }

    @Override
    public String paper() {
        return "Gao et al.: Global convergence in training large-scale Transformers (NeurIPS 2024, arXiv 2410.23610)";
    }

    @Override
    public void check(Map<String, Path> folders) throws IOException {
        DeepVision.open(Optional.ofNullable(folders.get("cifar10")));
    }

    @Override
    public StudyResult run(Lab lab) throws InterruptedException, IOException {
        findings.clear();
        plots.clear();
        DeepVision vision = DeepVision.open(lab.folder("cifar10"));
        ExampleBatch data = data(lab.sized(16, 32));
        int steps = lab.sized(20, 50);
        heads(lab, data, steps);
        layers(lab, data, steps);
        decay(lab, data, lab.sized(200, 600));
        vision.run(lab, findings, plots);
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("data", data.batch() + " prompts of " + EXAMPLES + " examples (x, w·x) and a question; x standard normal in " + DIMENSION
                + " dimensions, cut at norm 3, w normal with variance 1/" + DIMENSION + "; " + POSITION + " numbers tell the position. The "
                + "prompts are the whole distribution: risks are exact over them (our own choice)");
        settings.put("weights", "uniform in a ball of radius " + RADIUS + " (the ball is the paper's, the radius our own choice)");
        settings.put("training", "gradient flow by Euler steps h of " + EULER_STEP + ", or " + LONG_STEP
                + " where the weight decay is varied, so a learning rate of h M L; weight decay " + DECAY + " unless varied (our own choice)");
        settings.put("seeds", lab.seeds().toString());
        return new StudyResult(List.of("Z += 1/(2 L M) sum over j of V_j Z softmax(Z^T W_j Z), softmax down the columns",
                "Z += 1/(2 L M) sum over j of W_2j sigma(W_1j Z), sigma the rectifier with a quadratic corner",
                "Q = 1/2 E (Read Z - y)^2 + lambda/(2 M L) sum of squares, as a gradient flow scaled by M L", "read in the paper"),
                settings, List.copyOf(findings), List.copyOf(plots));
    }

    /** Prompts of linear regression in context. The same for every seed of the weights. */
    private static ExampleBatch data(int prompts) {
        SplittableRandom random = new SplittableRandom(1);
        int length = EXAMPLES + 1;
        double[] tokens = new double[prompts * length * WIDTH];
        double[] targets = new double[prompts];
        for (int p = 0; p < prompts; p++) {
            double[] w = normal(random, 1 / Math.sqrt(DIMENSION));
            for (int i = 0; i < length; i++) {
                double[] x = normal(random, 1);
                double norm = Math.sqrt(Arrays.stream(x).map(each -> each * each).sum());
                double y = 0;
                int at = (p * length + i) * WIDTH;
                for (int d = 0; d < DIMENSION; d++) {
                    tokens[at + d] = x[d] * Math.min(1, 3 / norm);
                    y += w[d] * tokens[at + d];
                }
                boolean question = i == EXAMPLES;
                tokens[at + DIMENSION] = question ? 0 : y;
                for (int c = 0; c < POSITION; c++) {
                    double angle = 2 * Math.PI * i * (c / 2 + 1) / length;
                    tokens[at + DIMENSION + 1 + c] = c % 2 == 0 ? Math.cos(angle) : Math.sin(angle);
                }
                if (question) {
                    targets[p] = y;
                }
            }
        }
        return ExampleBatch.regression(prompts, length, Tensor.wrap(tokens, prompts * length, WIDTH), Tensor.wrap(targets, prompts, 1));
    }

    private static double[] normal(SplittableRandom random, double deviation) {
        double[] values = new double[DIMENSION];
        Arrays.setAll(values, i -> deviation * random.nextGaussian());
        return values;
    }

    /**
     * A model and its flow.
     *
     * @param alike whether all layers start with the same heads
     * @param step  Euler's
     */
    private record Setting(int layers, int heads, boolean alike, double decay, double step, int steps) {
    }

    /**
     * A run.
     *
     * @param risks   1/2 the mean squared error before the first step and after each; up to the last finite one if it diverged
     * @param support largest norm of a particle, likewise
     * @param outputs at the end
     */
    private record Flow(double[] risks, double[] support, double[] outputs, boolean diverged) {
        double last() {
            return diverged ? Double.POSITIVE_INFINITY : risks[risks.length - 1];
        }
    }

    private static Flow flow(Kernels kernels, ExampleBatch data, Setting setting, long seed) {
        MeanFieldTransformer model = new MeanFieldTransformer(new Config(WIDTH, setting.layers, setting.heads, RADIUS, setting.alike,
                DIMENSION), kernels, ElementType.FLOAT64, seed);
        OptimizerConfig plain = OptimizerConfig.gradientDescent();
        // The learning rate is M L times the flow's step; of the decay, a share of 1 / (M L) belongs to each particle.
        Updater updater = new Updater(kernels, new OptimizerConfig(plain.method(), plain.beta1(), plain.beta2(), plain.epsilon(),
                plain.momentum(), setting.decay / model.flowStep()), model.parameters());
        double[] risks = new double[setting.steps + 1];
        double[] support = new double[setting.steps + 1];
        for (int i = 0; i <= setting.steps; i++) {
            model.parameters().forEach(Parameter::clearGradient);
            double risk = model.trainingLoss(data, 1, 0);
            if (!Double.isFinite(risk)) {
                return new Flow(Arrays.copyOf(risks, i), Arrays.copyOf(support, i), nowhere(data), true);
            }
            risks[i] = risk;
            support[i] = Math.sqrt(Arrays.stream(model.squaredNorms()).max().orElseThrow());
            if (i < setting.steps) {
                updater.update(i + 1, setting.step * model.flowStep(), 1);
            }
        }
        return new Flow(risks, support, model.forward(data).toArray(), false);
    }

    private static double[] nowhere(ExampleBatch data) {
        double[] outputs = new double[data.batch()];
        Arrays.fill(outputs, Double.NaN);
        return outputs;
    }

    /** How far a run ended from another; not finite if one of them diverged. */
    private record Gap(double risk, double outputs) {
        static Gap of(Flow flow, double risk, double[] outputs) {
            return new Gap(Math.abs(flow.last() - risk), Math.sqrt(IntStream.range(0, outputs.length)
                    .mapToDouble(i -> Math.pow(flow.outputs[i] - outputs[i], 2)).average().orElseThrow()));
        }

        static Gap mean(List<Gap> gaps) {
            return new Gap(gaps.stream().mapToDouble(Gap::risk).average().orElseThrow(),
                    gaps.stream().mapToDouble(Gap::outputs).average().orElseThrow());
        }
    }

    /** The gap to a large reference against M, at fixed L. */
    private void heads(Lab lab, ExampleBatch data, int steps) throws InterruptedException {
        List<Integer> heads = lab.full() ? List.of(8, 16, 32, 64, 128) : List.of(4, 8, 16, 32);
        int reference = heads.get(heads.size() - 1) * 8;
        int layers = 2;
        List<Flow> limits = lab.forSeeds("reference with " + reference + " heads", (kernels, seed) ->
                flow(kernels, data, new Setting(layers, reference, false, DECAY, EULER_STEP, steps), ~seed));
        double risk = limits.stream().mapToDouble(Flow::last).average().orElseThrow();
        double[] outputs = IntStream.range(0, data.batch()).mapToDouble(i -> limits.stream().mapToDouble(flow -> flow.outputs[i]).average()
                .orElseThrow()).toArray();
        List<List<Gap>> gaps = lab.forSettings("heads", heads, (kernels, m, seed) -> Gap.mean(IntStream.range(0, DRAWS).mapToObj(draw ->
                Gap.of(flow(kernels, data, new Setting(layers, m, false, DECAY, EULER_STEP, steps), DRAWS * seed + draw), risk, outputs))
                .toList()));
        gap(lab, "heads", "M", heads, gaps, "the mean of those of " + reference + " heads, " + layers + " layers", -0.5, "M^(-1/2)");
    }

    /** The gap to a deep reference against L, with the same heads in all layers at the start, so that no chance is in it. */
    private void layers(Lab lab, ExampleBatch data, int steps) throws InterruptedException {
        List<Integer> layers = List.of(2, 4, 8, 16);
        int reference = layers.get(layers.size() - 1) * 8;
        int heads = lab.sized(16, 32);
        List<Flow> limits = lab.forSeeds("reference with " + reference + " layers", (kernels, seed) ->
                flow(kernels, data, new Setting(reference, heads, true, DECAY, EULER_STEP, steps), seed));
        List<List<Gap>> gaps = lab.forSettings("layers", layers, (kernels, l, seed) -> {
            Flow limit = limits.get(lab.seeds().indexOf(seed));
            return Gap.of(flow(kernels, data, new Setting(l, heads, true, DECAY, EULER_STEP, steps), seed), limit.last(), limit.outputs);
        });
        gap(lab, "layers", "L", layers, gaps, "that of " + reference + " layers, " + heads + " heads", -1, "L^(-1)");
    }

    /** Exponents of both gaps; the theorem bounds them from above, so a steeper fall agrees with it. */
    private void gap(Lab lab, String what, String letter, List<Integer> sizes, List<List<Gap>> gaps, String reference, double expected,
            String power) {
        List<Plot.Line> lines = new ArrayList<>();
        for (boolean ofRisk : new boolean[] {true, false}) {
            String name = ofRisk ? "risk" : "outputs";
            List<List<Double>> values = gaps.stream().map(each -> each.stream().map(gap -> ofRisk ? gap.risk : gap.outputs).toList()).toList();
            String claim = (ofRisk ? "The risk" : "The outputs") + " of " + letter + " " + what + (ofRisk ? " is" : " are") + " within C "
                    + power + " of the limit: on logarithmic axes the gap over " + letter + " falls with a slope of " + Spread.plain(expected)
                    + " or steeper, to " + NEAR + ", by its 95 % interval";
            if (!values.stream().allMatch(each -> each.stream().allMatch(gap -> gap > 0 && Double.isFinite(gap)))) {
                findings.add(Finding.untested(claim, Label.READ, "a run diverged, or a gap is 0"));
                continue;
            }
            LineFit fit = exponent(sizes.stream().mapToDouble(size -> size).toArray(), values);
            double margin = fit.slopeMargin(0.95);
            double[] places = sizes.stream().mapToDouble(size -> size).toArray();
            lines.add(new Plot.Line(name, Series.Style.POINTS, places, values.stream().mapToDouble(each -> Spread.of(each).median()).toArray()));
            lines.add(new Plot.Line(name + ", fit, slope " + Spread.number(fit.slope()), Series.Style.LINE, places,
                    Arrays.stream(places).map(size -> Math.exp(fit.at(Math.log(size)))).toArray()));
            String measured = "slope " + Spread.number(fit.slope()) + " ± " + Spread.number(margin) + "; gaps for " + letter + " = " + sizes + ": "
                    + words(values);
            if (!tells(margin, expected)) {
                findings.add(Finding.untested(claim, Label.READ, measured + ": " + TOO_WIDE));
                continue;
            }
            findings.add(Finding.of(claim, Label.READ, measured, fit.slope() - margin <= expected + NEAR,
                    fit.slope() + margin < expected - NEAR ? "the theorem is an upper bound; here the gap falls faster"
                            : "the theorem is an upper bound, up to a logarithm; that the gap follows it is our own expectation"));
        }
        plots.add(new Plot("gap-" + what, "Distance of the last risk and outputs from " + reference + ", median of the seeds", what + " " + letter,
                true, "|risk - reference|, and root mean square for outputs", true, lines));
    }

    /** Whether a slope is known well enough to be told from 0 and from twice the expected one. */
    private static boolean tells(double margin, double expected) {
        return margin <= Math.abs(expected) / 2;
    }

    /** The slope of ln y over ln x, of values for each x and seed; what is common to a seed is taken out. */
    static LineFit exponent(double[] x, List<List<Double>> values) {
        int seeds = values.get(0).size();
        double[] places = new double[x.length * seeds];
        double[] logs = new double[x.length * seeds];
        double[] ofSeed = new double[seeds];
        for (int i = 0; i < logs.length; i++) {
            places[i] = Math.log(x[i / seeds]);
            logs[i] = Math.log(values.get(i / seeds).get(i % seeds));
            ofSeed[i % seeds] += logs[i] / x.length;
        }
        double all = Arrays.stream(ofSeed).average().orElseThrow();
        for (int i = 0; i < logs.length; i++) {
            logs[i] += all - ofSeed[i % seeds];
        }
        return LineFit.of(places, logs);
    }

    private static String words(List<List<Double>> values) {
        return String.join("; ", values.stream().map(each -> Spread.of(each).toString()).toList());
    }

    private void decay(Lab lab, ExampleBatch data, int steps) throws InterruptedException {
        List<List<Flow>> all = lab.forSettings("weight decay", DECAYS, (kernels, decay, seed) ->
                flow(kernels, data, new Setting(2, lab.sized(16, 32), false, decay, LONG_STEP, steps), seed));
        List<Plot.Line> risks = new ArrayList<>();
        List<Plot.Line> supports = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            String name = "λ = " + Spread.plain(DECAYS.get(i));
            risks.add(Plot.Line.overSteps(name, Curves.median(all.get(i).stream().map(Flow::risks).toList())));
            supports.add(Plot.Line.overSteps(name, Curves.median(all.get(i).stream().map(Flow::support).toList())));
        }
        plots.add(new Plot("risk", "Risk along the flow by weight decay, median of the seeds", "Euler steps of " + LONG_STEP, false, "risk", true, risks));
        plots.add(new Plot("support", "Largest norm of a particle by weight decay, median of the seeds", "Euler steps of " + LONG_STEP, false,
                "norm", false, supports));
        riskOfDecay(all.subList(1, all.size()).stream().map(flows -> flows.stream().map(Flow::last).toList()).toList());
        Spread with = Spread.of(all.get(all.size() - 1).stream().map(MeanFieldStudy::lateGrowth).toList());
        Spread without = Spread.of(all.get(0).stream().map(MeanFieldStudy::lateGrowth).toList());
        String growth = "largest norm of the second half less that of the first: ";
        findings.add(Finding.of("With weight decay the support of the weights stays bounded: with λ = "
                + Spread.plain(DECAYS.get(DECAYS.size() - 1)) + " the largest norm of the second half of the flow exceeds that of the first half "
                + "for no seed", Label.READ, growth + with, with.greatest() <= 0, "over a finite time; the paper's statement is about all times"));
        findings.add(Finding.of("Without weight decay the support grows: the same for each seed", Label.CHOICE, growth + without,
                without.least() > 0, "the paper does not say so; the growth slows as the risk falls to 0"));
    }

    /** Last risks for each weight decay other than 0. */
    private void riskOfDecay(List<List<Double>> risks) {
        List<Double> decays = DECAYS.subList(1, DECAYS.size());
        List<Spread> spreads = risks.stream().map(Spread::of).toList();
        String measured = "risk for λ = " + String.join(", ", decays.stream().map(Spread::plain).toList()) + ": " + words(risks);
        findings.add(Finding.of("The last risk is within C λ of 0: its median, divided by λ, does not rise from one λ to the next smaller", Label.READ,
                measured, IntStream.range(1, spreads.size()).allMatch(i -> spreads.get(i - 1).median() / decays.get(i - 1)
                        <= spreads.get(i).median() / decays.get(i)), "the theorem's bound is eps + C λ, after long enough a time"));
        String claim = "The last risk is roughly proportional to λ: on logarithmic axes its slope is 1, to " + NEAR + ", by its 95 % interval";
        if (!risks.stream().allMatch(each -> each.stream().allMatch(risk -> risk > 0 && Double.isFinite(risk)))) {
            findings.add(Finding.untested(claim, Label.CHOICE, "a run diverged"));
            return;
        }
        double[] x = decays.stream().mapToDouble(decay -> decay).toArray();
        LineFit fit = exponent(x, risks);
        double margin = fit.slopeMargin(0.95);
        String slope = "slope " + Spread.number(fit.slope()) + " ± " + Spread.number(margin);
        plots.add(new Plot("risk-decay", "Last risk by weight decay, median of the seeds", "weight decay λ", true, "risk", true, List.of(
                new Plot.Line("measured", Series.Style.POINTS, x, spreads.stream().mapToDouble(Spread::median).toArray()),
                new Plot.Line("fit, slope " + Spread.number(fit.slope()), Series.Style.LINE, x,
                        Arrays.stream(x).map(decay -> Math.exp(fit.at(Math.log(decay)))).toArray()))));
        findings.add(!tells(margin, 1) ? Finding.untested(claim, Label.CHOICE, slope + ": " + TOO_WIDE)
                : Finding.of(claim, Label.CHOICE, slope, Math.abs(fit.slope() - 1) <= margin + NEAR, "an error proportional to λ, whose square the risk is, gives 2"));
    }

    /** The largest norm of the second half less that of the first. */
    private static double lateGrowth(Flow flow) {
        int middle = flow.support.length / 2;
        return flow.diverged ? Double.POSITIVE_INFINITY : Arrays.stream(flow.support, middle, flow.support.length).max().orElseThrow()
                - Arrays.stream(flow.support, 0, middle).max().orElseThrow();
    }
}
