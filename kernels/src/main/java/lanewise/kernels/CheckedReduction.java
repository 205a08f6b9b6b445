package lanewise.kernels;

import java.util.List;
import java.util.Map;

final class CheckedReduction extends Checked<Reduction> implements Reduction {
    CheckedReduction(Map<ElementType, Column> columns) {
        super(columns, Column::reduction);
    }

    @Override
    public double sum(Tensor x) {
        Check.present("x", x);
        return of(x).sum(x);
    }

    @Override
    public double sumOfSquares(Tensor x) {
        Check.present("x", x);
        return of(x).sumOfSquares(x);
    }

    @Override
    public double sumOfAllSquares(List<Tensor> tensors) {
        Check.present("tensors", tensors);
        if (tensors.isEmpty()) {
            return 0;
        }
        for (int i = 0; i < tensors.size(); i++) {
            if (tensors.get(i).type() != tensors.get(0).type()) {
                throw new IllegalArgumentException("tensors[" + i + "] is " + tensors.get(i) + "; expected the element type of tensors[0], "
                        + tensors.get(0));
            }
        }
        return of(tensors.get(0)).sumOfAllSquares(tensors);
    }

    @Override
    public void sumRepeated(Tensor x, Tensor block) {
        Check.sumType("block", block, "x", x);
        Check.block(block, x);
        Check.apart("block", block, "x", x);
        of(x).sumRepeated(x, block);
    }

    @Override
    public void pool(int length, double scale, Tensor x, Tensor y) {
        checkPool(length, "x", x, "y", y, "[rows of x / length, columns of x]");
        Check.apart("y", y, "x", x);
        of(x).pool(length, scale, x, y);
    }

    @Override
    public void poolBackward(int length, double scale, Tensor dy, Tensor dx) {
        checkPool(length, "dx", dx, "dy", dy, "[rows of dx / length, columns of dx]");
        Check.apart("dx", dx, "dy", dy);
        of(dx).poolBackward(length, scale, dy, dx);
    }

    private static void checkPool(int length, String tokensName, Tensor tokens, String pooledName, Tensor pooled,
            String pooledShape) {
        Check.atLeast("length", length, 1);
        Check.sameType(pooledName, pooled, tokensName, tokens);
        if (tokens.rows() % length != 0) {
            throw new IllegalArgumentException(
                    tokensName + " is " + tokens + "; expected rows that length, " + length + ", divides");
        }
        Check.matrix(pooledName, pooled, tokens.rows() / length, tokens.columns(), pooledShape);
    }
}
