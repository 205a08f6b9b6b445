package lanewise.bench;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import lanewise.bench.plan.Job;
import lanewise.bench.report.HtmlReport;
import lanewise.bench.report.MarkdownReport;
import lanewise.bench.results.Comparison;
import lanewise.bench.results.Results;
import lanewise.bench.results.RunInfo;
import lanewise.transformer.reports.AtomicFile;

/** A folder with what a run writes: raw results, and more. Files of other names stay as they are. */
record RunFolder(Path path) {
    static final String LOG = "jmh.log";
    static final String NOTES = "notes.jsonl";
    private static final String INFO = "run.json";
    private static final String TEXT = "RESULTS.md";
    private static final String PAGE = "RESULTS.html";

    /** The folder of what is measured at present, in the module's folder; it is made if need be. */
    static RunFolder partial(Path home) throws IOException {
        return new RunFolder(Files.createDirectories(home.resolve("results/partial")));
    }

    /** The folder of the last full run's raw results. */
    static RunFolder published(Path home) {
        return new RunFolder(home.resolve("results"));
    }

    /** Writes both forms of the report. */
    static void writeReports(Results results, Path folder) throws IOException {
        AtomicFile.write(folder.resolve(TEXT), new MarkdownReport(results).text());
        AtomicFile.write(folder.resolve(PAGE), new HtmlReport(results).text());
    }

    /**
     * Keeps other runs away until the channel is closed.
     *
     * @throws IOException if there is one already
     */
    FileChannel lock() throws IOException {
        FileChannel channel = FileChannel.open(path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean mine = false;
        try {
            mine = channel.tryLock() != null;
        } catch (OverlappingFileLockException sameProcess) {
            // As if another process had it.
        }
        if (!mine) {
            channel.close();
            throw new IOException("another run of the benchmarks writes to " + path + "; both would measure wrongly. Wait for its end.");
        }
        return channel;
    }

    /** Whether a run has begun to write here. */
    boolean hasRun() {
        return Files.exists(path.resolve(INFO));
    }

    RunInfo readInfo() throws IOException {
        return RunInfo.read(path.resolve(INFO));
    }

    void writeInfo(RunInfo info) throws IOException {
        AtomicFile.write(path.resolve(INFO), info.json());
    }

    private static List<String> raw() {
        List<String> names = new ArrayList<>(List.of(INFO, Comparison.FILE));
        Job.files().forEach(file -> names.add(file + ".json"));
        return names;
    }

    private static List<String> all() {
        List<String> names = raw();
        names.addAll(List.of(TEXT, PAGE, LOG, NOTES));
        return names;
    }

    /** Makes room. What a full run wrote took long, so it stays, in the folder {@code old} in this one. */
    void clear() throws IOException {
        if (hasRun() && readInfo().full) {
            RunFolder old = new RunFolder(Files.createDirectories(path.resolve("old")));
            old.remove(all());
            move(all(), old);
        }
        remove(all());
    }

    /** Moves raw results to another folder, in place of those there, and removes all the rest. */
    void moveRaw(RunFolder to) throws IOException {
        // Not all of an older run's files need have a successor.
        to.remove(raw());
        move(raw(), to);
        remove(all());
    }

    private void remove(List<String> names) throws IOException {
        for (String name : names) {
            Files.deleteIfExists(path.resolve(name));
        }
    }

    private void move(List<String> names, RunFolder to) throws IOException {
        for (String name : names) {
            if (Files.exists(path.resolve(name))) {
                Files.move(path.resolve(name), to.path.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }
}
