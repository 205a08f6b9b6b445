package lanewise.kernels;

import java.util.Map;

final class CheckedElementwise extends Checked<Elementwise> implements Elementwise {
    CheckedElementwise(Map<ElementType, Column> columns) {
        super(columns, Column::elementwise);
    }

    @Override
    public void add(Tensor x, Tensor y, Tensor z) {
        checkTwo(x, y, z);
        of(x).add(x, y, z);
    }

    @Override
    public void multiply(Tensor x, Tensor y, Tensor z) {
        checkTwo(x, y, z);
        of(x).multiply(x, y, z);
    }

    @Override
    public void scaleAdd(double alpha, Tensor x, double beta, Tensor y) {
        checkOne(x, y);
        of(x).scaleAdd(alpha, x, beta, y);
    }

    @Override
    public void addRepeated(Tensor x, Tensor block, Tensor z) {
        Check.sameType("block", block, "x", x);
        Check.block(block, x);
        Check.like("z", z, "x", x);
        Check.sameOrApart("z", z, "x", x);
        Check.sameOrApart("z", z, "block", block);
        of(x).addRepeated(x, block, z);
    }

    @Override
    public void dropout(double rate, long seed, Tensor x, Tensor y) {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException("rate is " + rate + "; expected 0 to below 1");
        }
        checkOne(x, y);
        of(x).dropout(rate, seed, x, y);
    }

    @Override
    public void exp(Tensor x, Tensor y) {
        checkOne(x, y);
        of(x).exp(x, y);
    }

    @Override
    public void log(Tensor x, Tensor y) {
        checkOne(x, y);
        of(x).log(x, y);
    }

    @Override
    public void tanh(Tensor x, Tensor y) {
        checkOne(x, y);
        of(x).tanh(x, y);
    }

    @Override
    public void erf(Tensor x, Tensor y) {
        checkOne(x, y);
        of(x).erf(x, y);
    }

    private static void checkOne(Tensor x, Tensor y) {
        Check.like("y", y, "x", x);
        Check.sameOrApart("y", y, "x", x);
    }

    private static void checkTwo(Tensor x, Tensor y, Tensor z) {
        Check.like("y", y, "x", x);
        Check.like("z", z, "x", x);
        Check.sameOrApart("z", z, "x", x);
        Check.sameOrApart("z", z, "y", y);
    }
}
