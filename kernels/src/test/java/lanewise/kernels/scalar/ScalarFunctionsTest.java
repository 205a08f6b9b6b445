package lanewise.kernels.scalar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import lanewise.kernels.Activation;
import org.junit.jupiter.api.Test;

/** The reference values were computed with 60 digits and rounded to double. */
class ScalarFunctionsTest {
    private static final double[][] X_ERF_ERFC_ERFC_OF_MINUS_X = {
        {1e-300, 1.1283791670955126e-300, 1.0, 1.0},
        {1e-08, 1.1283791670955126e-08, 0.9999999887162083, 1.0000000112837917},
        {0.1, 0.1124629160182849, 0.887537083981715, 1.1124629160182848},
        {0.3, 0.3286267594591274, 0.6713732405408726, 1.3286267594591274},
        {0.46875, 0.49261347321793797, 0.507386526782062, 1.492613473217938},
        {0.5, 0.5204998778130465, 0.4795001221869535, 1.5204998778130465},
        {0.84375, 0.7672256612323416, 0.23277433876765838, 1.7672256612323416},
        {0.9, 0.7969082124228322, 0.20309178757716786, 1.7969082124228322},
        {1.0, 0.8427007929497149, 0.15729920705028513, 1.8427007929497148},
        {1.25, 0.9229001282564583, 0.07709987174354177, 1.9229001282564582},
        {1.3, 0.9340079449406524, 0.06599205505934755, 1.9340079449406524},
        {2.0, 0.9953222650189527, 0.004677734981047266, 1.9953222650189528},
        {3.0, 0.9999779095030014, 2.209049699858544e-05, 1.9999779095030015},
        {4.0, 0.9999999845827421, 1.541725790028002e-08, 1.999999984582742},
        {5.0, 0.9999999999984626, 1.537459794428035e-12, 1.9999999999984626},
        {5.9, 0.9999999999999999, 7.190409783550478e-17, 2.0},
        {6.5, 1.0, 3.8421483271206475e-20, 2.0},
        {10.0, 1.0, 2.088487583762545e-45, 2.0},
        {26.0, 1.0, 5.663192408856143e-296, 2.0},
    };

    private static final double[][] GELU_TANH = {
        {-6.0, -8.439646700762303e-11, -7.709973930953701e-10},
        {-2.5, -0.015084266089998582, -0.037951576212666184},
        {-1.0, -0.1588080093917233, -0.08296408384578255},
        {-0.25, -0.100324649298315, 0.30464590484893955},
        {1e-06, 5.000003989422804e-07, 0.5000007978845608},
        {0.7, 0.5305701347051167, 0.9763572186561039},
        {1.5, 1.3995715769802328, 1.1277107931514332},
        {4.0, 3.9999297540518075, 1.0003351231971227},
        {12.0, 12.0, 1.0},
    };

    private static final double[][] GELU_ERF = {
        {-30.0, -1.472014178144456e-196, -4.416031690708495e-195},
        {-6.0, -5.9195258702261885e-09, -3.5468709453902015e-08},
        {-2.5, -0.015524163314440337, -0.03761108590814521},
        {-1.0, -0.15865525393145705, -0.0833154705876863},
        {-0.25, -0.10032341857926907, 0.30462664511636395},
        {1e-06, 5.000003989422804e-07, 0.5000007978845608},
        {0.7, 0.5306254434438489, 0.9766141011336599},
        {1.5, 1.399789198096713, 1.1274691922299795},
        {4.0, 3.9998733150326675, 1.0005036496612265},
        {12.0, 12.0, 1.0},
    };

    private static final double[][] SILU = {
        {-30.0, -2.8072868906517896e-12, -2.713710660963134e-12},
        {-6.0, -0.014835738939808645, -0.012326432591525513},
        {-2.5, -0.18964545005310887, -0.09940111134152683},
        {-1.0, -0.2689414213699951, 0.07232948812851327},
        {-0.25, -0.10945587477855047, 0.37628997842980233},
        {1e-06, 5.000002499999999e-07, 0.5000005},
        {0.7, 0.46773144051771626, 0.8233867834733424},
        {1.5, 1.2263617142904655, 1.041294154299143},
        {4.0, 3.928055160151634, 1.052664614891073},
        {12.0, 11.999926269904773, 1.0000675854676138},
    };

    private static final double[][] TANH = {
        {-30.0, -1.0, 3.502604305078608e-26},
        {-6.0, -0.9999877116507956, 2.4576547405332702e-05},
        {-2.5, -0.9866142981514303, 0.02659222668316062},
        {-1.0, -0.7615941559557649, 0.4199743416140261},
        {-0.25, -0.24491866240370913, 0.940014848806378},
        {1e-06, 9.999999999996666e-07, 0.999999999999},
        {0.7, 0.6043677771171635, 0.6347395899824586},
        {1.5, 0.9051482536448664, 0.18070663892364852},
        {4.0, 0.999329299739067, 0.001340950683025897},
        {12.0, 0.9999999999244973, 1.510053817597626e-10},
    };

    private static final double[][] SOFTPLUS = {
        {-30.0, 9.357622968839737e-14, 9.357622968839299e-14},
        {-6.0, 0.0024756851377304495, 0.0024726231566347743},
        {-2.5, 0.07888973429254963, 0.07585818002124355},
        {-1.0, 0.3132616875182228, 0.2689414213699951},
        {-0.25, 0.5759394198788436, 0.4378234991142019},
        {1e-06, 0.6931476805600703, 0.50000025},
        {0.7, 1.103186048885458, 0.668187772168166},
        {1.5, 1.7014132779827524, 0.8175744761936437},
        {4.0, 4.0181499279178094, 0.9820137900379085},
        {12.0, 12.000006144193478, 0.9999938558253978},
    };

