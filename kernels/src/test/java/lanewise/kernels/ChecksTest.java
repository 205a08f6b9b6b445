package lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * Every operation rejects what its contract rejects, names the argument, and has then written nothing. The table lists
 * each operation with its tensors; the tests spoil one of them, or one pair, at a time.
 */
class ChecksTest {
    private static final Kernels KERNELS = KernelsUnderTest.best();
    private static final Set<String> EMPTY_BY_ROWS_OR_COLUMNS = Set.of("softmax", "log of softmax", "softmax backward",
            "log of softmax backward", "squared error", "layer norm", "RMS norm",
            "layer norm backward, accumulate false", "RMS norm backward, accumulate false", "activation",
            "activation backward", "add", "scaleAdd", "dropout", "exp", "log", "tanh", "erf", "gradient descent",
            "momentum", "adam");

    /** A tensor argument of an operation. */
    private record Argument(String name, boolean output, boolean optional, int... shape) {
    }

    /** The tensors of a call, by their place in the table. */
    private interface Call {
        void run(Tensor[] tensors);
    }

    /**
     * An operation.
     *
     * @param mayBeSame pairs "output=other" that may be the same view
     */
    private record Operation(String name, List<Argument> arguments, List<String> mayBeSame, Call call) {
    }

    @AfterAll
    static void close() {
        KERNELS.close();
    }

    private static Argument in(String name, int... shape) {
        return new Argument(name, false, false, shape);
    }

    private static Argument optionalIn(String name, int... shape) {
        return new Argument(name, false, true, shape);
    }

    private static Argument out(String name, int... shape) {
        return new Argument(name, true, false, shape);
    }

    private static Argument optionalOut(String name, int... shape) {
        return new Argument(name, true, true, shape);
    }

