package lanewise.transformer.cli;

import java.nio.file.Path;
import lanewise.transformer.data.DataConfig;
import picocli.CommandLine.Option;

/** What to train on. */
final class DataOptions {
    @Option(names = "--task", paramLabel = "TASK",
            description = "addition (sums of two numbers, made up as needed) or text (default: text if there is --text, "
                    + "else addition).")
    DataConfig.Task task;

    @Option(names = "--digits", paramLabel = "N",
            description = "Addition: digits of each number, 1 to 9 (default: ${DEFAULT-VALUE}).")
    int digits;

    @Option(names = "--text", paramLabel = "FILE",
            description = "Train on this text, UTF-8; its last 10 %% are held out for validation.")
    Path text;

    @Option(names = "--tokenizer", paramLabel = "KIND",
            description = "Text: char (one token per character) or gpt2 (GPT-2's byte pairs) (default: ${DEFAULT-VALUE}).")
    DataConfig.Tokens tokenizer;

    @Option(names = "--context", paramLabel = "N",
            description = "Text: tokens per sequence, the most that the model looks at (default: 64, or the preset's).")
    Integer context;
}
