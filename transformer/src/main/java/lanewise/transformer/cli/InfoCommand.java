package lanewise.transformer.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import lanewise.kernels.Kernels;
import lanewise.transformer.reports.Machine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What is active, and why nothing faster is. */
@Command(name = "info", mixinStandardHelpOptions = true, versionProvider = Lanewise.Version.class,
        description = "Shows the machine, which kernels are active, and why nothing faster is.")
final class InfoCommand implements Callable<Integer> {
    @Mixin(name = "Computation")
    private KernelOptions kernelOptions;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        out.println(new Lanewise.Version().getVersion()[0]);
        try (Kernels kernels = kernelOptions.open()) {
            row(out, "kernels", kernels.describe());
        }
        Machine.here().rows().forEach((name, value) -> row(out, name, value));
        return 0;
    }

    private static void row(PrintWriter out, String name, String value) {
        out.printf("  %-10s %s%n", name, value.replace("\n", "\n             "));
    }
}
