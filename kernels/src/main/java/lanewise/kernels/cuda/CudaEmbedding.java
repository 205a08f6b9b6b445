package lanewise.kernels.cuda;

import lanewise.kernels.ElementType;
import lanewise.kernels.Embedding;
import lanewise.kernels.Tensor;

/**
 * Rows copied, added and rotated. The rows for an entry of the table are added in their order as long as they are at most
 * {@link IdChunks#MOST}; more are added in chunks, and then the chunks' sums in their order.
 */
final class CudaEmbedding implements Embedding {
    private final Device device;
    private final ElementType type;

    CudaEmbedding(Device device, ElementType type) {
        this.device = device;
        this.type = type;
    }

    private Launch kernel(String operation) {
        return kernel(operation, type);
    }

    private Launch kernel(String operation, ElementType type) {
        return device.kernel("embedding", "embedding_" + operation + "_" + Device.suffix(type), Elements.THREADS);
    }

    @Override
    public void gather(Tensor table, int[] ids, Tensor y) {
        try (Operands operands = new Operands(device)) {
            Elements elements = Elements.split(type, ids.length, table.columns());
            kernel("gather").with(operands.in(table)).with(operands.ints(ids)).with(operands.out(y)).with(ids.length)
                    .with(table.columns()).over(elements.blocks());
        }
    }

    @Override
    public void scatterAdd(Tensor dY, int[] ids, Tensor dTable) {
        int columns = dY.columns();
        IdChunks chunks = IdChunks.of(ids, dTable.rows());
        try (Operands operands = new Operands(device)) {
            Operand table = operands.inOut(dTable);
            long parts = operands.scratch((long) chunks.parts() * columns * type.accumulator().bytes());
            long[] lists = operands.allInts(chunks.order(), chunks.first(), chunks.chunkIds(), chunks.partRows(), chunks.severalIds(),
                    chunks.firstPart());
            kernel("scatterAdd").with(operands.in(dY)).with(lists[0]).with(lists[1]).with(lists[2]).with(lists[3]).with(parts).with(table)
                    .with(chunks.chunks()).with(columns).over(Elements.split(type, chunks.chunks(), columns).blocks());
            int several = chunks.severalIds().length;
            kernel("addParts", type.accumulator()).with(parts).with(lists[4]).with(lists[5]).with(table).with(several).with(columns)
                    .over(Elements.split(type.accumulator(), several, columns).blocks());
        }
    }

    @Override
    public void rotary(int headWidth, int length, int firstPosition, double base, boolean inverse, Tensor x, Tensor y) {
        int half = headWidth / 2;
        try (Operands operands = new Operands(device)) {
            // No more positions than there are.
            int positions = Math.min(length, x.rows());
            long tableBytes = (long) positions * half * type.accumulator().bytes();
            long cosines = operands.scratch(tableBytes);
            long sines = operands.scratch(tableBytes);
            kernel("angles", type.accumulator()).with(cosines).with(sines).with(positions).with(half).with(firstPosition).with(base).with(inverse)
                    .over((int) (((long) positions * half + Elements.THREADS - 1) / Elements.THREADS));
            Elements elements = Elements.split(type, x.rows(), x.columns() / 2);
            kernel("rotary").with(cosines).with(sines).with(operands.in(x)).with(operands.out(y)).with(x.rows()).with(x.columns())
                    .with(length).with(half).over(elements.blocks());
        }
    }
}
