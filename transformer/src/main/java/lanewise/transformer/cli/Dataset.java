package lanewise.transformer.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lanewise.transformer.data.AdditionData;
import lanewise.transformer.data.CharTokenizer;
import lanewise.transformer.data.DataConfig;
import lanewise.transformer.data.DataSource;
import lanewise.transformer.data.Gpt2Tokenizer;
import lanewise.transformer.data.TextData;
import lanewise.transformer.data.TokenBatch;
import lanewise.transformer.data.Tokenizer;
import lanewise.transformer.models.Generator;
import lanewise.transformer.models.Gpt;
import lanewise.transformer.models.Sampler;
import lanewise.transformer.training.Checkpoint;

/**
 * What a run is trained on, with what the command line shows of it.
 *
 * @param config  names it
 * @param source  the batches: {@link AdditionData} or {@link TextData}
 * @param tokenizer its tokens
 */
record Dataset(DataConfig config, DataSource<TokenBatch> source, Tokenizer tokenizer) {
    private static final int SAMPLED_PROBLEMS = 8;
    private static final int SAMPLED_TOKENS = 400;

    static Dataset addition(int digits, int batch, long seed) {
        AdditionData data = new AdditionData(digits, batch, seed);
        return new Dataset(DataConfig.addition(digits), data, data.tokenizer());
    }

    static Dataset text(Path file, DataConfig.Tokens tokens, int context, int batch, long seed) throws IOException {
        TextData data = TextData.read(file, text -> tokens == DataConfig.Tokens.GPT2 ? new Gpt2Tokenizer()
                : CharTokenizer.of(text), context, batch, seed);
        return new Dataset(DataConfig.text(file, data, tokens, context), data, data.tokenizer());
    }

    /** That of a checkpoint; a text must not have changed. */
    static Dataset reopen(Checkpoint checkpoint, int batch, long seed) throws IOException {
        DataConfig config = checkpoint.dataConfig(DataConfig.class);
        if (config.task() == DataConfig.Task.ADDITION) {
            return addition(config.digits(), batch, seed);
        }
        return new Dataset(config, config.reopen(checkpoint.tokenizer(), batch, seed), checkpoint.tokenizer());
    }

    /** In a few words, such as "sums of two numbers of 2 digits". */
    String title() {
        return config.task() == DataConfig.Task.ADDITION
                ? "sums of two numbers of " + config.digits() + (config.digits() == 1 ? " digit" : " digits")
                : Path.of(config.file()).getFileName().toString();
    }

    /** Something to ask the model, as a word on the command line. */
    String examplePrompt() {
        return config.task() == DataConfig.Task.ADDITION
                ? "27".substring(0, Math.min(2, config.digits())) + "+" + "58".substring(0, Math.min(2, config.digits()))
                : "'The '";
    }

    /** Share of held-out problems that the model answers exactly; null where there are none. */
    Double accuracy(Gpt model) {
        return source instanceof AdditionData data ? (Double) data.exactAccuracy(model) : null;
    }

    /** What the model has learnt to write: texts under labels. */
    Map<String, String> samples(Gpt model, long seed) {
        Map<String, String> samples = new LinkedHashMap<>();
        if (source instanceof AdditionData data) {
            Generator greedy = new Generator(model, new Sampler(0, 0, 1, 0));
            List<String> lines = data.samples(SAMPLED_PROBLEMS,
                    (prompt, count) -> greedy.generate(prompt, count, token -> { }));
            samples.put("held-out problems", String.join("\n", lines));
        } else {
            // nanoGPT's settings for samples.
            Generator generator = new Generator(model, new Sampler(0.8, 200, 1, seed));
            int[] tokens = generator.generate(Prompts.start(tokenizer), SAMPLED_TOKENS, token -> { });
            samples.put("temperature 0.8", tokenizer.decode(tokens).strip());
        }
        return samples;
    }
}
