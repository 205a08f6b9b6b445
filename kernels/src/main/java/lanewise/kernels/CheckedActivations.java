package lanewise.kernels;

import java.util.Map;

final class CheckedActivations extends Checked<Activations> implements Activations {
    CheckedActivations(Map<ElementType, Column> columns) {
        super(columns, Column::activations);
    }

    @Override
    public void forward(Activation f, Tensor x, Tensor y) {
        Check.present("f", f);
        Check.like("y", y, "x", x);
        Check.sameOrApart("y", y, "x", x);
        of(x).forward(f, x, y);
    }

    @Override
    public void backward(Activation f, Tensor x, Tensor dy, Tensor dx) {
        Check.present("f", f);
        Check.like("dy", dy, "x", x);
        Check.like("dx", dx, "x", x);
        Check.sameOrApart("dx", dx, "dy", dy);
        Check.sameOrApart("dx", dx, "x", x);
        of(x).backward(f, x, dy, dx);
    }
}
