package lanewise.transformer.cli;

import lanewise.kernels.Kernels;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options of every command that computes. */
final class KernelOptions {
    @Option(names = "--device", paramLabel = "NAME", defaultValue = "cpu",
            description = "cpu, or cuda for an NVIDIA GPU (default: ${DEFAULT-VALUE}). lanewise info says whether there is one, or why it can't be used.")
    private Device device;

    @Option(names = "--threads", paramLabel = "N",
            description = "Threads of the CPU to compute with (default: one per processor). The results do not depend on it.")
    private Integer threads;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    Kernels open() {
        Kernels.Builder builder = Kernels.builder();
        if (threads != null) {
            try {
                builder.threads(threads);
            } catch (IllegalArgumentException outOfRange) {
                throw new ParameterException(spec.commandLine(), "--threads: " + outOfRange.getMessage());
            }
        }
        return device.open(builder);
    }
}
