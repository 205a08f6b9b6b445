package lanewise.bench.contenders;

import java.util.List;
import java.util.Objects;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Predicate;
import lanewise.bench.cases.Contender;

/** The contenders that are on the class path. Those whose classes are not are as if they were not named at all. */
public final class Contenders {
    private Contenders() {
    }

    /** Returns a contender by its name; null if there is none. */
    public static Contender find(String name) {
        return name.equals("lanewise") ? new Lanewise()
                : peers(contender -> contender.name().equals(name)).stream().findFirst().orElse(null);
    }

    /** Whether there is another than Lanewise. */
    public static boolean hasPeers() {
        return !peers(contender -> true).isEmpty();
    }

    private static List<Contender> peers(Predicate<Contender> which) {
        try {
            return ServiceLoader.load(Contender.class).stream().map(Contenders::get).filter(Objects::nonNull).filter(which).toList();
        } catch (ServiceConfigurationError namedButMissing) {
            return List.of();
        }
    }

    private static Contender get(ServiceLoader.Provider<Contender> provider) {
        try {
            return provider.get();
        } catch (ServiceConfigurationError | LinkageError broken) {
            return null;
        }
    }
}
