package lanewise.transformer.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import lanewise.transformer.layers.Parameter;
import lanewise.transformer.models.Evaluation;
import lanewise.transformer.models.Model;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdditionDataTest {
    private static String problem(AdditionData data, TokenBatch batch, int index) {
        int[] row = Arrays.copyOfRange(batch.tokens(), index * batch.length(), (index + 1) * batch.length());
        return data.tokenizer().decode(row);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 9})
    void problemsAreRightAndOnlyAnswersCount(int digits) {
        AdditionData data = new AdditionData(digits, 16, 5);
        for (TokenBatch batch : List.of(data.trainingBatch(0), data.trainingBatch(99), data.heldOut().get(0))) {
            assertEquals(data.context(), batch.length());
            for (int b = 0; b < batch.batch(); b++) {
                String text = problem(data, batch, b);
                long left = Long.parseLong(text.substring(0, digits));
                long right = Long.parseLong(text.substring(digits + 1, 2 * digits + 1));
                assertEquals("+=", "" + text.charAt(digits) + text.charAt(2 * digits + 1));
                StringBuilder answer = new StringBuilder();
                for (int t = 0; t < batch.length(); t++) {
                    int target = batch.targets()[b * batch.length() + t];
                    assertEquals(t < 2 * digits + 1, target == TokenBatch.IGNORED);
                    if (target != TokenBatch.IGNORED) {
                        answer.append(data.tokenizer().decode(new int[] {target}));
                    }
                }
                assertEquals(digits + 2, answer.length());
                assertEquals(";", answer.substring(digits + 1));
                answer.setLength(digits + 1);
                assertTrue(text.endsWith("=" + answer));
                assertEquals(left + right, Long.parseLong(answer.reverse().toString()), text);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void heldOutProblemsAreNeverTrainedOn(int digits) {
        AdditionData data = new AdditionData(digits, 64, 6);
        Set<String> held = new HashSet<>();
        for (TokenBatch batch : data.heldOut()) {
            assertTrue(batch.batch() <= 64);
            for (int b = 0; b < batch.batch(); b++) {
                String text = problem(data, batch, b).substring(0, 2 * digits + 1);
                held.add(text);
                held.add(text.substring(digits + 1) + "+" + text.substring(0, digits));
            }
        }
        Set<String> trained = new HashSet<>();
        for (long serial = 0; serial < 2500; serial++) {
            TokenBatch batch = data.trainingBatch(serial);
            for (int b = 0; b < batch.batch(); b++) {
                trained.add(problem(data, batch, b).substring(0, 2 * digits + 1));
            }
        }
        assertFalse(held.stream().anyMatch(trained::contains));
        if (digits <= 2) {
            assertEquals(Math.pow(10, 2 * digits), held.size() + trained.size(), "every problem is in one of the two");
            assertEquals(data.heldOutProblems(), held.size());
        }
    }

    @Test
    void aboutATenthIsHeldOutWhateverTheSeed() {
        AdditionData data = new AdditionData(2, 10, 1);
        assertTrue(Math.abs(data.heldOutProblems() - 1000) < 150, "" + data.heldOutProblems());
        assertArrayEquals(data.heldOut().get(3).tokens(), new AdditionData(2, 10, 2).heldOut().get(3).tokens());
        assertFalse(Arrays.equals(data.trainingBatch(0).tokens(), new AdditionData(2, 10, 2).trainingBatch(0).tokens()));
        assertArrayEquals(data.trainingBatch(7).tokens(), new AdditionData(2, 10, 1).trainingBatch(7).tokens());
        for (long serial = 0; serial < 10; serial++) {
            assertEquals(serial == 7,
                    Arrays.equals(data.trainingBatch(7).tokens(), data.trainingBatch(serial).tokens()));
        }
    }

    @Test
    void oneWrongDigitMakesAnAnswerWrong() {
        AdditionData data = new AdditionData(2, 32, 0);
        Model<TokenBatch> oracle = new Model<>() {
            @Override
            public List<Parameter> parameters() {
                return List.of();
            }

            @Override
            public void differentiate(TokenBatch batch, double gradientScale, long dropoutSeed) {
                throw new UnsupportedOperationException();
            }

            @Override
            public double loss() {
                throw new UnsupportedOperationException();
            }

            /** Misses the last digit of sums from 100 on. */
            @Override
            public Evaluation evaluate(TokenBatch batch) {
                assertEquals(1, batch.batch());
                return new Evaluation(0, 4, problem(data, batch, 0).endsWith("1") ? 3 : 4);
            }
        };
        int right = 0;
        for (TokenBatch batch : data.heldOut()) {
            for (int b = 0; b < batch.batch(); b++) {
                right += problem(data, batch, b).endsWith("0") ? 1 : 0;
            }
        }
        assertEquals((double) right / data.heldOutProblems(), data.exactAccuracy(oracle));
    }

    @Test
    void samplesAreReadable() {
        AdditionData data = new AdditionData(2, 8, 0);
        List<String> right = data.samples(5, (prompt, count) -> {
            String text = data.tokenizer().decode(prompt);
            int sum = Integer.parseInt(text.substring(0, 2)) + Integer.parseInt(text.substring(3, 5));
            assertEquals(4, count);
            return data.tokenizer().encode(new StringBuilder(String.format("%03d", sum)).reverse() + ";");
        });
        assertEquals(5, right.size());
        for (String line : right) {
            assertTrue(line.matches("\\d{1,2} \\+ \\d{1,2} = \\d{1,3}"), line);
        }
        for (String line : data.samples(5, (prompt, count) -> data.tokenizer().encode("99+9"))) {
            assertTrue(line.contains("   wrong: it is "), line);
        }
        for (String line : data.samples(5, (prompt, count) -> data.tokenizer().encode("0000"))) {
            assertTrue(line.matches(".* = 0   wrong: it is \\d+"), line);
        }
    }

    @Test
    void badSizesAreNamed() {
        assertEquals("digits is 0; expected 1 to 9",
                assertThrows(IllegalArgumentException.class, () -> new AdditionData(0, 1, 0)).getMessage());
        assertEquals("digits is 10; expected 1 to 9",
                assertThrows(IllegalArgumentException.class, () -> new AdditionData(10, 1, 0)).getMessage());
        assertEquals("batch is 0; expected 1 to 16777216",
                assertThrows(IllegalArgumentException.class, () -> new AdditionData(2, 0, 0)).getMessage());
    }
}
