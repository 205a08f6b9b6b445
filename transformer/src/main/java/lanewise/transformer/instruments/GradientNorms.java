package lanewise.transformer.instruments;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.List;
import lanewise.kernels.Reduction;
import lanewise.transformer.layers.Parameter;

/** Euclidean norms of the gradients of groups of parameters. */
public final class GradientNorms {
    private GradientNorms() {
    }

    /**
     * Of the gradients as the last backward pass left them.
     *
     * @param group the name of the group that a parameter's name belongs to
     * @return in the order of the parameters
     */
    public static Map<String, Double> of(Reduction reduction, List<Parameter> parameters, Function<String, String> group) {
        Map<String, Double> squares = new LinkedHashMap<>();
        for (Parameter parameter : parameters) {
            squares.merge(group.apply(parameter.name()), reduction.sumOfSquares(parameter.gradient()), Double::sum);
        }
        squares.replaceAll((name, sum) -> Math.sqrt(sum));
        return squares;
    }

    /** Groups by kind, over all layers: "layer.0.attention.query.weight" and "layer.3.attention.key.weight" are "attention". */
    public static String kind(String name) {
        String[] words = name.split("\\.");
        // "layer.0" and "blocks.0" say where, not what.
        return words.length > 2 && words[1].matches("\\d+") ? words[2] : words[0];
    }
}
