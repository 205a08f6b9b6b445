package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Compiles the kernels' sources for the host, once, with the system's C++ compiler; without one the tests are skipped. */
final class HostRun {
    private static final Path SOURCES = Path.of("src/main/cuda");
    private static final Path HOST = Path.of("src/test/cuda");
    private static final Path BUILD = Path.of("target/host-run");
    private static Path program;

    private HostRun() {
    }

    static synchronized Device device() throws IOException, InterruptedException {
        if (program == null) {
            assumeTrue(run(List.of("g++", "--version")) == 0, "no g++ on the PATH: kernels for GPUs are not run on the host");
            program = build();
        }
        return new Device(new HostDriver(program));
    }

    private static Path build() throws IOException, InterruptedException {
        Files.createDirectories(BUILD);
        List<Path> sources = new ArrayList<>();
        for (Path folder : List.of(SOURCES, HOST)) {
            try (Stream<Path> files = Files.list(folder)) {
                files.filter(file -> file.toString().endsWith(".cu")).sorted().forEach(sources::add);
            }
        }
        sources.add(HOST.resolve("host_run.cpp"));
        List<Process> compilers = new ArrayList<>();
        List<String> link = new ArrayList<>(List.of("g++", "-fsanitize=address"));
        for (Path source : sources) {
            String object = BUILD.resolve(source.getFileName() + ".o").toString();
            compilers.add(new ProcessBuilder("g++", "-std=c++17", "-O1", "-g", "-fsanitize=address", "-DLANEWISE_HOST", "-ffp-contract=off", "-I" + SOURCES,
                    "-I" + HOST, "-x", "c++", "-c", source.toString(), "-o", object).inheritIO().start());
            link.add(object);
        }
        for (int i = 0; i < compilers.size(); i++) {
            if (compilers.get(i).waitFor() != 0) {
                throw new IOException(sources.get(i) + " does not compile for the host");
            }
        }
        Path built = BUILD.resolve("host-run");
        link.addAll(List.of("-o", built.toString()));
        if (run(link) != 0) {
            throw new IOException("the host run can't be linked");
        }
        return built;
    }

    private static int run(List<String> command) throws InterruptedException {
        try {
            return new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start().waitFor();
        } catch (IOException missing) {
            return -1;
        }
    }
}
