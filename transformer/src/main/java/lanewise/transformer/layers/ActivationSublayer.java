package lanewise.transformer.layers;

import lanewise.kernels.Activation;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/** {@code f(x) = phi(x)}: a feed-forward part without weights. */
public final class ActivationSublayer implements Sublayer {
    private final Kernels kernels;
    private final Activation activation;
    private final int width;
    private final RowBuffer temporary;
    private Tensor input;

    public ActivationSublayer(LayerContext context, int width, Activation activation) {
        kernels = context.kernels();
        this.activation = activation;
        this.width = width;
        temporary = context.shared("activation to be added", width);
    }

    @Override
    public int outputWidth() {
        return width;
    }

    @Override
    public void forward(Tensor x, boolean accumulate, Tensor y, Pass pass) {
        input = x;
        Tensor result = accumulate ? temporary.rows(x.rows()) : y;
        kernels.activations().forward(activation, x, result);
        if (accumulate) {
            kernels.elementwise().add(y, result, y);
        }
    }

    @Override
    public void backward(Tensor dy, boolean accumulate, Tensor dx, Pass pass) {
        if (dx == null) {
            return;
        }
        Tensor result = accumulate ? temporary.rows(dy.rows()) : dx;
        kernels.activations().backward(activation, input, dy, result);
        if (accumulate) {
            kernels.elementwise().add(dx, result, dx);
        }
    }
}
