package lanewise.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What Linux tells of the processor. */
final class Cpu {
    private Cpu() {
    }

    static boolean hasAvx512() {
        try {
            return Files.readString(Path.of("/proc/cpuinfo")).contains(" avx512f");
        } catch (IOException notLinux) {
            return false;
        }
    }
}
