package lanewise.kernels;

import java.util.Map;

final class CheckedMatmul extends Checked<Matmul> implements Matmul {
    CheckedMatmul(Map<ElementType, Column> columns) {
        super(columns, Column::matmul);
    }

    @Override
    public void multiply(boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta,
            Tensor c, Epilogue epilogue) {
        Check.sameType("b", b, "a", a);
        resultType(c, a);
        Check.present("epilogue", epilogue);
        Check.present("epilogue.activation", epilogue.activation());
        if (a.rank() != 2 && a.rank() != 3) {
            throw new IllegalArgumentException("a is " + a + "; expected 2 axes, or 3 for a batch");
        }
        sameBatch("b", b, a);
        sameBatch("c", c, a);
        int last = a.rank() - 1;
        int m = a.size(transposeA ? last : last - 1);
        int k = a.size(transposeA ? last - 1 : last);
        int n = b.size(transposeB ? last - 1 : last);
        if (b.size(transposeB ? last : last - 1) != k) {
            throw new IllegalArgumentException("b is " + b + "; expected " + (transposeB ? "[n, k]" : "[k, n]")
                    + " with k = " + k + ", the " + (transposeA ? "rows" : "columns") + " of a");
        }
        if (c.size(last - 1) != m || c.size(last) != n) {
            throw new IllegalArgumentException("c is " + c + "; expected [m, n] with m = " + m + ", the "
                    + (transposeA ? "columns" : "rows") + " of a, and n = " + n + ", the "
                    + (transposeB ? "rows" : "columns") + " of b");
        }
        Check.apart("c", c, "a", a);
        Check.apart("c", c, "b", b);
        Tensor bias = epilogue.bias();
        if (bias != null) {
            Check.sameType("epilogue.bias", bias, "c", c);
            Check.vector("epilogue.bias", bias, n, "column", "c");
            Check.apart("c", c, "epilogue.bias", bias);
        }
        Tensor preActivation = epilogue.preActivation();
        if (preActivation != null) {
            Check.like("epilogue.preActivation", preActivation, "c", c);
            Check.apart("epilogue.preActivation", preActivation, "c", c);
            Check.apart("epilogue.preActivation", preActivation, "a", a);
            Check.apart("epilogue.preActivation", preActivation, "b", b);
            Check.apart("epilogue.preActivation", preActivation, "epilogue.bias", bias);
        }
        of(a).multiply(transposeA, transposeB, alpha, a, b, beta, c, epilogue);
    }

    private static void resultType(Tensor c, Tensor a) {
        Check.present("c", c);
        if (c.type() != a.type() && c.type() != a.type().accumulator()) {
            throw new IllegalArgumentException("c is " + c + "; expected the element type of a, " + a
                    + (a.type() == a.type().accumulator() ? "" : ", or " + a.type().accumulator().word()));
        }
    }

    private static void sameBatch(String name, Tensor tensor, Tensor a) {
        if (tensor.rank() != a.rank()) {
            throw new IllegalArgumentException(
                    name + " is " + tensor + "; expected " + a.rank() + " axes, as a is " + a);
        }
        if (a.rank() == 3 && tensor.size(0) != a.size(0)) {
            throw new IllegalArgumentException(
                    name + " is " + tensor + "; expected a batch of " + a.size(0) + ", as a is " + a);
        }
    }
}
