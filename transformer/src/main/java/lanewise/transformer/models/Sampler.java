package lanewise.transformer.models;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Draws the next token from a model's logits: first the temperature, then the {@code topK} most probable tokens, then of
 * these the fewest whose probabilities reach {@code topP} together (nucleus sampling: Holtzman et al., arXiv 1904.09751).
 * Tokens as probable as the last one kept are kept too. The same seed gives the same draws. Not for use from several threads.
 */
public final class Sampler {
    private final double temperature;
    private final int topK;
    private final double topP;
    private final SplittableRandom random;

    /**
     * A sampler.
     *
     * @param temperature divides the logits; below 1 makes probable tokens more so; 0 always takes the most probable one
     * @param topK        most tokens to choose from; 0 for all
     * @param topP        probability to keep, above 0 to 1; 1 for all
     * @throws IllegalArgumentException if one is out of range
     */
    public Sampler(double temperature, int topK, double topP, long seed) {
        if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("temperature is " + temperature + "; expected at least 0");
        }
        if (topK < 0) {
            throw new IllegalArgumentException("topK is " + topK + "; expected at least 0, where 0 keeps all tokens");
        }
        if (!(topP > 0 && topP <= 1)) {
            throw new IllegalArgumentException("topP is " + topP + "; expected above 0 to 1, where 1 keeps all tokens");
        }
        this.temperature = temperature;
        this.topK = topK;
        this.topP = topP;
        random = new SplittableRandom(seed);
    }

    /**
     * A token.
     *
     * @param logits one per token; negative infinity rules a token out
     * @return index into logits
     * @throws IllegalArgumentException if a logit is NaN or positive infinity, or if there is none but negative infinity
     */
    public int next(double[] logits) {
        int best = mostProbable(logits);
        if (temperature == 0) {
            return best;
        }
        double largest = logits[best];
        double threshold = threshold(logits, largest);
        double total = 0;
        for (double logit : logits) {
            total += logit >= threshold ? weight(logit, largest) : 0;
        }
        double left = random.nextDouble() * total;
        int chosen = best;
        for (int token = 0; token < logits.length; token++) {
            double weight = logits[token] >= threshold ? weight(logits[token], largest) : 0;
            if (weight > 0) {
                chosen = token;
                left -= weight;
                if (left < 0) {
                    break;
                }
            }
        }
        return chosen;
    }

    /** The smallest logit that is kept. */
    private double threshold(double[] logits, double largest) {
        int count = logits.length;
        boolean limited = topK > 0 && topK < count;
        if (!limited && topP == 1) {
            return Double.NEGATIVE_INFINITY;
        }
        double[] ascending = logits.clone();
        Arrays.sort(ascending);
        double threshold = limited ? ascending[count - topK] : Double.NEGATIVE_INFINITY;
        if (topP == 1) {
            return threshold;
        }
        double total = 0;
        for (int i = count - 1; i >= 0 && ascending[i] >= threshold; i--) {
            total += weight(ascending[i], largest);
        }
        int smallest = count;
        for (double sum = 0; sum < topP * total && smallest > 0;) {
            smallest--;
            sum += weight(ascending[smallest], largest);
        }
        return Math.max(threshold, ascending[smallest]);
    }

    /** The probability, but for a common factor; at most 1, so that nothing overflows. */
    private double weight(double logit, double largest) {
        return Math.exp((logit - largest) / temperature);
    }

    private static int mostProbable(double[] logits) {
        int best = -1;
        for (int token = 0; token < logits.length; token++) {
            double logit = logits[token];
            if (Double.isNaN(logit) || logit == Double.POSITIVE_INFINITY) {
                throw new IllegalArgumentException("logit of token " + token + " is " + logit + "; expected a finite number");
            }
            if (logit > (best < 0 ? Double.NEGATIVE_INFINITY : logits[best])) {
                best = token;
            }
        }
        if (best < 0) {
            throw new IllegalArgumentException("none of the " + logits.length + " logits is finite");
        }
        return best;
    }
}
