package lanewise.transformer.models;

import java.util.HashMap;
import java.util.Map;
import lanewise.kernels.Activation;
import lanewise.transformer.data.TokenBatch;
import lanewise.transformer.layers.Parameter;

/** The definition of a GPT's logits in plain loops over double, one sequence and one token at a time. */
final class ReferenceGpt {
    private final GptConfig config;
    private final Map<String, double[]> weights = new HashMap<>();

    ReferenceGpt(Gpt gpt) {
        config = gpt.config();
        for (Parameter parameter : gpt.parameters()) {
            weights.put(parameter.name(), parameter.value().toArray());
        }
    }

    double[][] logits(TokenBatch batch) {
        double[][] all = new double[batch.batch() * batch.length()][];
        for (int b = 0; b < batch.batch(); b++) {
            double[][] x = new double[batch.length()][];
            for (int t = 0; t < batch.length(); t++) {
                x[t] = row("embedding.token.weight", batch.tokens()[b * batch.length() + t]);
                if (config.positions() == Positions.LEARNED) {
                    x[t] = sum(x[t], row("embedding.position.weight", t));
                }
            }
            for (int layer = 0; layer < config.layers(); layer++) {
                String name = "layer." + layer;
                double[][] attended = attention(name + ".attention", x);
                for (int t = 0; t < x.length; t++) {
                    x[t] = sum(x[t], linear(name + ".attention.output", attended[t], config.width()));
                    double[] hidden = linear(name + ".feedForward.in", norm(name + ".feedForward.norm", x[t]),
                            config.feedForwardWidth());
                    for (int i = 0; i < hidden.length; i++) {
                        hidden[i] = activation(config.activation(), hidden[i]);
                    }
                    x[t] = sum(x[t], linear(name + ".feedForward.out", hidden, config.width()));
                }
            }
            for (int t = 0; t < x.length; t++) {
                double[] h = norm("norm", x[t]);
                double[] logits = new double[config.vocabulary()];
                for (int v = 0; v < logits.length; v++) {
                    logits[v] = dot(h, row("embedding.token.weight", v), 0, 0, h.length);
                }
                all[b * batch.length() + t] = logits;
            }
        }
        return all;
    }

    private double[][] attention(String name, double[][] x) {
        int d = config.headWidth();
        int queryWidth = config.heads() * d;
        int keyWidth = config.keyHeads() * d;
        double[][] qkv = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            qkv[t] = linear(name + ".qkv", norm(name + ".norm", x[t]), queryWidth + 2 * keyWidth);
            if (config.positions() == Positions.ROTARY) {
                for (int head = 0; head < config.heads() + config.keyHeads(); head++) {
                    rotate(qkv[t], head * d, d, t);
                }
            }
        }
        double[][] result = new double[x.length][queryWidth];
        for (int t = 0; t < x.length; t++) {
            for (int head = 0; head < config.heads(); head++) {
                int shared = head / (config.heads() / config.keyHeads());
                double[] weight = new double[t + 1];
                double total = 0;
                for (int s = 0; s <= t; s++) {
                    weight[s] = Math.exp(dot(qkv[t], qkv[s], head * d, queryWidth + shared * d, d) / Math.sqrt(d));
                    total += weight[s];
                }
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < d; i++) {
                        result[t][head * d + i] +=
                                weight[s] / total * qkv[s][queryWidth + keyWidth + shared * d + i];
                    }
                }
            }
        }
        return result;
    }

    private static void rotate(double[] x, int from, int d, int position) {
        for (int i = 0; i < d / 2; i++) {
            double angle = position * Math.pow(10000, -2.0 * i / d);
            double first = x[from + i];
            double second = x[from + i + d / 2];
            x[from + i] = first * Math.cos(angle) - second * Math.sin(angle);
            x[from + i + d / 2] = first * Math.sin(angle) + second * Math.cos(angle);
        }
    }

    private double[] norm(String name, double[] x) {
        double mean = 0;
        double variance = 0;
        for (double v : x) {
            mean += v / x.length;
        }
        for (double v : x) {
            variance += (v - mean) * (v - mean) / x.length;
        }
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = (x[i] - mean) / Math.sqrt(variance + config.epsilon()) * weights.get(name + ".gain")[i]
                    + (config.bias() ? weights.get(name + ".shift")[i] : 0);
        }
        return y;
    }

    private double[] linear(String name, double[] x, int outputs) {
        double[] weight = weights.get(name + ".weight");
        double[] y = new double[outputs];
        for (int o = 0; o < outputs; o++) {
            y[o] = config.bias() ? weights.get(name + ".bias")[o] : 0;
            for (int i = 0; i < x.length; i++) {
                y[o] += x[i] * weight[i * outputs + o];
            }
        }
        return y;
    }

    private double[] row(String name, int index) {
        double[] row = new double[config.width()];
        System.arraycopy(weights.get(name), index * row.length, row, 0, row.length);
        return row;
    }

    /** Activations from their formulas; erf by its Taylor series. */
    static double activation(Activation f, double x) {
        return switch (f) {
            case IDENTITY -> x;
            case RELU -> Math.max(x, 0);
            case HUBER_RELU -> x <= 0 ? 0 : x <= 1 ? x * x / 2 : x - 0.5;
            case GELU_TANH -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case GELU_ERF -> x / 2 * (1 + erf(x / Math.sqrt(2)));
            case SILU -> x / (1 + Math.exp(-x));
            case TANH -> Math.tanh(x);
            case SOFTPLUS -> Math.log1p(Math.exp(x));
        };
    }

    private static double erf(double x) {
        double term = x;
        double sum = x;
        for (int n = 1; n < 200; n++) {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }
        return 2 / Math.sqrt(Math.PI) * sum;
    }

    private static double dot(double[] x, double[] y, int fromX, int fromY, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += x[fromX + i] * y[fromY + i];
        }
        return sum;
    }

    private static double[] sum(double[] x, double[] y) {
        double[] z = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            z[i] = x[i] + y[i];
        }
        return z;
    }
}
