package lanewise.transformer.layers;

import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/** A trained row for every position, added to each sequence. */
public final class PositionEmbedding {
    private final Kernels kernels;
    private final Parameter table;
    private Tensor rows;
    private int first;

    /** Its table is {@code name.weight} [longest, width], drawn with this standard deviation. */
    public PositionEmbedding(LayerContext context, String name, int longest, int width, double deviation) {
        kernels = context.kernels();
        table = context.gaussian(name + ".weight", deviation, longest, width);
    }

    /** {@code y = x} with the position's row added to each of its rows; y may be x itself. */
    public void forward(Tensor x, Tensor y, Pass pass) {
        if (rows == null || rows.rows() != pass.length() || first != pass.firstPosition()) {
            first = pass.firstPosition();
            rows = table.working().rowRange(first, first + pass.length());
        }
        kernels.elementwise().addRepeated(x, rows, y);
    }

    /** Adds to the table's gradient; that of x is dy itself. */
    public void backward(Tensor dy) {
        kernels.reduction().sumRepeated(dy, table.gradient().rowRange(first, first + rows.rows()));
    }
}
