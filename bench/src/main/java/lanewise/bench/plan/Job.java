package lanewise.bench.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * One row at one number of threads with one lineup: what one start of JMH measures.
 *
 * @param family null for a ceiling, whose row is then its benchmark's class and method
 */
public record Job(Family family, String row, int threads, Lineup lineup) {
    /** Measured before anything else. */
    public static final List<String> CEILINGS = List.of("FmaBenchmark.float32", "FmaBenchmark.float64", "BandwidthBenchmark.copy",
            "BandwidthBenchmark.triad", "BandwidthBenchmark.update");

    /** All jobs of a run on a machine with so many cores, ceilings first, then by family. */
    public static List<Job> plan(boolean quick, boolean peers, Pattern filter, int cores) {
        List<Job> jobs = new ArrayList<>();
        for (Family family : Family.values()) {
            for (Lineup lineup : peers ? List.of(Lineup.MKL, Lineup.OPENBLAS, Lineup.JVM) : List.of(Lineup.ALONE)) {
                if (lineup != Lineup.ALONE && lineup.contenders(family).size() == 1) {
                    continue;
                }
                for (int threads : family.threads().stream().filter(each -> each <= cores).toList()) {
                    for (String row : family.rows()) {
                        boolean wanted = (!quick || family.quickRows().contains(row))
                                && (lineup != Lineup.JVM || family.jvmRows().contains(row));
                        Job job = new Job(family, row, threads, lineup);
                        if (wanted && job.matches(filter)) {
                            jobs.add(job);
                        }
                    }
                }
            }
        }
        if (!jobs.isEmpty()) {
            List<Job> ceilings = new ArrayList<>();
            for (int threads : List.of(1, 2)) {
                for (String ceiling : threads <= cores ? CEILINGS : List.<String>of()) {
                    ceilings.add(new Job(null, ceiling, threads, Lineup.ALONE));
                }
            }
            jobs.addAll(0, ceilings);
        }
        return jobs;
    }

    /** A name in a report, with its plus sign, matches as it is, too. */
    private boolean matches(Pattern filter) {
        return filter == null || filter.matcher(name()).find() || name().contains(filter.pattern());
    }

    /** A number of threads in words. */
    public static String threads(int threads) {
        return threads == 1 ? "1 thread" : threads + " threads";
    }

    /** The row and its number of threads in words. */
    public String place() {
        return name() + ", " + threads(threads);
    }

    /** Names the row in the report, such as {@code "softmax 768x65 forward"}. */
    public String name() {
        return family == null ? "ceiling " + row : family.title + " " + row;
    }

    /** The raw results that it belongs to, without an ending. */
    public String file() {
        return family == null ? "ceilings" : family.file() + "-" + lineup.file();
    }

    /** All that {@link #file} can be. */
    public static List<String> files() {
        List<String> files = new ArrayList<>(List.of("ceilings"));
        for (Family family : Family.values()) {
            for (Lineup lineup : Lineup.values()) {
                files.add(new Job(family, "", 1, lineup).file());
            }
        }
        return files;
    }

    /** Lanewise first; a ceiling counts as Lanewise's. */
    public List<String> contenders() {
        return family == null ? List.of("lanewise") : lineup.contenders(family);
    }
}
