package lanewise.transformer.cli;

import java.util.HashMap;
import java.util.Map;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.OptionSpec;

/**
 * A named set of defaults for the options of {@code train}; an option that is given goes before them. The one place
 * where the defaults of data, model and training stand; {@code --help} shows them.
 */
enum Preset {
    /** Small enough to learn two-digit sums in a minute or two on two cores. */
    ADDITION("layers=2 width=128 steps=1000 batch=128 learning-rate=2e-3 evaluation-batches=0"),
    /** nanoGPT's recipe for CPUs: config/train_shakespeare_char.py with the changes that its README makes. */
    SHAKESPEARE_CHAR_CPU("layers=4 width=128 context=64 steps=2000 batch=12"),
    /** nanoGPT's recipe for a GPU: config/train_shakespeare_char.py. */
    SHAKESPEARE_CHAR("layers=6 heads=6 width=384 context=256 dropout=0.2 steps=5000 batch=64");

    private final Map<String, String> values = new HashMap<>();

    Preset(String own) {
        read("""
                digits=2 tokenizer=char heads=4 positions=learned activation=gelu dropout=0 accumulation=1
                learning-rate=1e-3 minimum-learning-rate=1e-4 schedule=cosine warm-up=100 optimizer=adamw beta1=0.9
                beta2=0.99 momentum=0.9 weight-decay=0.1 clip=1 evaluate-every=250 evaluation-batches=20
                checkpoint-every=500""");
        read(own);
    }

    private void read(String entries) {
        for (String entry : entries.split("\\s+")) {
            String[] parts = entry.split("=");
            values.put("--" + parts[0], parts[1]);
        }
    }

    /** Whether it needs a text. */
    boolean forText() {
        return this != ADDITION;
    }

    /**
     * Provides the defaults of the preset that the arguments ask for; without one, that of the task: addition, or the
     * recipe for CPUs if there is a text. Defaults must be known before picocli reads the arguments, so this looks for
     * itself; what is wrong with the arguments is left to picocli to say.
     */
    static IDefaultValueProvider defaultsFor(String... args) {
        Preset chosen = null;
        boolean text = false;
        for (int i = 0; i < args.length; i++) {
            if (args[i].startsWith("--preset=")) {
                chosen = Choice.find(Preset.class, args[i].substring("--preset=".length()));
            } else if (args[i].equals("--preset") && i + 1 < args.length) {
                chosen = Choice.find(Preset.class, args[i + 1]);
            }
            text |= args[i].equals("--text") || args[i].startsWith("--text=");
        }
        Preset preset = chosen != null ? chosen : text ? SHAKESPEARE_CHAR_CPU : ADDITION;
        return argument -> argument instanceof OptionSpec option ? preset.values.get(option.longestName()) : null;
    }
}
