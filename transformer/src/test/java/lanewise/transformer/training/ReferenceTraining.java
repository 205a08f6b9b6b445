package lanewise.transformer.training;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import lanewise.transformer.data.TokenBatch;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.models.Gpt;
import lanewise.transformer.models.GptConfig;

/**
 * Trains a GPT with scalar arithmetic in double and nothing of what it tests but the names and first values of the
 * parameters: the model by its textbook formulas on a {@link Tape}, then clipping and AdamW as PyTorch documents them. For
 * GPTs with learned positions, as many key heads as heads, GELU in the tanh form, biases, and no dropout.
 */
final class ReferenceTraining {
    private final GptConfig config;
    private final Map<String, double[]> weights = new LinkedHashMap<>();
    private final Map<String, double[]> means = new LinkedHashMap<>();
    private final Map<String, double[]> squares = new LinkedHashMap<>();
    private double norm;
    private Tape tape;
    private Map<String, int[]> recorded;

    ReferenceTraining(Gpt gpt) {
        config = gpt.config();
        for (Parameter parameter : gpt.parameters()) {
            weights.put(parameter.name(), parameter.value().toArray());
            means.put(parameter.name(), new double[parameter.value().elements()]);
            squares.put(parameter.name(), new double[parameter.value().elements()]);
        }
    }

    double[] weight(String name) {
        return weights.get(name);
    }

    /** Gradient norm of the last step, before clipping. */
    double norm() {
        return norm;
    }

    /** One step of AdamW over the mean of the micro-batches' losses, which is returned. */
    double step(int step, TokenBatch[] micro, double rate, double clipping, double beta1, double beta2, double epsilon,
            double decay) {
        Map<String, double[]> gradients = new LinkedHashMap<>();
        weights.forEach((name, weight) -> gradients.put(name, new double[weight.length]));
        double loss = 0;
        for (TokenBatch batch : micro) {
            tape = new Tape();
            tape.constant(0);
            recorded = new LinkedHashMap<>();
            weights.forEach((name, weight) -> recorded.put(name, tape.constants(weight)));
            int result = loss(batch);
            double[] all = tape.gradient(result);
            loss += tape.value(result) / micro.length;
            gradients.forEach((name, gradient) -> {
                for (int i = 0; i < gradient.length; i++) {
                    gradient[i] += all[recorded.get(name)[i]] / micro.length;
                }
            });
        }
        norm = Math.sqrt(gradients.values().stream().flatMapToDouble(Arrays::stream).map(g -> g * g).sum());
        double factor = norm > clipping ? clipping / (norm + 1e-6) : 1;
        weights.forEach((name, weight) -> {
            boolean decays = name.endsWith(".weight");
            double[] m = means.get(name);
            double[] v = squares.get(name);
            for (int i = 0; i < weight.length; i++) {
                double g = factor * gradients.get(name)[i];
                m[i] = beta1 * m[i] + (1 - beta1) * g;
                v[i] = beta2 * v[i] + (1 - beta2) * g * g;
                double mean = m[i] / (1 - Math.pow(beta1, step));
                double square = v[i] / (1 - Math.pow(beta2, step));
                weight[i] *= 1 - (decays ? rate * decay : 0);
                weight[i] -= rate * mean / (Math.sqrt(square) + epsilon);
            }
        });
        return loss;
    }

    private int loss(TokenBatch batch) {
        int sum = tape.constant(0);
        int counted = 0;
        for (int b = 0; b < batch.batch(); b++) {
            int from = b * batch.length();
            int[][] logits = logits(Arrays.copyOfRange(batch.tokens(), from, from + batch.length()));
            for (int t = 0; t < batch.length(); t++) {
                int target = batch.targets()[from + t];
                if (target != TokenBatch.IGNORED) {
                    int total = tape.constant(0);
                    for (int logit : logits[t]) {
                        total = tape.add(total, tape.exp(logit));
                    }
                    sum = tape.add(sum, tape.subtract(tape.log(total), logits[t][target]));
                    counted++;
                }
            }
        }
        return tape.divide(sum, tape.constant(counted));
    }

