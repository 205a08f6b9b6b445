package lanewise.kernels.cuda;

import lanewise.kernels.Dropout;
import lanewise.kernels.ElementType;
import lanewise.kernels.Elementwise;
import lanewise.kernels.Tensor;

/** Element by element. */
final class CudaElementwise implements Elementwise {
    private final Device device;
    private final ElementType type;

    CudaElementwise(Device device, ElementType type) {
        this.device = device;
        this.type = type;
    }

    private Launch kernel(String operation) {
        return device.kernel("elementwise", "elementwise_" + operation + "_" + Device.suffix(type), Elements.THREADS);
    }

    @Override
    public void add(Tensor x, Tensor y, Tensor z) {
        combine("add", x, y, z);
    }

    @Override
    public void multiply(Tensor x, Tensor y, Tensor z) {
        combine("multiply", x, y, z);
    }

    private void combine(String operation, Tensor x, Tensor y, Tensor z) {
        try (Operands operands = new Operands(device)) {
            Operand first = operands.in(x);
            Operand second = operands.in(y);
            Operand to = operands.out(z);
            Elements elements = Elements.of(type, x.rows(), x.columns(), first, second, to);
            kernel(operation).with(first).with(second).with(to).with(elements.rows()).with(elements.columns()).with(elements.rows())
                    .over(elements.blocks());
        }
    }

    @Override
    public void scaleAdd(double alpha, Tensor x, double beta, Tensor y) {
        try (Operands operands = new Operands(device)) {
            Operand from = operands.in(x);
            Operand to = beta == 0 ? operands.out(y) : operands.inOut(y);
            Elements elements = Elements.of(type, x.rows(), x.columns(), from, to);
            Launch launch = kernel(beta == 0 ? "scale" : "scaleAdd").with(from).with(to).with(elements.rows()).with(elements.columns())
                    .with(alpha);
            if (beta != 0) {
                launch.with(beta);
            }
            launch.over(elements.blocks());
        }
    }

    @Override
    public void addRepeated(Tensor x, Tensor block, Tensor z) {
        if (x.elements() == 0) {
            return;
        }
        try (Operands operands = new Operands(device)) {
            Operand from = operands.in(x);
            Operand added = operands.in(block);
            Operand to = operands.out(z);
            int columns = x.columns();
            int period = block.rows();
            boolean gapless = from.stride() == columns && added.stride() == columns && to.stride() == columns;
            // A block without gaps, repeated in x without gaps, is one long row, repeated.
            Elements elements = gapless ? Elements.split(type, x.rows() / period, period * columns)
                    : Elements.split(type, x.rows(), columns);
            int stride = gapless ? period * columns : 0;
            kernel("add").with(gapless ? new Operand(from.address(), stride) : from).with(added)
                    .with(gapless ? new Operand(to.address(), stride) : to).with(elements.rows()).with(elements.columns())
                    .with(gapless ? 1 : period).over(elements.blocks());
        }
    }

    @Override
    public void dropout(double rate, long seed, Tensor x, Tensor y) {
        try (Operands operands = new Operands(device)) {
            Operand from = operands.in(x);
            Operand to = operands.out(y);
            Elements elements = Elements.of(type, x.rows(), x.columns(), from, to);
            kernel("dropout").with(from).with(to).with(elements.rows()).with(elements.columns()).with(Dropout.key(seed))
                    .with(Dropout.threshold(rate)).with(1 / (1 - rate)).over(elements.blocks());
        }
    }

    @Override
    public void exp(Tensor x, Tensor y) {
        map("exp", x, y);
    }

    @Override
    public void log(Tensor x, Tensor y) {
        map("log", x, y);
    }

    @Override
    public void tanh(Tensor x, Tensor y) {
        map("tanh", x, y);
    }

    @Override
    public void erf(Tensor x, Tensor y) {
        map("erf", x, y);
    }

    private void map(String operation, Tensor x, Tensor y) {
        try (Operands operands = new Operands(device)) {
            Operand from = operands.in(x);
            Operand to = operands.out(y);
            Elements elements = Elements.of(type, x.rows(), x.columns(), from, to);
            kernel(operation).with(from).with(to).with(elements.rows()).with(elements.columns()).over(elements.blocks());
        }
    }
}
