package lanewise.transformer.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ScheduleTest {
    @Test
    void cosineIsNanoGpts() {
        Schedule schedule = new Schedule(Schedule.Shape.COSINE, 1e-3, 1e-4, 100, 2000);
        assertEquals(1e-3 / 101, schedule.at(0), 1e-18);
        assertEquals(1e-3 * 50 / 101, schedule.at(49), 1e-18);
        assertEquals(1e-3 * 100 / 101, schedule.at(99), 1e-18);
        assertEquals(1e-3, schedule.at(100), 1e-18);
        assertEquals(5.5e-4, schedule.at(1050), 1e-15, "half way");
        assertEquals(1e-4 + 9e-4 * (0.5 + Math.sqrt(0.125)), schedule.at(575), 1e-15, "a quarter of the way");
        assertEquals(1e-4, schedule.at(2000), 1e-15);
        assertEquals(1e-4, schedule.at(2001));
        assertEquals(1e-4, schedule.at(1_000_000));
    }

    @Test
    void lineIsStraight() {
        Schedule schedule = new Schedule(Schedule.Shape.LINEAR, 1, 0.2, 4, 12);
        double[] expected = {0.2, 0.4, 0.6, 0.8, 1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.2};
        for (int step = 0; step < expected.length; step++) {
            assertEquals(expected[step], schedule.at(step), 1e-15, "step " + step);
        }
    }

    @Test
    void constantKeepsTheHighest() {
        Schedule schedule = new Schedule(Schedule.Shape.CONSTANT, 0.5, 0, 1, 0);
        assertEquals(0.25, schedule.at(0));
        assertEquals(0.5, schedule.at(1));
        assertEquals(0.5, schedule.at(Integer.MAX_VALUE));
        assertEquals(0.3, Schedule.constant(0.3).at(0));
    }

    @Test
    void badValuesAreNamed() {
        Schedule.Shape cosine = Schedule.Shape.COSINE;
        assertMessage("learningRate is -1.0; expected at least 0, finite", () -> new Schedule(cosine, -1, 0, 0, 1));
        assertMessage("learningRate is NaN; expected at least 0, finite", () -> Schedule.constant(Double.NaN));
        assertMessage("minimumLearningRate is 2.0; expected 0 to learningRate, 1.0", () -> new Schedule(cosine, 1, 2, 0, 1));
        assertMessage("warmUpSteps is -1; expected at least 0", () -> new Schedule(cosine, 1, 0, -1, 1));
        assertMessage("decaySteps is 5; expected more than warmUpSteps, 5", () -> new Schedule(cosine, 1, 0, 5, 5));
        OptimizerConfig adam = OptimizerConfig.adamW(0.9, 0.99, 0);
        Schedule schedule = Schedule.constant(1);
        assertMessage("steps is 0; expected at least 1",
                () -> new TrainingConfig(0, 1, 1, schedule, adam, 0, 0, 0, 0, 0));
        assertMessage("batch is -2; expected at least 1",
                () -> new TrainingConfig(1, -2, 1, schedule, adam, 0, 0, 0, 0, 0));
        assertMessage("accumulation is 0; expected at least 1",
                () -> new TrainingConfig(1, 1, 0, schedule, adam, 0, 0, 0, 0, 0));
        assertMessage("clipping is -1.0; expected a largest norm, or 0 for none",
                () -> new TrainingConfig(1, 1, 1, schedule, adam, -1, 0, 0, 0, 0));
        assertMessage("beta2 is 1.0; expected 0 to below 1", () -> OptimizerConfig.adamW(0.9, 1, 0));
        assertMessage("momentum is 1.0; expected 0 to below 1",
                () -> new OptimizerConfig(OptimizerConfig.Method.MOMENTUM, 0, 0, 0, 1, 0));
    }

    private static void assertMessage(String expected, Runnable action) {
        assertEquals(expected, assertThrows(IllegalArgumentException.class, action::run).getMessage());
    }
}
