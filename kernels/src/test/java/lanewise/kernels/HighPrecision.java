package lanewise.kernels;

import java.math.BigDecimal;
import java.math.MathContext;

/** Elementary functions to 50 digits, by series: slow, but beyond the doubt of the last place of a double. */
final class HighPrecision {
    private static final MathContext DIGITS = new MathContext(75);
    private static final BigDecimal PI = new BigDecimal(
            "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899");

    private HighPrecision() {
    }

    static BigDecimal exp(double x) {
        return exp(new BigDecimal(x));
    }

    private static BigDecimal exp(BigDecimal x) {
        // e^x = (e^(x/1024))^1024.
        BigDecimal part = x.divide(BigDecimal.valueOf(1024), DIGITS);
        BigDecimal term = BigDecimal.ONE;
        BigDecimal sum = BigDecimal.ONE;
        for (int i = 1; i < 60; i++) {
            term = term.multiply(part, DIGITS).divide(BigDecimal.valueOf(i), DIGITS);
            sum = sum.add(term, DIGITS);
        }
        return sum.pow(1024, DIGITS);
    }

    /** One step of Newton's method from a double: ln x = y + ln(1 + d) with d = x e^-y - 1 of the order of 1e-16. */
    static BigDecimal log(double x) {
        BigDecimal y = new BigDecimal(StrictMath.log(x));
        BigDecimal d = new BigDecimal(x).multiply(exp(y.negate()), DIGITS).subtract(BigDecimal.ONE, DIGITS);
        BigDecimal square = d.multiply(d, DIGITS);
        return y.add(d, DIGITS).subtract(square.divide(BigDecimal.valueOf(2), DIGITS), DIGITS)
                .add(square.multiply(d, DIGITS).divide(BigDecimal.valueOf(3), DIGITS), DIGITS);
    }

    static BigDecimal tanh(double x) {
        // Far below the digits carried, the exponentials would cancel.
        if (Math.abs(x) < 1e-20) {
            return new BigDecimal(x);
        }
        BigDecimal e = exp(new BigDecimal(x).multiply(BigDecimal.valueOf(2)));
        return e.subtract(BigDecimal.ONE).divide(e.add(BigDecimal.ONE), DIGITS);
    }

    /** 2/sqrt(pi) times the sum of (-1)^i x^(2i+1) / (i! (2i+1)); for |x| up to 6, where the terms reach 10^15. */
    static BigDecimal erf(double x) {
        BigDecimal value = new BigDecimal(x);
        BigDecimal square = value.multiply(value, DIGITS).negate();
        BigDecimal power = value;
        BigDecimal sum = value;
        for (int i = 1; i < 250; i++) {
            power = power.multiply(square, DIGITS).divide(BigDecimal.valueOf(i), DIGITS);
            sum = sum.add(power.divide(BigDecimal.valueOf(2L * i + 1), DIGITS), DIGITS);
        }
        return sum.multiply(BigDecimal.valueOf(2)).divide(PI.sqrt(DIGITS), DIGITS);
    }
}
