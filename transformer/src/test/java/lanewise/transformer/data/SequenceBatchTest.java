package lanewise.transformer.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import lanewise.kernels.Tensor;
import org.junit.jupiter.api.Test;

class SequenceBatchTest {
    private static final int[] TOKENS = {1, 2, 3, 4, 5, 6};

    @Test
    void tokensOfASequence() {
        TokenBatch batch = new TokenBatch(2, 3, TOKENS, new int[] {7, 8, 9, 10, 11, TokenBatch.IGNORED});
        TokenBatch second = batch.sequence(1);
        assertEquals(1, second.batch());
        assertArrayEquals(new int[] {4, 5, 6}, second.tokens());
        assertArrayEquals(new int[] {10, 11, -1}, second.targets());
        assertFalse(batch.padded());
        assertThrows(IndexOutOfBoundsException.class, () -> batch.sequence(2));
        assertThrows(IndexOutOfBoundsException.class, () -> batch.sequence(-1));
    }

    @Test
    void vectorsWithATargetEach() {
        Tensor inputs = Tensor.wrap(new double[] {1, 2, 3, 4, 5, 6, 7, 8}, 4, 2);
        ExampleBatch batch = ExampleBatch.regression(2, 2, inputs, Tensor.wrap(new double[] {10, 20, 30, 40}, 4, 1));
        ExampleBatch second = batch.sequence(1);
        assertArrayEquals(new double[] {5, 6, 7, 8}, second.inputs().toArray());
        assertArrayEquals(new double[] {30, 40}, second.targets().toArray());
        assertNull(second.validLengths());
        assertThrows(IndexOutOfBoundsException.class, () -> batch.sequence(2));
    }

    @Test
    void paddedTokensWithOneClassASequence() {
        ExampleBatch batch = ExampleBatch.classification(2, 3, TOKENS, new int[] {0, 1}).withValidLengths(3, 2);
        ExampleBatch second = batch.sequence(1);
        assertArrayEquals(new int[] {4, 5, 6}, second.tokens());
        assertArrayEquals(new int[] {1}, second.classes());
        assertArrayEquals(new int[] {2}, second.validLengths());
        assertTrue(batch.padded());
    }
}
