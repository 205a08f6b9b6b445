package lanewise.bench.plan;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What Linux tells of the processor. */
public final class Cpu {
    private Cpu() {
    }

    public static boolean hasAvx512() {
        return tells(" avx512f");
    }

    static boolean isOfAmd() {
        return tells("AuthenticAMD");
    }

    private static boolean tells(String text) {
        try {
            return Files.readString(Path.of("/proc/cpuinfo")).contains(text);
        } catch (IOException notLinux) {
            return false;
        }
    }
}