    @Test
    void errorFunction() {
        for (double[] row : X_ERF_ERFC_ERFC_OF_MINUS_X) {
            double x = row[0];
            assertUlps("erf(" + x + ")", row[1], ScalarFunctions.erf(x), 1);
            assertUlps("erf(" + -x + ")", -row[1], ScalarFunctions.erf(-x), 1);
            assertUlps("erfc(" + x + ")", row[2], ScalarFunctions.erfc(x), 6);
            assertUlps("erfc(" + -x + ")", row[3], ScalarFunctions.erfc(-x), 1);
        }
    }

    @Test
    void errorFunctionAtSpecialValues() {
        assertEquals(0.0, ScalarFunctions.erf(0.0));
        assertEquals(-0.0, ScalarFunctions.erf(-0.0));
        assertEquals(1, ScalarFunctions.erf(Double.POSITIVE_INFINITY));
        assertEquals(-1, ScalarFunctions.erf(Double.NEGATIVE_INFINITY));
        assertEquals(Double.NaN, ScalarFunctions.erf(Double.NaN));
        assertEquals(0, ScalarFunctions.erfc(Double.POSITIVE_INFINITY));
        assertEquals(2, ScalarFunctions.erfc(Double.NEGATIVE_INFINITY));
    }

    @Test
    void errorFunctionIsContinuousWhereTheFormulaChanges() {
        for (double x : new double[] {0.84375, 1.25, 4}) {
            double below = ScalarFunctions.erf(x);
            double above = ScalarFunctions.erf(Math.nextUp(x));
            assertTrue(Math.abs(above - below) <= 2 * Math.ulp(below), "erf jumps at " + x);
        }
    }

    @Test
    void activationsAndTheirDerivatives() {
        assertValues(Activation.GELU_TANH, GELU_TANH);
        assertValues(Activation.GELU_ERF, GELU_ERF);
        assertValues(Activation.SILU, SILU);
        assertValues(Activation.TANH, TANH);
        assertValues(Activation.SOFTPLUS, SOFTPLUS);
    }

    @Test
    void piecewiseActivations() {
        assertEquals(0, ScalarFunctions.activation(Activation.RELU, -3));
        assertEquals(3, ScalarFunctions.activation(Activation.RELU, 3));
        assertEquals(Double.NaN, ScalarFunctions.activation(Activation.RELU, Double.NaN));
        assertEquals(0, ScalarFunctions.derivative(Activation.RELU, -3));
        assertEquals(0, ScalarFunctions.derivative(Activation.RELU, 0));
        assertEquals(1, ScalarFunctions.derivative(Activation.RELU, 3));
        assertEquals(0, ScalarFunctions.activation(Activation.HUBER_RELU, -3));
        assertEquals(0.125, ScalarFunctions.activation(Activation.HUBER_RELU, 0.5));
        assertEquals(0.5, ScalarFunctions.activation(Activation.HUBER_RELU, 1));
        assertEquals(2.5, ScalarFunctions.activation(Activation.HUBER_RELU, 3));
        assertEquals(0, ScalarFunctions.derivative(Activation.HUBER_RELU, -3));
        assertEquals(0.5, ScalarFunctions.derivative(Activation.HUBER_RELU, 0.5));
        assertEquals(1, ScalarFunctions.derivative(Activation.HUBER_RELU, 3));
        assertEquals(-3, ScalarFunctions.activation(Activation.IDENTITY, -3));
        assertEquals(1, ScalarFunctions.derivative(Activation.IDENTITY, -3));
    }

    @Test
    void smoothActivationsStayFiniteFarOut() {
        for (Activation f : Activation.values()) {
            for (double x : new double[] {50, 3e38, 1e200}) {
                double right = f == Activation.TANH ? 1 : f == Activation.HUBER_RELU ? x - 0.5 : x;
                assertUlps(f + "(" + x + ")", right, ScalarFunctions.activation(f, x), 1);
                assertUlps(f + "'(" + x + ")", f == Activation.TANH ? 0 : 1, ScalarFunctions.derivative(f, x), 1);
                if (f != Activation.IDENTITY) {
                    double left = f == Activation.TANH ? -1 : 0;
                    assertUlps(f + "(-" + x + ")", left, ScalarFunctions.activation(f, -x), 1);
                    assertUlps(f + "'(-" + x + ")", 0, ScalarFunctions.derivative(f, -x), 1);
                }
            }
        }
    }

    /** The bound grows with x^2, as the condition of the exponentials does. */
    private static void assertValues(Activation f, double[][] rows) {
        for (double[] row : rows) {
            double x = row[0];
            double value = ScalarFunctions.activation(f, x);
            double slope = ScalarFunctions.derivative(f, x);
            assertTrue(Math.abs(value - row[1]) <= 1e-15 * Math.abs(row[1]) * (1 + x * x),
                    f + "(" + x + ") is " + value + "; expected " + row[1]);
            assertTrue(Math.abs(slope - row[2]) <= 2e-15 * (Math.abs(row[2]) + 0.01) * (1 + x * x),
                    f + "'(" + x + ") is " + slope + "; expected " + row[2]);
        }
    }

    private static void assertUlps(String name, double expected, double actual, double ulps) {
        // Zero may be missed by what no sum with a number of size 1 would notice.
        double bound = expected == 0 ? 1e-18 : ulps * Math.ulp(expected);
        assertTrue(Math.abs(actual - expected) <= bound, name + " is " + actual + "; expected " + expected);
    }
}
