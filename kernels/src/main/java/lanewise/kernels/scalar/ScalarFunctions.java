package lanewise.kernels.scalar;

import lanewise.kernels.Activation;

/** Functions of one number, in double: the definition of the activations and of erf. */
public final class ScalarFunctions {
    private static final double ROOT_2_OVER_PI = 0.7978845608028654;
    private static final double ROOT_HALF = 0.7071067811865476;
    private static final double ROOT_1_OVER_PI = 0.5641895835477563;
    private static final double ROOT_1_OVER_2PI = 0.3989422804014327;
    private static final double GELU_CUBE = 0.044715;

    // Rational minimax approximations of W. J. Cody, Rational Chebyshev approximations for the error function,
    // Mathematics of Computation 23 (1969): for erf up to SMALL, for erfc up to 4, and for erfc beyond.
    // Highest power first.
    private static final double SMALL = 0.46875;
    private static final double[] SMALL_P = {1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2,
        3.77485237685302021e2, 3.20937758913846947e3};
    private static final double[] SMALL_Q = {1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3,
        2.84423683343917062e3};
    private static final double[] MIDDLE_P = {2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0,
        6.61191906371416295e1, 2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3,
        2.05107837782607147e3, 1.23033935479799725e3};
    private static final double[] MIDDLE_Q = {1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2,
        1.62138957456669019e3, 3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3,
        1.23033935480374942e3};
    private static final double[] LARGE_P = {1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1,
        1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4};
    private static final double[] LARGE_Q = {1, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1,
        6.05183413124413191e-2, 2.33520497626869185e-3};

    private ScalarFunctions() {
    }

    /** The error function, within 2 units in the last place. */
    public static double erf(double x) {
        if (Math.abs(x) <= SMALL) {
            double square = x * x;
            return x * (polynomial(SMALL_P, square) / polynomial(SMALL_Q, square));
        }
        return x > 0 ? 1 - erfcOfPositive(x) : x < 0 ? erfcOfPositive(-x) - 1 : x;
    }

    /** 1 - erf(x), without the cancellation that would leave nothing of it where it is small. */
    public static double erfc(double x) {
        return x > SMALL ? erfcOfPositive(x) : x < -SMALL ? 2 - erfcOfPositive(-x) : 1 - erf(x);
    }

    private static double erfcOfPositive(double x) {
        if (x > 27) {
            return 0;
        }
        // exp(-x^2) = exp(-head^2) exp(-(x - head) (x + head)), where the first square is exact.
        double head = Math.floor(x * 16) / 16;
        double exponential = Math.exp(-head * head) * Math.exp(-(x - head) * (x + head));
        if (x <= 4) {
            return exponential * (polynomial(MIDDLE_P, x) / polynomial(MIDDLE_Q, x));
        }
        double z = 1 / (x * x);
        return exponential * (ROOT_1_OVER_PI - z * polynomial(LARGE_P, z) / polynomial(LARGE_Q, z)) / x;
    }

    private static double polynomial(double[] coefficients, double x) {
        double sum = coefficients[0];
        for (int i = 1; i < coefficients.length; i++) {
            sum = sum * x + coefficients[i];
        }
        return sum;
    }

    /** 1 / (1 + exp(-x)). */
    public static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** f(x). */
    public static double activation(Activation f, double x) {
        return switch (f) {
            case IDENTITY -> x;
            case RELU -> Math.max(x, 0);
            // (1 + tanh(u)) / 2 = sigmoid(2 u), which keeps its digits where tanh is near -1.
            case GELU_TANH -> x * sigmoid(2 * geluArgument(x));
            case GELU_ERF -> 0.5 * x * erfc(-x * ROOT_HALF);
            case SILU -> x / (1 + Math.exp(-x));
            case TANH -> Math.tanh(x);
            case SOFTPLUS -> Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
        };
    }

    /** f'(x). */
    public static double derivative(Activation f, double x) {
        return switch (f) {
            case IDENTITY -> 1;
            case RELU -> x > 0 ? 1 : x <= 0 ? 0 : x;
            case GELU_TANH -> {
                double argument = 2 * geluArgument(x);
                double s = sigmoid(argument);
                double slope = s * sigmoid(-argument);
                // Far out the slope is 0 and the square may be infinite.
                yield slope == 0 ? s : s + x * slope * 2 * ROOT_2_OVER_PI * (1 + 3 * GELU_CUBE * x * x);
            }
            case GELU_ERF -> 0.5 * erfc(-x * ROOT_HALF) + x * ROOT_1_OVER_2PI * Math.exp(-0.5 * x * x);
            case SILU -> sigmoid(x) * (1 + x * sigmoid(-x));
            case TANH -> {
                double cosh = Math.cosh(x);
                yield 1 / (cosh * cosh);
            }
            case SOFTPLUS -> sigmoid(x);
        };
    }

    private static double geluArgument(double x) {
        return ROOT_2_OVER_PI * (x + GELU_CUBE * x * x * x);
    }
}
