package lanewise.transformer.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;

/**
 * The command line. Exit codes: 0 done, 1 failed, 2 the arguments are wrong, 130 stopped by Ctrl-C. A failure is one line on
 * standard error; {@code --verbose} or the environment variable LANEWISE_DEBUG adds the stack trace.
 */
@Command(name = "lanewise", mixinStandardHelpOptions = true, versionProvider = Lanewise.Version.class,
        subcommands = {TrainCommand.class, GenerateCommand.class, StudyCommand.class, InfoCommand.class},
        description = "Trains Transformers on the JVM, in pure Java.",
        footer = {"", "Start with: lanewise train", "Options of a command: lanewise train --help",
            "Benchmarks: lanewise bench --help"})
public final class Lanewise implements Runnable {
    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Show the stack trace of a failure.")
    private boolean verbose;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    private Lanewise() {
    }

    /** Runs the command line and exits with its code. */
    public static void main(String[] args) {
        // Text is UTF-8 wherever it goes, as it is in the files.
        int code = run(new PrintWriter(System.out, true, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, StandardCharsets.UTF_8), args);
        System.exit(code);
    }

    /** Runs the command line in this process. */
    static int run(PrintWriter out, PrintWriter err, String... args) {
        try {
            return commandLine(args).setOut(out).setErr(err).execute(args);
        } catch (OutOfMemoryError tooLarge) {
            err.printf(Locale.ROOT, "lanewise: out of memory; the heap is limited to %,d MiB. "
                    + "Set LANEWISE_JAVA_OPTS=-Xmx%dg for more, or make the model or the batch smaller.%n",
                    Runtime.getRuntime().maxMemory() >> 20, Memory.moreGibibytes(Runtime.getRuntime().maxMemory()));
            return CommandLine.ExitCode.SOFTWARE;
        }
    }

    /** The command line with the defaults that these arguments ask for. */
    static CommandLine commandLine(String... args) {
        Lanewise top = new Lanewise();
        CommandLine line = new CommandLine(top);
        // A prompt may begin with @.
        line.setExpandAtFiles(false);
        line.getSubcommands().values().forEach(command -> command.getHelpSectionMap()
                .put(CommandLine.Model.UsageMessageSpec.SECTION_KEY_OPTION_LIST, Lanewise::optionsUnderHeadings));
        return Choice.register(line).setUsageHelpAutoWidth(true)
                .setDefaultValueProvider(Preset.defaultsFor(args))
                .setParameterExceptionHandler(Lanewise::wrongArguments)
                .setExecutionExceptionHandler((failure, command, parsed) -> top.failed(failure, command));
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** The options of a command: first its own, then those of every named group of options under its name. */
    private static String optionsUnderHeadings(Help help) {
        List<OptionSpec> own = new ArrayList<>(help.commandSpec().options());
        StringBuilder groups = new StringBuilder();
        help.commandSpec().mixins().forEach((name, group) -> {
            if (Character.isUpperCase(name.charAt(0))) {
                List<OptionSpec> options = own.stream()
                        .filter(option -> group.findOption(option.longestName()) != null).toList();
                own.removeAll(options);
                groups.append('\n').append(name).append(":\n").append(list(help, options));
            }
        });
        return list(help, own) + groups;
    }

    private static String list(Help help, List<OptionSpec> options) {
        Help.Layout layout = help.createDefaultLayout();
        layout.addOptions(options, help.parameterLabelRenderer());
        return layout.toString();
    }

    private static int wrongArguments(ParameterException wrong, String[] args) {
        CommandLine line = wrong.getCommandLine();
        line.getErr().println("lanewise: " + wrong.getMessage());
        CommandLine.UnmatchedArgumentException.printSuggestions(wrong, line.getErr());
        line.getErr().println("Try: " + line.getCommandSpec().qualifiedName() + " --help");
        return CommandLine.ExitCode.USAGE;
    }

    private int failed(Exception failure, CommandLine line) {
        line.getErr().println("lanewise: " + describe(failure));
        if (verbose || System.getenv("LANEWISE_DEBUG") != null) {
            failure.printStackTrace(line.getErr());
        }
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** What to tell the user: the JDK's file exceptions hold little but the path. */
    static String describe(Exception failure) {
        if (failure instanceof NoSuchFileException missing) {
            return missing.getFile() + " does not exist";
        }
        if (failure instanceof AccessDeniedException denied) {
            return denied.getFile() + " can't be read or written: permission denied";
        }
        if (failure instanceof FileSystemException other && other.getReason() != null) {
            return other.getFile() + ": " + other.getReason();
        }
        return failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }

    /** The version that Maven writes into every jar. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            Properties coordinates = new Properties();
            String file = "/META-INF/maven/io.github.lanewise/lanewise-transformer/pom.properties";
            try (InputStream stream = Lanewise.class.getResourceAsStream(file)) {
                if (stream != null) {
                    coordinates.load(stream);
                }
            } catch (IOException unreadable) {
                // The version is then unknown, which stops nobody.
            }
            return new String[] {"Lanewise " + coordinates.getProperty("version", "(version unknown: not from a jar)")};
        }
    }
}
