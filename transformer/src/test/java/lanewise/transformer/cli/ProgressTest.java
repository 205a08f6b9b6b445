package lanewise.transformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import lanewise.transformer.models.Evaluation;
import lanewise.transformer.reports.TerminalBar;
import lanewise.transformer.training.StepMetrics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ProgressTest {
    private static StepMetrics step(int step, Evaluation heldOut) {
        return new StepMetrics(step, 2, 1e-3, 1, 12345, step, heldOut);
    }

    @Test
    void aTerminalGetsABarThatLeavesOnlyLines() throws InterruptedException {
        StringWriter text = new StringWriter();
        try (Progress progress = new Progress(new PrintWriter(text), 100, 0, 10)) {
            progress.step(step(1, null));
            Thread.sleep(500);
            progress.step(step(2, new Evaluation(30, 10, 5)));
        }
        assertTrue(text.toString().contains("loss 2.000, 12,345 tokens/s, "), text.toString());
        String screen = screen(text.toString(), 100);
        assertEquals("step     2: training loss 2.0000, validation loss 3.0000", screen.strip());
    }

    @Test
    void withoutATerminalThereAreOnlyLines() {
        StringWriter text = new StringWriter();
        try (Progress progress = new Progress(new PrintWriter(text), 0, 0, 10)) {
            progress.step(step(1, null));
            progress.step(step(2, new Evaluation(30, 10, 5)));
        }
        assertEquals("step     2: training loss 2.0000, validation loss 3.0000" + System.lineSeparator(),
                text.toString());
    }

    @Test
    void timeIsShort() {
        assertEquals("0:05", TerminalBar.time(5.2));
        assertEquals("59:59", TerminalBar.time(3599.4));
        assertEquals("2:00:01", TerminalBar.time(7201));
    }

    /** What a terminal shows in the end. */
    private static String screen(String text, int columns) {
        StringBuilder screen = new StringBuilder();
        StringBuilder line = new StringBuilder();
        int column = 0;
        for (char c : text.replace(System.lineSeparator(), "\n").toCharArray()) {
            if (c == '\n') {
                screen.append(line).append('\n');
                line.setLength(0);
                column = 0;
            } else if (c == '\r') {
                column = 0;
            } else {
                assertTrue(column < columns, "the bar is wider than the terminal: " + line);
                if (column == line.length()) {
                    line.append(c);
                } else {
                    line.setCharAt(column, c);
                }
                column++;
            }
        }
        return screen.append(line).toString();
    }
}