    private static List<Operation> operations() {
        List<Operation> all = new ArrayList<>();
        Matmul matmul = KERNELS.matmul();
        all.add(new Operation("multiply", List.of(in("a", 4, 6), in("b", 6, 5), out("c", 4, 5),
                optionalIn("epilogue.bias", 5), optionalOut("epilogue.preActivation", 4, 5)), List.of(),
                t -> matmul.multiply(false, false, 1, t[0], t[1], 0, t[2],
                        new Epilogue(t[3], Activation.RELU, t[4]))));
        all.add(new Operation("multiply, both transposed", List.of(in("a", 6, 4), in("b", 5, 6), out("c", 4, 5)),
                List.of(), t -> matmul.multiply(true, true, 1, t[0], t[1], 1, t[2], Epilogue.NONE)));
        all.add(new Operation("multiply a batch", List.of(in("a", 2, 4, 6), in("b", 2, 6, 5), out("c", 2, 4, 5)),
                List.of(), t -> matmul.multiply(t[0], t[1], t[2])));
        AttentionShape shape = new AttentionShape(2, 4, 2, 3, 5, 6, 0.4, true, null);
        all.add(new Operation("attention forward", List.of(in("query", 6, 24), in("key", 10, 12), in("value", 10, 12),
                out("output", 6, 24), optionalOut("logSumExp", 8, 3)), List.of(),
                t -> KERNELS.attention().forward(shape, t[0], t[1], t[2], t[3], t[4])));
        all.add(new Operation("attention backward", List.of(in("query", 6, 24), in("key", 10, 12), in("value", 10, 12),
                in("output", 6, 24), in("logSumExp", 8, 3), in("dOutput", 6, 24), out("dQuery", 6, 24),
                out("dKey", 10, 12), out("dValue", 10, 12)), List.of(),
                t -> KERNELS.attention().backward(shape, t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8])));
        Softmax softmax = KERNELS.softmax();
        all.add(map("softmax", t -> softmax.forward(1, t[0], t[1])));
        all.add(map("log of softmax", t -> softmax.logForward(1, t[0], t[1])));
        List<Argument> backward = List.of(in("y", 4, 6), in("dy", 4, 6), out("dx", 4, 6));
        all.add(new Operation("softmax backward", backward, List.of("dx=dy"),
                t -> softmax.backward(1, t[0], t[1], t[2])));
        all.add(new Operation("log of softmax backward", backward, List.of("dx=dy"),
                t -> softmax.logBackward(1, t[0], t[1], t[2])));
        int[] targets = {0, 5, -1, 3};
        all.add(new Operation("cross-entropy", List.of(in("logits", 4, 7), out("losses", 4),
                optionalOut("dLogits", 4, 7)), List.of("dLogits=logits"),
                t -> KERNELS.loss().crossEntropy(t[0], targets, -1, 1, t[1], t[2])));
        all.add(new Operation("squared error", List.of(in("y", 4, 7), in("target", 4, 7), out("losses", 4),
                optionalOut("dY", 4, 7)), List.of("dY=y"),
                t -> KERNELS.loss().squaredError(t[0], t[1], 1, t[2], t[3])));
        Normalization normalization = KERNELS.normalization();
        all.add(new Operation("layer norm", List.of(in("x", 4, 6), in("gain", 6), optionalIn("shift", 6),
                out("y", 4, 6), out("mean", 4), out("rstd", 4)), List.of("y=x"),
                t -> normalization.layerNorm(t[0], t[1], t[2], 1e-5, t[3], t[4], t[5])));
        all.add(new Operation("RMS norm", List.of(in("x", 4, 6), in("gain", 6), out("y", 4, 6), out("rstd", 4)),
                List.of("y=x"), t -> normalization.rmsNorm(t[0], t[1], 1e-5, t[2], t[3])));
        for (boolean accumulate : new boolean[] {false, true}) {
            List<String> mayBeSame = accumulate ? List.of() : List.of("dx=dy");
            all.add(new Operation("layer norm backward, accumulate " + accumulate, List.of(in("x", 4, 6), in("gain", 6),
                    in("mean", 4), in("rstd", 4), in("dy", 4, 6), out("dx", 4, 6), out("dGain", 6),
                    optionalOut("dShift", 6)), mayBeSame,
                    t -> normalization.layerNormBackward(t[0], t[1], t[2], t[3], t[4], accumulate, t[5], t[6], t[7])));
            all.add(new Operation("RMS norm backward, accumulate " + accumulate, List.of(in("x", 4, 6), in("gain", 6),
                    in("rstd", 4), in("dy", 4, 6), out("dx", 4, 6), out("dGain", 6)), mayBeSame,
                    t -> normalization.rmsNormBackward(t[0], t[1], t[2], t[3], accumulate, t[4], t[5])));
        }
        all.add(map("activation", t -> KERNELS.activations().forward(Activation.SILU, t[0], t[1])));
        all.add(new Operation("activation backward", List.of(in("x", 4, 6), in("dy", 4, 6), out("dx", 4, 6)),
                List.of("dx=dy", "dx=x"),
                t -> KERNELS.activations().backward(Activation.SILU, t[0], t[1], t[2])));
        Elementwise elementwise = KERNELS.elementwise();
        List<Argument> two = List.of(in("x", 4, 6), in("y", 4, 6), out("z", 4, 6));
        all.add(new Operation("add", two, List.of("z=x", "z=y"), t -> elementwise.add(t[0], t[1], t[2])));
        all.add(new Operation("elementwise multiply", two, List.of("z=x", "z=y"),
                t -> elementwise.multiply(t[0], t[1], t[2])));
        all.add(map("scaleAdd", t -> elementwise.scaleAdd(2, t[0], 3, t[1])));
        all.add(new Operation("addRepeated", List.of(in("x", 10, 5), in("block", 5, 5), out("z", 10, 5)),
                List.of("z=x"), t -> elementwise.addRepeated(t[0], t[1], t[2])));
        all.add(map("dropout", t -> elementwise.dropout(0.5, 1, t[0], t[1])));
        all.add(map("exp", t -> elementwise.exp(t[0], t[1])));
        all.add(map("log", t -> elementwise.log(t[0], t[1])));
        all.add(map("tanh", t -> elementwise.tanh(t[0], t[1])));
        all.add(map("erf", t -> elementwise.erf(t[0], t[1])));
        Reduction reduction = KERNELS.reduction();
        all.add(new Operation("sumRepeated", List.of(in("x", 10, 5), out("block", 5, 5)), List.of(),
                t -> reduction.sumRepeated(t[0], t[1])));
        all.add(new Operation("pool", List.of(in("x", 6, 5), out("y", 2, 5)), List.of(),
                t -> reduction.pool(3, 1, t[0], t[1])));
        all.add(new Operation("pool backward", List.of(in("dy", 2, 5), out("dx", 6, 5)), List.of(),
                t -> reduction.poolBackward(3, 1, t[0], t[1])));
        int[] ids = {4, 0, 4};
        all.add(new Operation("gather", List.of(in("table", 5, 6), out("y", 3, 6)), List.of(),
                t -> KERNELS.embedding().gather(t[0], ids, t[1])));
        all.add(new Operation("scatterAdd", List.of(in("dY", 3, 6), out("dTable", 5, 6)), List.of(),
                t -> KERNELS.embedding().scatterAdd(t[0], ids, t[1])));
        all.add(new Operation("rotary", List.of(in("x", 6, 8), out("y", 6, 8)), List.of("y=x"),
                t -> KERNELS.embedding().rotary(4, 3, 0, 10000, false, t[0], t[1])));
        Optimizer optimizer = KERNELS.optimizer();
        all.add(new Operation("gradient descent", List.of(out("parameter", 4, 6), in("gradient", 4, 6)), List.of(),
                t -> optimizer.gradientDescent(0.1, 0, 1, t[0], t[1])));
        all.add(new Operation("momentum", List.of(out("parameter", 4, 6), in("gradient", 4, 6), out("velocity", 4, 6)),
                List.of(), t -> optimizer.momentum(0.1, 0.9, 0, 1, t[0], t[1], t[2])));
        AdamSettings settings = new AdamSettings(0.9, 0.999, 1e-8, 0, true);
        all.add(new Operation("adam", List.of(out("parameter", 4, 6), in("gradient", 4, 6), out("mean", 4, 6),
                out("meanSquares", 4, 6)), List.of(),
                t -> optimizer.adam(settings, 0.1, 1, 1, t[0], t[1], t[2], t[3])));
        return all;
    }

    private static Operation map(String name, Call call) {
        return new Operation(name, List.of(in("x", 4, 6), out("y", 4, 6)), List.of("y=x"), call);
    }

    @Test
    void rightArgumentsAreAccepted() {
        everyOperation((operation, type) -> {
            Tensor[] tensors = tensors(operation, type);
            assertDoesNotThrow(() -> operation.call.run(tensors), operation.name);
            for (int i = 0; i < tensors.length; i++) {
                String name = operation.name + ", " + operation.arguments.get(i).name;
                KernelsUnderTest.assertGuardsIntact(name, tensors[i]);
            }
        });
    }

    @Test
    void elementTypesMustBeEqual() {
        everyOperation((operation, type) -> everyArgument(operation, i -> {
            Tensor[] tensors = tensors(operation, type);
            ElementType other = type == ElementType.FLOAT32 ? ElementType.FLOAT64 : ElementType.FLOAT32;
            tensors[i] = tensor(other, operation.arguments.get(i).shape);
            assertRejected(operation, tensors, operation.arguments.get(i).name, "float32", "float64");
        }));
    }

    @Test
    void shapesMustFit() {
        everyOperation((operation, type) -> everyArgument(operation, i -> {
            int[] shape = operation.arguments.get(i).shape;
            String name = operation.arguments.get(i).name;
            for (int axis = 0; axis < shape.length; axis++) {
                boolean tableRows = axis == 0 && (name.equals("table") || name.equals("dTable"));
                for (int change : tableRows ? new int[] {-1} : new int[] {-1, 1}) {
                    int[] wrong = shape.clone();
                    wrong[axis] += change;
                    Tensor[] tensors = tensors(operation, type);
                    tensors[i] = tensor(type, wrong);
                    assertRejected(operation, tensors, tableRows ? "ids" : name);
                }
            }
            if (shape.length == 1) {
                Tensor[] tensors = tensors(operation, type);
                tensors[i] = tensor(type, shape[0], 1);
                assertRejected(operation, tensors, name);
            }
        }));
    }

    @Test
    void nullIsRejectedUnlessOptional() {
        everyOperation((operation, type) -> everyArgument(operation, i -> {
            Tensor[] tensors = tensors(operation, type);
            tensors[i] = null;
            String name = operation.arguments.get(i).name;
            if (operation.arguments.get(i).optional) {
                assertDoesNotThrow(() -> operation.call.run(tensors), operation.name + " without " + name);
            } else {
                String message = assertThrows(NullPointerException.class, () -> operation.call.run(tensors),
                        operation.name + " with null for " + name).getMessage();
                assertTrue(message.equals(name + " is null"), operation.name + ": " + message);
            }
        }));
    }

    @Test
    void outputsMustNotPartlyOverlapAnything() {
        everyOperation((operation, type) -> everyPair(operation, (i, j) -> {
            Tensor[] tensors = tensors(operation, type);
            Storage storage = tensor(type, 1000).storage();
            tensors[i] = contiguous(storage, 0, operation.arguments.get(i).shape);
            tensors[j] = contiguous(storage, 1, operation.arguments.get(j).shape);
            assertRejected(operation, tensors, operation.arguments.get(i).name, operation.arguments.get(j).name,
                    "overlaps");
        }));
    }

    @Test
    void outputsMayBeAnArgumentOnlyWhereTheContractSaysSo() {
        everyOperation((operation, type) -> everyPair(operation, (i, j) -> {
            Argument output = operation.arguments.get(i);
            Argument other = operation.arguments.get(j);
            if (!Arrays.equals(output.shape, other.shape)) {
                return;
            }
            Tensor[] tensors = tensors(operation, type);
            tensors[j] = tensors[i];
            if (operation.mayBeSame.contains(output.name + "=" + other.name)) {
                assertDoesNotThrow(() -> operation.call.run(tensors), operation.name + " with " + other.name
                        + " as " + output.name);
            } else {
                assertRejected(operation, tensors, output.name, other.name, "overlaps");
            }
        }));
    }

    @Test
    void inputsMayOverlap() {
        everyOperation((operation, type) -> {
            Tensor[] tensors = tensors(operation, type);
            Storage storage = tensor(type, 1000).storage();
            for (int i = 0; i < tensors.length; i++) {
                if (!operation.arguments.get(i).output) {
                    tensors[i] = contiguous(storage, i, operation.arguments.get(i).shape);
                }
            }
            assertDoesNotThrow(() -> operation.call.run(tensors), operation.name);
        });
    }

    @Test
    void ranksOfProducts() {
        Matmul matmul = KERNELS.matmul();
        Tensor vector = tensor(ElementType.FLOAT32, 6);
        Tensor matrix = tensor(ElementType.FLOAT32, 6, 6);
        Tensor result = tensor(ElementType.FLOAT32, 6, 6);
        Tensor batch = tensor(ElementType.FLOAT32, 2, 6, 6);
        Tensor batches = tensor(ElementType.FLOAT32, 3, 6, 6);
        Tensor deep = tensor(ElementType.FLOAT32, 1, 2, 6, 6);
        rejected(() -> matmul.multiply(vector, matrix, result), "a is float32[6]; expected 2 axes");
        rejected(() -> matmul.multiply(deep, deep, deep), "a is float32[1, 2, 6, 6]; expected 2 axes");
        rejected(() -> matmul.multiply(batch, matrix, batches), "b is float32[6, 6]; expected 3 axes");
        rejected(() -> matmul.multiply(matrix, matrix, batch), "c is float32[2, 6, 6]; expected 2 axes");
        rejected(() -> matmul.multiply(batch, batches, batch), "b is float32[3, 6, 6]; expected a batch of 2");
        rejected(() -> matmul.multiply(batch, batch, batches), "c is float32[3, 6, 6]; expected a batch of 2");
        Tensor wide = tensor(ElementType.FLOAT32, 3, 4);
        rejected(() -> matmul.multiply(tensor(ElementType.FLOAT32, 2, 5), wide, result),
                "b is float32[3, 4]; expected [k, n] with k = 5, the columns of a");
        rejected(() -> matmul.multiply(true, true, 1, tensor(ElementType.FLOAT32, 5, 2), wide, 0, result,
                Epilogue.NONE), "b is float32[3, 4]; expected [n, k] with k = 5, the rows of a");
        rejected(() -> matmul.multiply(true, true, 1, tensor(ElementType.FLOAT32, 4, 2), wide, 0, result,
                Epilogue.NONE), "c is float32[6, 6]; expected [m, n] with m = 2, the columns of a, and n = 3");
        missing("epilogue", () -> matmul.multiply(false, false, 1, matrix, matrix, 0, result, null));
        missing("epilogue.activation", () -> matmul.multiply(false, false, 1, matrix, matrix, 0, result,
                new Epilogue(null, null, null)));
    }

    @Test
    void numbersOutOfRange() {
        Tensor x = tensor(ElementType.FLOAT32, 6, 8);
        Tensor y = tensor(ElementType.FLOAT32, 6, 8);
        Tensor columns = tensor(ElementType.FLOAT32, 8);
        Tensor rows = tensor(ElementType.FLOAT32, 6);
        Tensor moreRows = tensor(ElementType.FLOAT32, 6);
        for (double rate : new double[] {-0.1, 1, 1.5, Double.NaN}) {
            rejected(() -> KERNELS.elementwise().dropout(rate, 1, x, y), "rate is " + rate + "; expected 0 to below 1");
        }
        for (double epsilon : new double[] {-1e-9, Double.NaN}) {
            rejected(() -> KERNELS.normalization().layerNorm(x, columns, null, epsilon, y, rows, moreRows),
                    "epsilon is " + epsilon);
            rejected(() -> KERNELS.normalization().rmsNorm(x, columns, epsilon, y, rows), "epsilon is " + epsilon);
        }
        for (int length : new int[] {-3, 0}) {
            rejected(() -> KERNELS.reduction().pool(length, 1, x, y), "length is " + length + "; expected at least 1");
            rejected(() -> KERNELS.reduction().poolBackward(length, 1, x, y), "length is " + length);
            rejected(() -> rotary(4, length, 0, 10000, x, y), "length is " + length);
        }
        rejected(() -> KERNELS.reduction().pool(4, 1, x, y), "x is float32[6, 8]; expected rows that length, 4");
        rejected(() -> rotary(4, 4, 0, 10000, x, y), "length is 4; expected a number that divides the rows of x");
        rejected(() -> rotary(0, 3, 0, 10000, x, y), "headWidth is 0");
        rejected(() -> rotary(-2, 3, 0, 10000, x, y), "headWidth is -2");
        rejected(() -> rotary(1, 3, 0, 10000, x, y), "headWidth is 1");
        rejected(() -> rotary(6, 3, 0, 10000, x, y), "headWidth is 6; expected an even number that divides");
        rejected(() -> rotary(4, 3, -1, 10000, x, y), "firstPosition is -1");
        rejected(() -> rotary(4, 3, Integer.MAX_VALUE, 10000, x, y), "firstPosition is 2147483647");
        for (double base : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            rejected(() -> rotary(4, 3, 0, base, x, y), "base is " + base);
        }
        AdamSettings settings = new AdamSettings(0.9, 0.999, 1e-8, 0, true);
        Tensor m = tensor(ElementType.FLOAT32, 6, 8);
        Tensor v = tensor(ElementType.FLOAT32, 6, 8);
        rejected(() -> KERNELS.optimizer().adam(settings, 0.1, 0, 1, x, y, m, v), "step is 0; expected at least 1");
        missing("settings", () -> KERNELS.optimizer().adam(null, 0.1, 1, 1, x, y, m, v));
        missing("f", () -> KERNELS.activations().forward(null, x, y));
        missing("f", () -> KERNELS.activations().backward(null, x, y, m));
        missing("shape", () -> KERNELS.attention().forward(null, x, x, x, y, null));
        missing("x", () -> KERNELS.reduction().sum(null));
        missing("x", () -> KERNELS.reduction().sumOfSquares(null));
    }

    @Test
    void indicesOutOfRange() {
        Tensor logits = tensor(ElementType.FLOAT64, 3, 5);
        Tensor losses = tensor(ElementType.FLOAT64, 3);
        Loss loss = KERNELS.loss();
        rejected(() -> loss.crossEntropy(logits, new int[] {0, 5, 1}, -1, 1, losses, null),
                "targets[1] is 5; expected 0 to 4");
        rejected(() -> loss.crossEntropy(logits, new int[] {0, 0, -1}, -100, 1, losses, null),
                "targets[2] is -1; expected 0 to 4");
        rejected(() -> loss.crossEntropy(logits, new int[2], -1, 1, losses, null), "targets has 2 entries; expected 3");
        missing("targets", () -> loss.crossEntropy(logits, null, -1, 1, losses, null));
        assertDoesNotThrow(() -> loss.crossEntropy(logits, new int[] {7, 7, 7}, 7, 1, losses, null));
        Tensor table = tensor(ElementType.FLOAT64, 4, 5);
        Embedding embedding = KERNELS.embedding();
        rejected(() -> embedding.gather(table, new int[] {0, 4, 0}, logits), "ids[1] is 4; expected 0 to 3");
        rejected(() -> embedding.gather(table, new int[] {-1, 0, 0}, logits), "ids[0] is -1; expected 0 to 3");
        rejected(() -> embedding.gather(table, new int[4], logits), "y is float64[3, 5]; expected [4, 5]");
        rejected(() -> embedding.scatterAdd(logits, new int[] {0, 0, 9}, table), "ids[2] is 9; expected 0 to 3");
        rejected(() -> embedding.scatterAdd(logits, new int[4], table), "dY is float64[3, 5]; expected [4, 5]");
        missing("ids", () -> embedding.gather(table, null, logits));
        missing("ids", () -> embedding.scatterAdd(logits, null, table));
    }

    @Test
    void settingsOutOfRange() {
        rejected(() -> new AttentionShape(-1, 2, 2, 3, 3, 4, 1, false, null), "batch is -1");
        rejected(() -> new AttentionShape(1, 0, 2, 3, 3, 4, 1, false, null), "heads is 0");
        rejected(() -> new AttentionShape(1, 2, 0, 3, 3, 4, 1, false, null), "keyHeads is 0");
        rejected(() -> new AttentionShape(1, 2, 2, -3, 3, 4, 1, false, null), "queryLength is -3");
        rejected(() -> new AttentionShape(1, 2, 2, 3, -3, 4, 1, false, null), "keyLength is -3");
        rejected(() -> new AttentionShape(1, 2, 2, 3, 3, 0, 1, false, null), "headWidth is 0");
        rejected(() -> new AttentionShape(1, 3, 2, 3, 3, 4, 1, false, null), "keyHeads is 2; it must divide heads, 3");
        rejected(() -> new AttentionShape(1, 2, 2, 3, 3, 4, Double.NaN, false, null), "scale is NaN");
        rejected(() -> new AttentionShape(2, 2, 2, 3, 3, 4, 1, false, new int[1]), "keyLengths has 1 entries");
        rejected(() -> new AttentionShape(1, 2, 2, 3, 3, 4, 1, false, new int[] {4}), "keyLengths holds 4");
        rejected(() -> new AttentionShape(1, 2, 2, 3, 3, 4, 1, false, new int[] {-1}), "keyLengths holds -1");
        int[] keyLengths = {2};
        AttentionShape shape = new AttentionShape(1, 2, 2, 3, 3, 4, 1, false, keyLengths);
        keyLengths[0] = 99;
        assertEquals(2, shape.visibleKeys(0, 0), "what was checked can't be changed afterwards");
        rejected(() -> new AdamSettings(1, 0.9, 1e-8, 0, true), "beta1 is 1.0");
        rejected(() -> new AdamSettings(0.9, -0.1, 1e-8, 0, true), "beta2 is -0.1");
        rejected(() -> new AdamSettings(0.9, 0.9, Double.NaN, 0, true), "epsilon is NaN");
        rejected(() -> new AdamSettings(0.9, 0.9, 0, -1, true), "weightDecay is -1.0");
    }

    @Test
    void emptyTensorsAreAllowed() {
        for (ElementType type : KernelsUnderTest.TYPES) {
            for (Operation operation : operations()) {
                if (EMPTY_BY_ROWS_OR_COLUMNS.contains(operation.name)) {
                    empty(operation, type, false);
                    empty(operation, type, true);
                }
            }
            Tensor c = tensor(type, 4, 5);
            KERNELS.matmul().multiply(Tensor.zeros(type, 4, 0), Tensor.zeros(type, 0, 5), c);
            assertArrayEquals(new double[20], c.toArray(), "a sum of nothing is 0");
            KERNELS.matmul().multiply(Tensor.zeros(type, 0, 3), Tensor.zeros(type, 3, 5), Tensor.zeros(type, 0, 5));
            KERNELS.matmul().multiply(Tensor.zeros(type, 4, 3), Tensor.zeros(type, 3, 0), Tensor.zeros(type, 4, 0));
            KERNELS.embedding().gather(Tensor.zeros(type, 4, 3), new int[0], Tensor.zeros(type, 0, 3));
            KERNELS.embedding().scatterAdd(Tensor.zeros(type, 0, 3), new int[0], Tensor.zeros(type, 4, 3));
            KERNELS.embedding().rotary(4, 3, 0, 10000, false, Tensor.zeros(type, 0, 8), Tensor.zeros(type, 0, 8));
            KERNELS.reduction().pool(3, 1, Tensor.zeros(type, 0, 8), Tensor.zeros(type, 0, 8));
            KERNELS.reduction().sumRepeated(Tensor.zeros(type, 0, 8), Tensor.zeros(type, 2, 8));
            KERNELS.elementwise().addRepeated(Tensor.zeros(type, 0, 8), Tensor.zeros(type, 2, 8),
                    Tensor.zeros(type, 0, 8));
            assertTrue(KERNELS.reduction().sum(Tensor.zeros(type, 0, 8)) == 0);
            AttentionShape noKeys = new AttentionShape(1, 1, 1, 2, 0, 4, 1, false, null);
            Tensor output = tensor(type, 2, 4);
            KERNELS.attention().forward(noKeys, tensor(type, 2, 4), Tensor.zeros(type, 0, 4), Tensor.zeros(type, 0, 4),
                    output, null);
            assertArrayEquals(new double[8], output.toArray(), "attention to nothing is 0");
        }
    }

    /** Calls an operation on rows with all of one size made 0. */
    private static void empty(Operation operation, ElementType type, boolean noColumns) {
        Argument first = operation.arguments.get(0);
        Tensor[] tensors = new Tensor[operation.arguments.size()];
        for (int i = 0; i < tensors.length; i++) {
            int[] shape = operation.arguments.get(i).shape.clone();
            boolean perRow = shape.length == 1 && shape[0] == first.shape[0];
            if (shape.length == 2) {
                shape[noColumns ? 1 : 0] = 0;
            } else if (perRow != noColumns) {
                shape[0] = 0;
            }
            tensors[i] = Tensor.zeros(type, shape);
        }
        String name = operation.name + (noColumns ? ", no columns" : ", no rows");
        assertDoesNotThrow(() -> operation.call.run(tensors), name);
    }

    private static void rotary(int headWidth, int length, int firstPosition, double base, Tensor x, Tensor y) {
        KERNELS.embedding().rotary(headWidth, length, firstPosition, base, false, x, y);
    }

    private interface Visit {
        void accept(Operation operation, ElementType type);
    }

    private interface Pair {
        void accept(int output, int other);
    }

    private static void everyOperation(Visit visit) {
        for (Operation operation : operations()) {
            for (ElementType type : KernelsUnderTest.TYPES) {
                visit.accept(operation, type);
            }
        }
    }

    private static void everyArgument(Operation operation, Consumer<Integer> visit) {
        for (int i = 0; i < operation.arguments.size(); i++) {
            visit.accept(i);
        }
    }

    /** Every output with every other argument; of two outputs, the later one comes first. */
    private static void everyPair(Operation operation, Pair visit) {
        for (int i = 0; i < operation.arguments.size(); i++) {
            for (int j = 0; j < operation.arguments.size(); j++) {
                boolean bothOutputs = operation.arguments.get(j).output;
                if (operation.arguments.get(i).output && (bothOutputs ? j < i : j != i)) {
                    visit.accept(i, j);
                }
            }
        }
    }

    private static Tensor[] tensors(Operation operation, ElementType type) {
        return operation.arguments.stream().map(argument -> tensor(type, argument.shape)).toArray(Tensor[]::new);
    }

    private static Tensor tensor(ElementType type, int... shape) {
        Tensor tensor = KernelsUnderTest.guarded(type, shape);
        tensor.fill(0.5);
        return tensor;
    }

    private static Tensor contiguous(Storage storage, int offset, int... shape) {
        return new Tensor(storage, offset, shape[shape.length - 1], shape);
    }

    private static void assertRejected(Operation operation, Tensor[] tensors, String... words) {
        List<double[]> before = new ArrayList<>();
        for (Tensor tensor : tensors) {
            before.add(tensor.toArray());
        }
        String what = operation.name + " with " + List.of(tensors);
        String message = assertThrows(IllegalArgumentException.class, () -> operation.call.run(tensors), what)
                .getMessage();
        for (String word : words) {
            assertTrue(Pattern.compile("(?<![\\w.])" + Pattern.quote(word) + "(?!\\w)").matcher(message).find(),
                    what + ": the message \"" + message + "\" lacks \"" + word + "\"");
        }
        for (int i = 0; i < tensors.length; i++) {
            assertArrayEquals(before.get(i), tensors[i].toArray(), what + " wrote to argument " + i);
        }
    }

    private static void rejected(Executable call, String start) {
        String message = assertThrows(IllegalArgumentException.class, call, start).getMessage();
        assertTrue(message.startsWith(start), "the message \"" + message + "\" does not start with \"" + start + "\"");
    }

    private static void missing(String name, Executable call) {
        String message = assertThrows(NullPointerException.class, call, name).getMessage();
        assertTrue(message.equals(name + " is null"), message);
    }
}
