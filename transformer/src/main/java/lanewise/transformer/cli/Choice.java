package lanewise.transformer.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import lanewise.kernels.Activation;
import lanewise.kernels.ElementType;
import lanewise.transformer.data.DataConfig;
import lanewise.transformer.instruments.Watch;
import lanewise.transformer.models.Positions;
import lanewise.transformer.training.OptimizerConfig;
import lanewise.transformer.training.Schedule;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

/** The constants of an enum as words on the command line: GELU_TANH is gelu-tanh. */
final class Choice {
    /** Words that the field uses, where they differ from the constant. */
    private static final Map<Enum<?>, String> USUAL = Map.of(
            Activation.GELU_ERF, "gelu",
            DataConfig.Tokens.CHARACTERS, "char",
            OptimizerConfig.Method.GRADIENT_DESCENT, "sgd");

    private Choice() {
    }

    /** The word of a constant. */
    static String word(Enum<?> constant) {
        return USUAL.getOrDefault(constant, constant.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    }

    /** The constant of a word, or null. */
    static <E extends Enum<E>> E find(Class<E> type, String word) {
        return Arrays.stream(type.getEnumConstants()).filter(constant -> word(constant).equals(word)).findFirst()
                .orElse(null);
    }

    /** Teaches a command line all choices. */
    static CommandLine register(CommandLine line) {
        add(line, Preset.class);
        add(line, Device.class);
        add(line, ElementType.class);
        add(line, Activation.class);
        add(line, Positions.class);
        add(line, DataConfig.Task.class);
        add(line, DataConfig.Tokens.class);
        add(line, Schedule.Shape.class);
        add(line, OptimizerConfig.Method.class);
        add(line, Watch.Instrument.class);
        return line;
    }

    private static <E extends Enum<E>> void add(CommandLine line, Class<E> type) {
        line.registerConverter(type, word -> {
            E constant = find(type, word);
            if (constant == null) {
                throw new TypeConversionException("\"" + word + "\" is not one of " + Arrays
                        .stream(type.getEnumConstants()).map(Choice::word).collect(Collectors.joining(", ")));
            }
            return constant;
        });
    }
}
