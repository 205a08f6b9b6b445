package lanewise.kernels;

final class CheckedReduction extends Checked<Reduction> implements Reduction {
    CheckedReduction(Reduction float32, Reduction float64) {
        super(float32, float64);
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
    public void sumRepeated(Tensor x, Tensor block) {
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
