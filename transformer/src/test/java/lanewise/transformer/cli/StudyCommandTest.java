package lanewise.transformer.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudyCommandTest {
    @Test
    void wrongArgumentsAreNamed(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertWrong("there is no study \"residuals\"; expected all, residual", "residuals");
        assertWrong("--seeds is 0; expected 1 to 1000", "residual", "--seeds", "0");
        assertWrong("--out is '" + file + "', which is no folder", "residual", "--out", file.toString());
        assertWrong("--json is '" + folder + "'; expected a file", "residual", "--json", folder.toString());
        assertWrong("--mnist is '" + file + "', which is no folder", "shallow-encoder", "--mnist", file.toString());
        assertWrong("--out is '', which is no folder", "residual", "--out", "");
        assertWrong("--mnist is data for the study shallow-encoder, which is not to be run", "residual", "--mnist", folder.toString());
        assertWrong("--quick, --full are mutually exclusive", "residual", "--quick", "--full");
    }

    @Test
    void missingDataIsNamedBeforeAnythingRuns(@TempDir Path folder) {
        CommandLineRun.of("study", "all", "--mnist", folder, "--out", folder.resolve("out")).fails(1,
                "train-images-idx3-ubyte does not exist");
        CommandLineRun.of("study", "mean-field", "--cifar10", folder, "--out", folder.resolve("out")).fails(1,
                "data_batch_1.bin does not exist");
        assertTrue(Files.notExists(folder.resolve("out")));
    }

    @Test
    void aFolderThatCannotBeWrittenIsNamedBeforeAnythingRuns(@TempDir Path folder) throws Exception {
        Path below = Files.writeString(folder.resolve("file"), "").resolve("out");
        CommandLineRun.of("study", "residual", "--out", below).fails(1, "folder " + below + " can't be written");
    }

    private static void assertWrong(String message, String... arguments) {
        String[] all = new String[arguments.length + 1];
        all[0] = "study";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        CommandLineRun.of((Object[]) all).fails(2, message);
    }
}
