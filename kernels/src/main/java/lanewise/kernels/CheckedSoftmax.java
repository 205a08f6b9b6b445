package lanewise.kernels;

import java.util.Map;

final class CheckedSoftmax extends Checked<Softmax> implements Softmax {
    CheckedSoftmax(Map<ElementType, Column> columns) {
        super(columns, Column::softmax);
    }

    @Override
    public void forward(double scale, Tensor x, Tensor y) {
        checkForward(x, y);
        of(x).forward(scale, x, y);
    }

    @Override
    public void backward(double scale, Tensor y, Tensor dy, Tensor dx) {
        checkBackward(y, dy, dx);
        of(y).backward(scale, y, dy, dx);
    }

    @Override
    public void logForward(double scale, Tensor x, Tensor y) {
        checkForward(x, y);
        of(x).logForward(scale, x, y);
    }

    @Override
    public void logBackward(double scale, Tensor y, Tensor dy, Tensor dx) {
        checkBackward(y, dy, dx);
        of(y).logBackward(scale, y, dy, dx);
    }

    private static void checkForward(Tensor x, Tensor y) {
        Check.like("y", y, "x", x);
        Check.sameOrApart("y", y, "x", x);
    }

    private static void checkBackward(Tensor y, Tensor dy, Tensor dx) {
        Check.like("dy", dy, "y", y);
        Check.like("dx", dx, "y", y);
        Check.sameOrApart("dx", dx, "dy", dy);
        Check.apart("dx", dx, "y", y);
    }
}
