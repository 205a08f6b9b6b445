package lanewise.bench.benchmarks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TurnsTest {
    @Test
    void everySecondRoundGoesBackwards() {
        assertArrayEquals(new int[] {0, 1, 2, 2, 1, 0, 0, 1, 2},
                IntStream.range(0, 9).map(iteration -> ContenderBenchmark.turn(iteration, 3)).toArray());
        assertEquals(0, ContenderBenchmark.turn(5, 1));
    }

    @Test
    void theTimeOfAThreadIsReadWhateverItsName() {
        assertEquals(123, Compilers.ticks("42 (C2 (odd) Thre) S 1 1 1 0 -1 4194368 900 0 0 0 120 3 0 0 20 0 14 0 55 66 77\n"));
    }

    @Test
    void compilersHaveWorkedWithinTheTimeThatPassed() {
        Compilers compilers = new Compilers();
        assertTrue(compilers.nanosSinceLast() >= 0);
    }
}
