package lanewise.transformer.layers;

import lanewise.kernels.Activation;
import lanewise.kernels.Activations;
import lanewise.kernels.Tensor;

/** {@code f(x) = phi(x W_1 + b_1) W_2 + b_2}, token by token. */
public final class FeedForward implements Sublayer {
    private final Activations activations;
    private final Activation activation;
    private final int outputWidth;
    private final Linear in;
    private final Linear out;
    private final RowBuffer preActivation;
    private final RowBuffer hidden;
    private final RowBuffer dHidden;

    /** Its linear layers are {@code name.in} [width, hiddenWidth] and {@code name.out} [hiddenWidth, width]. */
    public FeedForward(LayerContext context, String name, int width, int hiddenWidth, Activation activation,
            boolean bias, Initialization initialization) {
        activations = context.kernels().activations();
        this.activation = activation;
        outputWidth = width;
        in = new Linear(context, name + ".in", width, hiddenWidth, bias, initialization);
        out = new Linear(context, name + ".out", hiddenWidth, width, bias, initialization.ofResidualProjection());
        preActivation = context.buffer(hiddenWidth);
        hidden = context.buffer(hiddenWidth);
        dHidden = context.shared("gradient of the hidden units", hiddenWidth);
    }

    public Linear in() {
        return in;
    }

    public Linear out() {
        return out;
    }

    /** phi(x W_1 + b_1) of the last forward pass, [rows, hiddenWidth]. */
    public Tensor hidden() {
        return hidden.current();
    }

    @Override
    public int outputWidth() {
        return outputWidth;
    }

    @Override
    public void forward(Tensor x, boolean accumulate, Tensor y, Pass pass) {
        Tensor h = hidden.rows(x.rows());
        in.forward(x, activation, pass.training() ? preActivation.rows(x.rows()) : null, h);
        out.forward(h, accumulate, y);
    }

    @Override
    public void backward(Tensor dy, boolean accumulate, Tensor dx, Pass pass) {
        Tensor dh = dHidden.rows(dy.rows());
        out.backward(dy, false, dh);
        activations.backward(activation, preActivation.current(), dh, dh);
        in.backward(dh, accumulate, dx);
    }
}
