package lanewise.transformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;

/** What one call of the command line gave. */
record CommandLineRun(int code, String out, String err) {
    static CommandLineRun of(Object... arguments) {
        String[] args = new String[arguments.length];
        for (int i = 0; i < args.length; i++) {
            args[i] = arguments[i].toString();
        }
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Lanewise.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
        return new CommandLineRun(code, out.toString(), err.toString());
    }

    CommandLineRun succeeds() {
        assertEquals(0, code, err);
        return this;
    }

    /** Fails with this code and a message that has all these parts, and without a stack trace. */
    CommandLineRun fails(int expected, String... parts) {
        assertEquals(expected, code, err);
        assertTrue(("\n" + err).contains("\nlanewise: "), err);
        for (String part : parts) {
            assertTrue(err.contains(part), "\"" + part + "\" is not in: " + err);
        }
        assertFalse(err.contains("\tat "), err);
        return this;
    }
}
