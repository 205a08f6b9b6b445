package lanewise.kernels;

import java.util.Map;

final class CheckedNormalization extends Checked<Normalization> implements Normalization {
    CheckedNormalization(Map<ElementType, Column> columns) {
        super(columns, Column::normalization);
    }

    @Override
    public void layerNorm(Tensor x, Tensor gain, Tensor shift, double epsilon, Tensor y, Tensor mean, Tensor rstd) {
        perColumn("gain", gain, x);
        if (shift != null) {
            perColumn("shift", shift, x);
        }
        Check.epsilon(epsilon);
        checkOutput(y, x, gain);
        Check.apart("y", y, "shift", shift);
        perRow("mean", mean, x);
        perRow("rstd", rstd, x);
        checkStatistic("mean", mean, x, gain, y);
        checkStatistic("rstd", rstd, x, gain, y);
        Check.apart("mean", mean, "shift", shift);
        Check.apart("rstd", rstd, "shift", shift);
        Check.apart("rstd", rstd, "mean", mean);
        of(x).layerNorm(x, gain, shift, epsilon, y, mean, rstd);
    }

    @Override
    public void layerNormBackward(Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dy, boolean accumulate,
            Tensor dx, Tensor dGain, Tensor dShift) {
        perColumn("gain", gain, x);
        perRow("mean", mean, x);
        perRow("rstd", rstd, x);
        checkInputGradient(x, gain, rstd, dy, accumulate, dx);
        Check.apart("dx", dx, "mean", mean);
        sumPerColumn("dGain", dGain, x);
        checkColumnGradient("dGain", dGain, x, gain, rstd, dy, dx);
        Check.apart("dGain", dGain, "mean", mean);
        if (dShift != null) {
            sumPerColumn("dShift", dShift, x);
            checkColumnGradient("dShift", dShift, x, gain, rstd, dy, dx);
            Check.apart("dShift", dShift, "mean", mean);
            Check.apart("dShift", dShift, "dGain", dGain);
        }
        of(x).layerNormBackward(x, gain, mean, rstd, dy, accumulate, dx, dGain, dShift);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor rstd) {
        perColumn("gain", gain, x);
        Check.epsilon(epsilon);
        checkOutput(y, x, gain);
        perRow("rstd", rstd, x);
        checkStatistic("rstd", rstd, x, gain, y);
        of(x).rmsNorm(x, gain, epsilon, y, rstd);
    }

    @Override
    public void rmsNormBackward(Tensor x, Tensor gain, Tensor rstd, Tensor dy, boolean accumulate, Tensor dx,
            Tensor dGain) {
        perColumn("gain", gain, x);
        perRow("rstd", rstd, x);
        checkInputGradient(x, gain, rstd, dy, accumulate, dx);
        sumPerColumn("dGain", dGain, x);
        checkColumnGradient("dGain", dGain, x, gain, rstd, dy, dx);
        of(x).rmsNormBackward(x, gain, rstd, dy, accumulate, dx, dGain);
    }

    private static void perColumn(String name, Tensor tensor, Tensor x) {
        Check.sameType(name, tensor, "x", x);
        Check.vector(name, tensor, x.columns(), "column", "x");
    }

    private static void sumPerColumn(String name, Tensor tensor, Tensor x) {
        Check.sumType(name, tensor, "x", x);
        Check.vector(name, tensor, x.columns(), "column", "x");
    }

    private static void perRow(String name, Tensor tensor, Tensor x) {
        Check.sumType(name, tensor, "x", x);
        Check.vector(name, tensor, x.rows(), "row", "x");
    }

    private static void checkOutput(Tensor y, Tensor x, Tensor gain) {
        Check.like("y", y, "x", x);
        Check.sameOrApart("y", y, "x", x);
        Check.apart("y", y, "gain", gain);
    }

    private static void checkStatistic(String name, Tensor statistic, Tensor x, Tensor gain, Tensor y) {
        Check.apart(name, statistic, "x", x);
        Check.apart(name, statistic, "gain", gain);
        Check.apart(name, statistic, "y", y);
    }

    private static void checkInputGradient(Tensor x, Tensor gain, Tensor rstd, Tensor dy, boolean accumulate,
            Tensor dx) {
        Check.like("dy", dy, "x", x);
        Check.like("dx", dx, "x", x);
        Check.apart("dx", dx, "x", x);
        Check.apart("dx", dx, "gain", gain);
        Check.apart("dx", dx, "rstd", rstd);
        if (accumulate) {
            Check.apart("dx", dx, "dy", dy);
        } else {
            Check.sameOrApart("dx", dx, "dy", dy);
        }
    }

    private static void checkColumnGradient(String name, Tensor gradient, Tensor x, Tensor gain, Tensor rstd,
            Tensor dy, Tensor dx) {
        Check.apart(name, gradient, "x", x);
        Check.apart(name, gradient, "gain", gain);
        Check.apart(name, gradient, "rstd", rstd);
        Check.apart(name, gradient, "dy", dy);
        Check.apart(name, gradient, "dx", dx);
    }
}
