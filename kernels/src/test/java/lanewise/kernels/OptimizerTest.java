package lanewise.kernels;

import static lanewise.kernels.KernelsUnderTest.assertClose;
import static lanewise.kernels.KernelsUnderTest.assertGuardsIntact;

import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;

class OptimizerTest {
    private static final int STEPS = 40;
    private static final int[] COLUMNS = {1, 7, 16, 33, 300};
    private static final double SCALE = 0.25;
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = KernelsUnderTest.best();
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    /** Gradients that change from step to step: those of a quartic with random centres. */
    private static double gradient(double parameter, double centre) {
        double distance = parameter - centre;
        return distance + distance * distance * distance;
    }

    /** One implementation of an optimiser: the update of a parameter in double. */
    private interface Update {
        double apply(int step, double parameter, double gradient, double[] state);
    }

    private interface Operation {
        void apply(int step, Tensor parameter, Tensor gradient, Tensor first, Tensor second);
    }

    private static void compare(String name, ElementType type, Operation operation, Update update) {
        Random random = KernelsUnderTest.seeded(61);
        for (int n : COLUMNS) {
            boolean contiguous = random.nextBoolean();
            Tensor parameter = Cases.random(random, type, contiguous, 3, n);
            Tensor centre = Cases.random(random, type, contiguous, 3, n);
            Tensor gradient = Cases.unwritten(type, contiguous, 3, n);
            Tensor first = Cases.unwritten(type, contiguous, 3, n);
            Tensor second = Cases.unwritten(type, contiguous, 3, n);
            first.fill(0);
            second.fill(0);
            double[] expected = parameter.toArray();
            double[] centres = centre.toArray();
            double[][] states = new double[expected.length][2];
            for (int step = 1; step <= STEPS; step++) {
                double[] gradients = parameter.toArray();
                for (int i = 0; i < gradients.length; i++) {
                    gradients[i] = gradient(gradients[i], centres[i]);
                    expected[i] = update.apply(step, expected[i], gradient(expected[i], centres[i]), states[i]);
                }
                gradient.copyFrom(gradients);
                operation.apply(step, parameter, gradient, first, second);
                // Some roundings for each step, in the size of the numbers.
                double bound = 30 * step * type.unitRoundoff();
                assertClose(name + ", step " + step + " of " + parameter, expected, parameter, bound, bound);
            }
            if (!contiguous) {
                assertGuardsIntact(name, parameter);
                assertGuardsIntact(name, first);
                assertGuardsIntact(name, second);
            }
        }
    }

    @ParameterizedTest
    @HostTypes
    void gradientDescentFollowsItsTrace(ElementType type) {
        compare("gradient descent", type,
                (step, p, g, first, second) -> kernels.optimizer().gradientDescent(0.05, 0.1, SCALE, p, g),
                (step, p, g, state) -> p - 0.05 * (SCALE * g + 0.1 * p));
    }

    @ParameterizedTest
    @HostTypes
    void momentumFollowsItsTrace(ElementType type) {
        compare("momentum", type,
                (step, p, g, first, second) -> kernels.optimizer().momentum(0.02, 0.8, 0.1, SCALE, p, g, first),
                (step, p, g, state) -> {
                    state[0] = 0.8 * state[0] + SCALE * g + 0.1 * p;
                    return p - 0.02 * state[0];
                });
    }

    @ParameterizedTest
    @HostTypes
    void adamFollowsItsTrace(ElementType type) {
        for (boolean decoupled : new boolean[] {true, false}) {
            AdamSettings settings = new AdamSettings(0.9, 0.999, 1e-3, 0.1, decoupled);
            compare("Adam, decoupled " + decoupled, type,
                    (step, p, g, first, second) -> kernels.optimizer().adam(settings, 0.01, step, SCALE, p, g, first,
                            second),
                    (step, p, g, state) -> adam(settings, 0.01, step, p, SCALE * g, state));
        }
    }

    private static double adam(AdamSettings settings, double rate, int step, double p, double g, double[] state) {
        double total = settings.decoupled() ? g : g + settings.weightDecay() * p;
        state[0] = settings.beta1() * state[0] + (1 - settings.beta1()) * total;
        state[1] = settings.beta2() * state[1] + (1 - settings.beta2()) * total * total;
        double mean = state[0] / (1 - Math.pow(settings.beta1(), step));
        double squares = state[1] / (1 - Math.pow(settings.beta2(), step));
        double decay = settings.decoupled() ? settings.weightDecay() * p : 0;
        return p - rate * (mean / (Math.sqrt(squares) + settings.epsilon()) + decay);
    }

    @ParameterizedTest
    @HostTypes
    void theFirstStepOfAdamIsTheSign(ElementType type) {
        Tensor parameter = Tensor.zeros(type, 40);
        Tensor gradient = Tensor.zeros(type, 40);
        Tensor mean = Tensor.zeros(type, 40);
        Tensor meanSquares = Tensor.zeros(type, 40);
        double[] expected = new double[40];
        for (int i = 0; i < 40; i++) {
            double g = i == 0 ? 0 : Math.pow(10, i % 9 - 4) * (i % 2 == 0 ? 1 : -1);
            gradient.set(0, i, g);
            parameter.set(0, i, 3);
            // Decoupled decay shrinks the parameter by 0.1 0.5, whatever the gradient.
            expected[i] = 3 - 0.1 * (Math.signum(g) + 0.5 * 3);
        }
        kernels.optimizer().adam(new AdamSettings(0.9, 0.95, 1e-30, 0.5, true), 0.1, 1, 7, parameter, gradient, mean,
                meanSquares);
        assertClose("first step of Adam", expected, parameter, 0, 4 * type.unitRoundoff());
    }

    @ParameterizedTest
    @HostTypes
    void threadsDoNotMatter(ElementType type) {
        Random random = KernelsUnderTest.seeded(62);
        Tensor start = Cases.random(random, type, true, 200_003);
        Tensor gradient = Cases.random(random, type, true, 200_003);
        AdamSettings settings = new AdamSettings(0.9, 0.999, 1e-8, 0.1, true);
        Cases.assertThreadsDoNotMatter("optimisers", kernels -> {
            Tensor parameter = Tensor.zeros(type, 200_003);
            parameter.copyFrom(start);
            Tensor mean = Tensor.zeros(type, 200_003);
            Tensor meanSquares = Tensor.zeros(type, 200_003);
            for (int step = 1; step <= 3; step++) {
                kernels.optimizer().adam(settings, 0.01, step, 0.3, parameter, gradient, mean, meanSquares);
            }
            kernels.optimizer().momentum(0.01, 0.9, 0.1, 1, parameter, gradient, mean);
            kernels.optimizer().gradientDescent(0.01, 0.1, 1, parameter, gradient);
            return parameter;
        });
    }
}
