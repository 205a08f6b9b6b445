package lanewise.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class CommandLineTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Bench.commandLine(new PrintWriter(out, true), new PrintWriter(err, true)).execute(arguments);
    }

    @Test
    void aFilterThatMatchesNothingIsToldSo() {
        assertEquals(2, run("--filter", "no such row"));
        assertTrue(err.toString().contains("--filter is 'no such row', which no row matches"), err.toString());
    }

    @Test
    void aFilterThatIsNoExpressionIsToldSo() {
        assertEquals(2, run("--filter", "("));
        assertTrue(err.toString().contains("no regular expression"), err.toString());
    }

    @Test
    void aListMeasuresNothing() {
        assertEquals(0, run("--list", "--peers", "--filter", "training step 4x128"));
        assertTrue(out.toString().contains("training step 4x128 heads 4 vocabulary 65 batch 12x64"), out.toString());
        assertTrue(out.toString().contains("openblas") && out.toString().contains("About "), out.toString());
    }
}
