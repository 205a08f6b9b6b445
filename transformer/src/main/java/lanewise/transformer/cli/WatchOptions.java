package lanewise.transformer.cli;

import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import lanewise.transformer.instruments.Watch.Instrument;
import picocli.CommandLine.Option;

/** What to look at while a model is trained. */
final class WatchOptions {
    @Option(names = "--watch", paramLabel = "WHAT", split = ",",
            description = "Instruments, with commas between them: spectrum (singular values of the layers' outputs), attention (entropy "
                    + "and distance from uniform), ntk (tangent kernel of the loss of eight sequences), drift (of the weights), gradients "
                    + "(norms by kind of parameter). Their readings go to instruments.csv and into the report.")
    Set<Instrument> instruments = Set.of();

    @Option(names = "--watch-every", paramLabel = "N", defaultValue = "20",
            description = "Steps between readings (default: ${DEFAULT-VALUE}).")
    int every;

    /** As on a command line, with a space before; nothing if nothing is watched. */
    String asArguments() {
        return instruments.isEmpty() ? "" : " --watch " + instruments.stream()
                .map(instrument -> instrument.name().toLowerCase(Locale.ROOT)).collect(Collectors.joining(",")) + " --watch-every " + every;
    }
}
