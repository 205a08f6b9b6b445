package lanewise.kernels.scalar;

import lanewise.kernels.Activation;

/** Functions of one number, in double: the definition of the activations and of erf. */
public final class ScalarFunctions {
    private static final double ROOT_2_OVER_PI = 0.7978845608028654;
    private static final double ROOT_HALF = 0.7071067811865476;
    private static final double ROOT_1_OVER_PI = 0.5641895835477563;
    private static final double ROOT_1_OVER_2PI = 0.3989422804014327;
    private static final double GELU_CUBE = 0.044715;

    // erf(x) = x + x P/Q in x^2 below 27/32, and 0.845.. + P/Q in x - 1 from there to 5/4. Constants of Sun
    // Microsystems' fdlibm, s_erf.c. Highest power first, here and below.
    private static final double SMALL = 0.84375;
    private static final double[] SMALL_P = {-2.37630166566501626084e-05, -5.77027029648944159157e-03,
        -2.84817495755985104766e-02, -3.25042107247001499370e-01, 1.28379167095512558561e-01};
    private static final double[] SMALL_Q = {-3.96022827877536812320e-06, 1.32494738004321644526e-04,
        5.08130628187576562776e-03, 6.50222499887672944485e-02, 3.97917223959155352819e-01, 1};
    private static final double NEAR_ONE = 1.25;
    private static final double NEAR_ONE_VALUE = 8.45062911510467529297e-01;
    private static final double[] NEAR_ONE_P = {-2.16637559486879084300e-03, 3.54783043256182359371e-02,
        -1.10894694282396677476e-01, 3.18346619901161753674e-01, -3.72207876035701323847e-01,
        4.14856118683748331666e-01, -2.36211856075265944077e-03};
    private static final double[] NEAR_ONE_Q = {1.19844998467991074170e-02, 1.36370839120290507362e-02,
        1.26171219808761642112e-01, 7.18286544141962662868e-02, 5.40397917702171048937e-01,
        1.06420880400844228286e-01, 1};

    // erfc from 15/32 to 4, and beyond. Constants of W. J. Cody, Rational Chebyshev approximations for the error
    // function, Mathematics of Computation 23 (1969).
    private static final double MIDDLE = 0.46875;
    private static final double[] MIDDLE_P = {2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0,
        6.61191906371416295e1, 2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3,
        2.05107837782607147e3, 1.23033935479799725e3};
    private static final double[] MIDDLE_Q = {1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2,
        1.62138957456669019e3, 3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3,
        1.23033935480374942e3};
    private static final double LARGE = 4;
    private static final double[] LARGE_P = {1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1,
        1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4};
    private static final double[] LARGE_Q = {1, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1,
        6.05183413124413191e-2, 2.33520497626869185e-3};

    private ScalarFunctions() {
    }

    /** The error function, within 1 unit in the last place. */
    public static double erf(double x) {
        double size = Math.abs(x);
        if (size <= SMALL) {
            double square = x * x;
            return x + x * (polynomial(SMALL_P, square) / polynomial(SMALL_Q, square));
        }
        if (size <= NEAR_ONE) {
            double z = size - 1;
            return Math.copySign(NEAR_ONE_VALUE + polynomial(NEAR_ONE_P, z) / polynomial(NEAR_ONE_Q, z), x);
        }
        return Math.copySign(1 - erfcOfPositive(size), x);
    }

    /** 1 - erf(x), within 6 units in the last place even where it is small: there the subtraction would cancel. */
    public static double erfc(double x) {
        return x > MIDDLE ? erfcOfPositive(x) : 1 - erf(x);
    }

    private static double erfcOfPositive(double x) {
        if (x > 27) {
            return 0;
        }
        // exp(-x^2) = exp(-head^2) exp(-(x - head) (x + head)), where the first square is exact.
        double head = Math.floor(x * 16) / 16;
        double exponential = Math.exp(-head * head) * Math.exp(-(x - head) * (x + head));
        if (x <= LARGE) {
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
            case HUBER_RELU -> x <= 1 ? 0.5 * Math.max(x, 0) * Math.max(x, 0) : x - 0.5;
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
            case HUBER_RELU -> Math.min(Math.max(x, 0), 1);
            case GELU_TANH -> {
                double argument = 2 * geluArgument(x);
                double s = sigmoid(argument);
                double slope = s * sigmoid(-argument);
                // Far out the slope is 0 and the square may be infinite.
                yield slope == 0 ? s : s + x * slope * 2 * ROOT_2_OVER_PI * (1 + 3 * GELU_CUBE * x * x);
            }
            // Far out the exponential is 0, also where x is infinite.
            case GELU_ERF -> Math.abs(x) > 40 ? step(x)
                    : 0.5 * erfc(-x * ROOT_HALF) + x * ROOT_1_OVER_2PI * Math.exp(-0.5 * x * x);
            case SILU -> Math.abs(x) > 800 ? step(x) : sigmoid(x) * (1 + x * sigmoid(-x));
            case TANH -> {
                double cosh = Math.cosh(x);
                yield 1 / (cosh * cosh);
            }
            case SOFTPLUS -> sigmoid(x);
        };
    }

    private static double step(double x) {
        return x > 0 ? 1 : 0;
    }

    private static double geluArgument(double x) {
        return ROOT_2_OVER_PI * (x + GELU_CUBE * x * x * x);
    }
}
