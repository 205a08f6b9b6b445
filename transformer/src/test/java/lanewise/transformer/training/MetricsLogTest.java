package lanewise.transformer.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import lanewise.transformer.models.Evaluation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsLogTest {
    @TempDir
    Path folder;

    private static StepMetrics metrics(int step) {
        return new StepMetrics(step, 1.0 / step, 1e-3, 2, 1234.6, 0.5 * step,
                step % 2 == 0 ? new Evaluation(6, 4, 1) : null);
    }

    @Test
    void everyStepIsARowAtOnce() throws IOException {
        Path file = folder.resolve("metrics.csv");
        try (MetricsLog log = MetricsLog.create(file)) {
            log.step(metrics(1));
            log.step(metrics(2));
            assertEquals(List.of(MetricsLog.HEADER, "1,1.0,0.001,2.0,1235,0.500,,", "2,0.5,0.001,2.0,1235,1.000,1.5,0.25"),
                    Files.readAllLines(file));
        }
    }

    @Test
    void resumingDropsRowsAfterTheCheckpointAndCutOnes() throws IOException {
        Path file = folder.resolve("metrics.csv");
        try (MetricsLog log = MetricsLog.create(file)) {
            for (int step = 1; step <= 9; step++) {
                log.step(metrics(step));
            }
        }
        List<String> whole = Files.readAllLines(file);
        Files.writeString(file, "10,0.1,0.0", StandardOpenOption.APPEND);
        try (MetricsLog log = MetricsLog.resume(file, 5)) {
            assertEquals(whole.subList(0, 6), Files.readAllLines(file));
            log.step(metrics(6));
        }
        assertEquals(whole.subList(0, 7), Files.readAllLines(file));
        try (MetricsLog log = MetricsLog.resume(folder.resolve("absent.csv"), 5)) {
            log.step(metrics(6));
        }
        assertEquals(2, Files.readAllLines(folder.resolve("absent.csv")).size());
    }
}
