package lanewise.transformer.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lanewise.kernels.Kernels;
import lanewise.transformer.data.AdditionData;
import lanewise.transformer.data.DataConfig;
import lanewise.transformer.data.Tokenizer;
import lanewise.transformer.models.Generator;
import lanewise.transformer.models.Gpt;
import lanewise.transformer.models.GptConfig;
import lanewise.transformer.models.Sampler;
import lanewise.transformer.training.Checkpoint;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Lets a trained model write. */
@Command(name = "generate", mixinStandardHelpOptions = true, versionProvider = Lanewise.Version.class,
        sortOptions = false, abbreviateSynopsis = true,
        description = "Lets a trained model continue a text, and prints it as it comes.",
        footer = {"", "Examples:", "  lanewise generate --checkpoint runs/shakespeare --prompt ROMEO: --tokens 300",
            "  lanewise generate --checkpoint runs/addition --prompt 27+58",
            "A model of sums answers its problem; the options of the choices do not apply."})
final class GenerateCommand implements Callable<Integer> {
    private static final Pattern SUM = Pattern.compile("\\s*(\\d{1,18})\\s*\\+\\s*(\\d{1,18})\\s*=?\\s*");

    @Option(names = "--checkpoint", paramLabel = "DIR", required = true,
            description = "A run's folder, for its newest checkpoint, or the folder of one checkpoint.")
    private Path checkpoint;

    @Option(names = "--prompt", paramLabel = "TEXT", defaultValue = "",
            description = "What to continue (default: the beginning of a text).")
    private String prompt;

    @Option(names = "--tokens", paramLabel = "N", defaultValue = "500",
            description = "Tokens to write (default: ${DEFAULT-VALUE}).")
    private int tokens;

    @Option(names = "--temperature", paramLabel = "X", defaultValue = "0.8",
            description = "Divides the scores: the smaller, the safer; 0 takes the most probable token every time "
                    + "(default: ${DEFAULT-VALUE}).")
    private double temperature;

    @Option(names = "--top-k", paramLabel = "N", defaultValue = "200",
            description = "Choose among this many most probable tokens; 0 for all (default: ${DEFAULT-VALUE}).")
    private int topK;

    @Option(names = "--top-p", paramLabel = "P", defaultValue = "1",
            description = "Choose among the fewest tokens that have this probability together; 1 for all (default: ${DEFAULT-VALUE}).")
    private double topP;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1337",
            description = "Seed of the choices (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Mixin(name = "Computation")
    private KernelOptions kernelOptions;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Sampler sampler;
        try {
            sampler = new Sampler(temperature, topK, topP, seed);
        } catch (IllegalArgumentException outOfRange) {
            throw wrong(outOfRange.getMessage());
        }
        if (tokens < 0) {
            throw wrong("--tokens is " + tokens + "; expected at least 0");
        }
        Checkpoint stored = Checkpoint.open(checkpoint);
        GptConfig config = stored.modelConfig(GptConfig.class, GptConfig::parameterCount);
        Tokenizer tokenizer = stored.tokenizer();
        if (tokenizer == null || tokenizer.size() != config.vocabulary()) {
            throw new IOException(stored.directory() + ": the model has " + config.vocabulary()
                    + " tokens and the tokenizer " + (tokenizer == null ? 0 : tokenizer.size()));
        }
        DataConfig data = stored.dataConfig(DataConfig.class);
        try (Kernels kernels = kernelOptions.open()) {
            requireMemory(kernels, config, stored);
            Gpt model = new Gpt(config, kernels, stored.elementType(), 0);
            stored.loadModel(model.parameters());
            if (data.task() == DataConfig.Task.ADDITION) {
                add(data.digits(), model);
            } else {
                write(tokenizer, new Generator(model, sampler));
            }
        }
        return 0;
    }

    private static void requireMemory(Kernels kernels, GptConfig config, Checkpoint stored) throws IOException {
        try {
            Memory.require(config, stored.elementType(), 0, Memory.limit(kernels));
        } catch (IllegalArgumentException tooLarge) {
            throw new IOException(stored.directory() + ": " + tooLarge.getMessage(), tooLarge);
        }
    }

    private void write(Tokenizer tokenizer, Generator generator) {
        int[] start;
        try {
            start = prompt.isEmpty() ? Prompts.start(tokenizer) : tokenizer.encode(prompt);
        } catch (IllegalArgumentException unknownCharacter) {
            throw wrong("--prompt: " + unknownCharacter.getMessage());
        }
        PrintWriter out = spec.commandLine().getOut();
        out.print(prompt);
        out.flush();
        Stream stream = new Stream(tokenizer, out);
        generator.generate(start, tokens, stream::add);
        stream.end();
    }

    private void add(int digits, Gpt model) {
        Matcher problem = SUM.matcher(prompt);
        if (!problem.matches()) {
            throw wrong("this model adds: expected a --prompt such as 27+58 (with numbers of " + digits + " digits), given \"" + prompt + "\"");
        }
        Generator greedy = new Generator(model, new Sampler(0, 0, 1, 0));
        try {
            spec.commandLine().getOut().println(new AdditionData(digits, 1, 0).solve(Long.parseLong(problem.group(1)),
                    Long.parseLong(problem.group(2)), (start, count) -> greedy.generate(start, count, token -> { })));
        } catch (IllegalArgumentException tooLarge) {
            throw wrong("--prompt: " + tooLarge.getMessage());
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** Prints tokens as soon as they are whole characters: a byte-pair token may be part of one. */
    private static final class Stream {
        private static final char PART = '\ufffd';

        private final Tokenizer tokenizer;
        private final PrintWriter out;
        private int[] waiting = new int[0];

        Stream(Tokenizer tokenizer, PrintWriter out) {
            this.tokenizer = tokenizer;
            this.out = out;
        }

        void add(int token) {
            waiting = Arrays.copyOf(waiting, waiting.length + 1);
            waiting[waiting.length - 1] = token;
            String text = tokenizer.decode(waiting);
            // A character has at most four bytes, so more than four tokens do not wait for one.
            if (text.isEmpty() || text.charAt(text.length() - 1) != PART || waiting.length > 4) {
                print(text);
            }
        }

        void end() {
            print(tokenizer.decode(waiting));
            out.println();
        }

        private void print(String text) {
            out.print(text);
            out.flush();
            waiting = new int[0];
        }
    }
}
