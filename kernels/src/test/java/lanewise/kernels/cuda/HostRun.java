package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Compiles the kernels' sources for the host, once, with the system's C++ compiler; without one the tests are skipped. */
final class HostRun {
    /** Other modules' tests run in their own folders, beside this module's. */
    private static final Path MODULE = Files.isDirectory(Path.of("src/main/cuda")) ? Path.of("") : Path.of("../kernels");
    private static final Path SOURCES = MODULE.resolve("src/main/cuda");
    private static final Path HOST = MODULE.resolve("src/test/cuda");
    private static final Path BUILD = MODULE.resolve("target/host-run");
    private static Path program;
    private static Path libcuda;

    private HostRun() {
    }

    /** A device that is a process of its own; with {@code -Dlanewise.test.cuda=device}, this machine's GPU. */
    static Device device() throws IOException, InterruptedException {
        return new Device(isDevice() ? GuardedMemory.around(new JcudaDriver()) : driver(), false);
    }

    /** Whether tests of kernels are to run on this machine's GPU. */
    static boolean isDevice() {
        return "device".equals(System.getProperty("lanewise.test.cuda"));
    }

    /** Whether a source's kernels can run: here all of them, on a GPU those for it. */
    static boolean runs(Device device, String file) {
        return !isDevice() || device.runs(file);
    }

    /** A process that plays a device, in which every access out of bounds is an error. */
    static synchronized Driver driver() throws IOException, InterruptedException {
        if (program == null) {
            List<Path> sources = files("cu");
            sources.add(HOST.resolve("host_run.cpp"));
            program = build(sources, "host-run", List.of("-fsanitize=address", "-g"));
        }
        return new HostDriver(program);
    }

    /** A folder with a libcuda.so.1 that runs kernels on the host: those that its test uses. */
    static synchronized Path libcuda() throws IOException, InterruptedException {
        if (libcuda == null) {
            libcuda = build(List.of(SOURCES.resolve("softmax.cu"), SOURCES.resolve("tensor.cu"), HOST.resolve("host_libcuda.cpp")), "libcuda.so.1",
                    List.of("-fPIC", "-shared", "-fvisibility=hidden"));
        }
        return libcuda.getParent();
    }

    /** Skips a test where something is missing, and prints why: Maven does not. */
    static void needs(boolean there, String reason) {
        if (!there) {
            System.out.println("Skipped: " + reason);
        }
        assumeTrue(there, reason);
    }

    private static Path build(List<Path> sources, String name, List<String> options) throws IOException, InterruptedException {
        needs(run(List.of("g++", "--version")) == 0, "no g++ on the PATH: kernels for GPUs are not run on the host");
        Path folder = BUILD.resolve(name + "-objects");
        Files.createDirectories(folder);
        List<Path> headers = files("cuh|h");
        Map<Path, Path> objects = new LinkedHashMap<>();
        List<Process> compilers = new ArrayList<>();
        List<String> link = new ArrayList<>(List.of("g++"));
        link.addAll(options);
        for (Path source : sources) {
            Path object = folder.resolve(source.getFileName() + ".o");
            link.add(object.toString());
            if (isNewer(object, source, headers)) {
                continue;
            }
            objects.put(source, object);
            List<String> compile = new ArrayList<>(List.of("g++", "-std=c++17", "-O1", "-DLANEWISE_HOST", "-ffp-contract=off", "-I" + SOURCES,
                    "-I" + HOST, "-x", "c++", "-c", source.toString(), "-o", object + ".new"));
            compile.addAll(options);
            compilers.add(new ProcessBuilder(compile).inheritIO().start());
        }
        for (Process compiler : compilers) {
            compiler.waitFor();
        }
        int i = 0;
        for (Map.Entry<Path, Path> object : objects.entrySet()) {
            if (compilers.get(i++).exitValue() != 0) {
                throw new IOException(object.getKey() + " does not compile for the host");
            }
            Files.move(Path.of(object.getValue() + ".new"), object.getValue(), StandardCopyOption.REPLACE_EXISTING);
        }
        Path built = BUILD.resolve(name);
        link.addAll(List.of("-o", built.toString()));
        if (run(link) != 0) {
            throw new IOException(name + " can't be linked");
        }
        return built;
    }

    private static List<Path> files(String endings) throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path folder : List.of(SOURCES, HOST)) {
            try (Stream<Path> files = Files.list(folder)) {
                files.filter(file -> file.toString().matches(".*\\.(" + endings + ")")).sorted().forEach(found::add);
            }
        }
        return found;
    }

    private static boolean isNewer(Path object, Path source, List<Path> headers) throws IOException {
        if (!Files.exists(object)) {
            return false;
        }
        FileTime made = Files.getLastModifiedTime(object);
        for (Path header : headers) {
            if (made.compareTo(Files.getLastModifiedTime(header)) <= 0) {
                return false;
            }
        }
        return made.compareTo(Files.getLastModifiedTime(source)) > 0;
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
