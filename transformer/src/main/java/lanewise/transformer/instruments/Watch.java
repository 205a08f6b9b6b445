package lanewise.transformer.instruments;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.data.SequenceBatch;
import lanewise.transformer.models.Layered;
import lanewise.transformer.models.Model;
import lanewise.transformer.reports.AtomicFile;
import lanewise.transformer.training.StepMetrics;
import lanewise.transformer.training.TrainingListener;

/**
 * Instruments that look at a model while it is trained, every some steps, on sequences of their own. They change neither the
 * weights nor what comes of the training, to the bit. The readings go to a file of comma-separated values: step, chart, line, value.
 *
 * @param <B> what the model takes at a time
 */
public final class Watch<B extends SequenceBatch<B>> implements TrainingListener, AutoCloseable {
    /** What to look at. */
    public enum Instrument {
        /** Singular values and condition number of every layer's output. */
        SPECTRUM,
        /** Entropy of every layer's attention, and its distance from uniform. */
        ATTENTION,
        /** Extreme eigenvalues of the tangent kernel of the sequences' losses, and its distance from the start. */
        NTK,
        /** Distance of the weights from the start. */
        DRIFT,
        /** Norms of the gradients by kind of parameter. */
        GRADIENTS
    }

    /** The file of the readings in a run's folder. */
    public static final String FILE = "instruments.csv";
    /** As many show what there is to see. */
    public static final int SEQUENCES = 8;
    /** The first line. */
    static final String HEADER = "step,chart,line,value";

    private final Kernels kernels;
    private final Model<B> model;
    private final Layered layers;
    private final B probe;
    private final Set<Instrument> instruments;
    private final int every;
    private final BufferedWriter out;
    private final Drift drift;
    private Tensor firstKernel;

    /**
     * Begins a file, or goes on with that of a run that is resumed, up to its step; distances are then from where it goes on.
     *
     * @param probe what the model is run on, without padding
     * @param every steps between readings; there is also one at the first step
     * @param file  of the readings
     * @param step  steps done before; 0 for a new run
     * @throws IllegalArgumentException if the probe has padding, or every is less than 1
     */
    public <M extends Model<B> & Layered> Watch(Kernels kernels, M model, B probe, Set<Instrument> instruments, int every, Path file,
            int step) throws IOException {
        if (probe.padded()) {
            throw new IllegalArgumentException("the probe has padding; expected sequences whose rows all count");
        }
        if (every < 1) {
            throw new IllegalArgumentException("every is " + every + "; expected at least 1 step");
        }
        this.kernels = kernels;
        this.model = model;
        layers = model;
        this.probe = probe;
        this.instruments = Set.copyOf(instruments);
        this.every = every;
        List<String> lines = new ArrayList<>(List.of(HEADER));
        if (step > 0 && Files.exists(file)) {
            Files.readAllLines(file).stream().filter(line -> line.matches("\\d{1,9},[^,]*,[^,]*,[^,]+")
                    && Integer.parseInt(line.substring(0, line.indexOf(','))) <= step).forEach(lines::add);
        }
        AtomicFile.write(file, String.join("\n", lines) + "\n");
        out = Files.newBufferedWriter(file, StandardOpenOption.APPEND);
        drift = instruments.contains(Instrument.DRIFT) ? new Drift(model.parameters()) : null;
        firstKernel = instruments.contains(Instrument.NTK) ? kernel() : null;
    }

    @Override
    public void step(StepMetrics metrics) throws IOException {
        if (metrics.step() % every != 0 && metrics.step() != 1) {
            return;
        }
        int step = metrics.step();
        // The gradients first: they are the step's own, and the kernel overwrites them.
        if (instruments.contains(Instrument.GRADIENTS)) {
            GradientNorms.of(kernels.reduction(), model.parameters(), GradientNorms::kind)
                    .forEach((kind, norm) -> write(step, "norm of the gradient", kind, norm));
        }
        if (drift != null) {
            write(step, "distance of the weights from the start", "all weights", drift.relative());
        }
        if (instruments.contains(Instrument.SPECTRUM) || instruments.contains(Instrument.ATTENTION)) {
            model.evaluate(probe);
            for (int layer = 0; layer < layers.layers(); layer++) {
                layer(step, layer);
            }
        }
        if (firstKernel != null) {
            Tensor kernel = kernel();
            Spectrum eigenvalues = Spectrum.eigenvalues(kernel);
            write(step, "eigenvalues of the tangent kernel", "largest", eigenvalues.largest());
            write(step, "eigenvalues of the tangent kernel", "smallest", eigenvalues.smallest());
            write(step, "distance of the tangent kernel from the start", "kernel", TangentKernel.drift(kernel, firstKernel));
        }
        out.flush();
    }

    private void layer(int step, int layer) {
        String name = "layer " + layer;
        if (instruments.contains(Instrument.SPECTRUM)) {
            // Sequences that begin alike have equal rows.
            Spectrum spectrum = Spectrum.singularValues(layers.layerOutput(layer)).nonzero();
            write(step, "largest singular value of the layers' outputs", name, spectrum.largest());
            write(step, "smallest singular value of the layers' outputs other than 0", name, spectrum.smallest());
            write(step, "condition number of the layers' outputs", name, spectrum.condition());
        }
        if (instruments.contains(Instrument.ATTENTION)) {
            AttentionMap map = AttentionMap.of(layers.attention(layer), probe.batch(), probe.length());
            write(step, "entropy of attention", name, map.entropy());
            write(step, "distance of attention from uniform", name, map.distance());
        }
    }

    private Tensor kernel() {
        return TangentKernel.ofLosses(kernels, model, IntStream.range(0, probe.batch()).mapToObj(probe::sequence).toList());
    }

    private void write(int step, String chart, String line, double value) {
        try {
            out.write(step + "," + chart + "," + line + "," + value + "\n");
        } catch (IOException failure) {
            throw new UncheckedIOException("a reading of step " + step + " can't be written: " + failure.getMessage(), failure);
        }
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