    private int[][] logits(int[] tokens) {
        int width = config.width();
        int[] table = recorded.get("embedding.token.weight");
        int[] positions = recorded.get("embedding.position.weight");
        int[][] x = new int[tokens.length][];
        for (int t = 0; t < tokens.length; t++) {
            x[t] = add(slice(table, tokens[t] * width, width), slice(positions, t * width, width));
        }
        for (int layer = 0; layer < config.layers(); layer++) {
            String name = "layer." + layer;
            int[][] attended = attention(name + ".attention", x);
            for (int t = 0; t < tokens.length; t++) {
                x[t] = add(x[t], linear(name + ".attention.output", attended[t]));
                int[] hidden = linear(name + ".feedForward.in", norm(name + ".feedForward.norm", x[t]));
                hidden = Arrays.stream(hidden).map(this::gelu).toArray();
                x[t] = add(x[t], linear(name + ".feedForward.out", hidden));
            }
        }
        int[][] logits = new int[tokens.length][config.vocabulary()];
        for (int t = 0; t < tokens.length; t++) {
            int[] last = norm("norm", x[t]);
            for (int v = 0; v < config.vocabulary(); v++) {
                logits[t][v] = dot(last, slice(table, v * width, width));
            }
        }
        return logits;
    }

    private int[][] attention(String name, int[][] x) {
        int width = config.width();
        int headWidth = width / config.heads();
        int[][] qkv = new int[x.length][];
        int[][] result = new int[x.length][width];
        for (int t = 0; t < x.length; t++) {
            qkv[t] = linear(name + ".qkv", norm(name + ".norm", x[t]));
            for (int from = 0; from < width; from += headWidth) {
                int[] weight = new int[t + 1];
                int total = tape.constant(0);
                for (int s = 0; s <= t; s++) {
                    int score = dot(slice(qkv[t], from, headWidth), slice(qkv[s], width + from, headWidth));
                    weight[s] = tape.exp(tape.divide(score, tape.constant(Math.sqrt(headWidth))));
                    total = tape.add(total, weight[s]);
                }
                for (int i = from; i < from + headWidth; i++) {
                    int sum = tape.constant(0);
                    for (int s = 0; s <= t; s++) {
                        sum = tape.add(sum, tape.multiply(weight[s], qkv[s][2 * width + i]));
                    }
                    result[t][i] = tape.divide(sum, total);
                }
            }
        }
        return result;
    }

    private int[] norm(String name, int[] x) {
        int count = tape.constant(x.length);
        int mean = tape.constant(0);
        for (int v : x) {
            mean = tape.add(mean, tape.divide(v, count));
        }
        int[] y = new int[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = tape.subtract(x[i], mean);
        }
        int variance = tape.divide(dot(y, y), count);
        int deviation = tape.sqrt(tape.add(variance, tape.constant(config.epsilon())));
        for (int i = 0; i < x.length; i++) {
            int scaled = tape.multiply(tape.divide(y[i], deviation), recorded.get(name + ".gain")[i]);
            y[i] = tape.add(scaled, recorded.get(name + ".shift")[i]);
        }
        return y;
    }

    private int[] linear(String name, int[] x) {
        int[] weight = recorded.get(name + ".weight");
        int[] bias = recorded.get(name + ".bias");
        int[] y = bias.clone();
        for (int o = 0; o < y.length; o++) {
            for (int i = 0; i < x.length; i++) {
                y[o] = tape.add(y[o], tape.multiply(x[i], weight[i * y.length + o]));
            }
        }
        return y;
    }

    private int gelu(int x) {
        int cube = tape.multiply(tape.multiply(x, x), tape.multiply(x, tape.constant(0.044715)));
        int inner = tape.multiply(tape.constant(Math.sqrt(2 / Math.PI)), tape.add(x, cube));
        return tape.multiply(tape.multiply(tape.constant(0.5), x), tape.add(tape.constant(1), tape.tanh(inner)));
    }

    private int dot(int[] x, int[] y) {
        int sum = tape.constant(0);
        for (int i = 0; i < x.length; i++) {
            sum = tape.add(sum, tape.multiply(x[i], y[i]));
        }
        return sum;
    }

    private int[] add(int[] x, int[] y) {
        int[] z = new int[x.length];
        for (int i = 0; i < x.length; i++) {
            z[i] = tape.add(x[i], y[i]);
        }
        return z;
    }

    private static int[] slice(int[] x, int from, int count) {
        return Arrays.copyOfRange(x, from, from + count);
    }
}
