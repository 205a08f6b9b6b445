package lanewise.transformer.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class SamplerTest {
    private static final int DRAWS = 40_000;
    private static final double[] PROBABILITIES = {0.05, 0.4, 0.1, 0.25, 0.2};
    private static final double[] LOGITS = logits(PROBABILITIES);

    private static double[] logits(double... probabilities) {
        // An offset changes nothing.
        return Arrays.stream(probabilities).map(p -> Math.log(p) + 700).toArray();
    }

    /** Frequencies within five standard deviations of the expected probabilities. */
    private static void assertDistribution(Sampler sampler, double... expected) {
        int[] counts = new int[expected.length];
        for (int i = 0; i < DRAWS; i++) {
            counts[sampler.next(LOGITS)]++;
        }
        for (int token = 0; token < expected.length; token++) {
            double p = expected[token];
            double deviation = Math.sqrt(DRAWS * p * (1 - p));
            assertTrue(Math.abs(counts[token] - DRAWS * p) <= 5 * deviation,
                    "token " + token + " came " + counts[token] + " times of " + DRAWS + "; expected a share of " + p);
        }
    }

    @Test
    void followsTheProbabilities() {
        assertDistribution(new Sampler(1, 0, 1, 1), PROBABILITIES);
    }

    @Test
    void temperatureSharpensAndFlattens() {
        for (double temperature : new double[] {0.5, 2}) {
            double[] expected = new double[PROBABILITIES.length];
            double sum = 0;
            for (double p : PROBABILITIES) {
                sum += Math.pow(p, 1 / temperature);
            }
            for (int i = 0; i < expected.length; i++) {
                expected[i] = Math.pow(PROBABILITIES[i], 1 / temperature) / sum;
            }
            assertDistribution(new Sampler(temperature, 0, 1, 2), expected);
        }
    }

    @Test
    void topKKeepsTheMostProbable() {
        assertDistribution(new Sampler(1, 2, 1, 3), 0, 0.4 / 0.65, 0, 0.25 / 0.65, 0);
        assertDistribution(new Sampler(1, 1, 1, 3), 0, 1, 0, 0, 0);
        assertDistribution(new Sampler(1, 99, 1, 3), PROBABILITIES);
    }

    @Test
    void topPKeepsTheFewestThatReachIt() {
        assertDistribution(new Sampler(1, 0, 0.6, 4), 0, 0.4 / 0.65, 0, 0.25 / 0.65, 0);
        assertDistribution(new Sampler(1, 0, 0.66, 4), 0, 0.4 / 0.85, 0, 0.25 / 0.85, 0.2 / 0.85);
        assertDistribution(new Sampler(1, 0, 1e-9, 4), 0, 1, 0, 0, 0);
    }

    @Test
    void topPCountsWithinTopK() {
        // Of 0.4, 0.25, 0.2 the first has a share of 0.47, the first two of 0.76.
        assertDistribution(new Sampler(1, 3, 0.7, 5), 0, 0.4 / 0.65, 0, 0.25 / 0.65, 0);
        assertDistribution(new Sampler(1, 3, 0.45, 5), 0, 1, 0, 0, 0);
    }

    @Test
    void temperatureZeroTakesTheMostProbable() {
        Sampler sampler = new Sampler(0, 0, 1, 6);
        assertEquals(1, sampler.next(LOGITS));
        assertEquals(0, sampler.next(new double[] {3, 3, 2}), "the first of equals");
    }

    @Test
    void neverTakesWhatIsRuledOut() {
        Sampler sampler = new Sampler(3, 0, 1, 7);
        double none = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < 1000; i++) {
            assertEquals(2, sampler.next(new double[] {none, none, -5, none}));
        }
    }

    @Test
    void theSameSeedGivesTheSameDraws() {
        Sampler first = new Sampler(0.9, 4, 0.95, 8);
        Sampler second = new Sampler(0.9, 4, 0.95, 8);
        assertArrayEquals(IntStream.range(0, 200).map(i -> first.next(LOGITS)).toArray(),
                IntStream.range(0, 200).map(i -> second.next(LOGITS)).toArray());
    }

    @Test
    void refusesBadSettingsAndLogits() {
        for (double temperature : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertMessage("temperature is " + temperature, () -> new Sampler(temperature, 0, 1, 0));
        }
        assertMessage("topK is -1", () -> new Sampler(1, -1, 1, 0));
        for (double topP : new double[] {0, 1.1, Double.NaN}) {
            assertMessage("topP is " + topP, () -> new Sampler(1, 0, topP, 0));
        }
        Sampler sampler = new Sampler(1, 0, 1, 0);
        assertMessage("logit of token 1 is NaN", () -> sampler.next(new double[] {0, Double.NaN}));
        assertMessage("logit of token 0 is Infinity", () -> sampler.next(new double[] {1 / 0.0, 0}));
        assertMessage("none of the 1 logits", () -> sampler.next(new double[] {-1 / 0.0}));
    }

    private static void assertMessage(String expected, Executable action) {
        String message = assertThrows(IllegalArgumentException.class, action).getMessage();
        assertTrue(message.contains(expected), message);
    }
}
