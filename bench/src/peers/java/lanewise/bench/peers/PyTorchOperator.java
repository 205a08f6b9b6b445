package lanewise.bench.peers;

import java.util.Arrays;
import java.util.List;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;
import org.bytedeco.pytorch.BoolType;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.IntType;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.global.torch;

/**
 * One of PyTorch's operators with its arguments. Runs the CPU's kernel itself, without recording for autograd, which is what
 * inference mode does; and so also reaches operators that have no function in the Java bindings.
 */
final class PyTorchOperator {
    private final OperatorHandle operator;
    private final IValue[] arguments;
    private final IValueVector stack = new IValueVector();

    /** Finds an operator by its schema's name, such as {@code mm.out}. */
    PyTorchOperator(String name, IValue... arguments) {
        int dot = name.indexOf('.');
        operator = new OperatorHandle(Dispatcher.singleton().findSchemaOrThrow(
                "aten::" + (dot < 0 ? name : name.substring(0, dot)), dot < 0 ? "" : name.substring(dot + 1)));
        this.arguments = arguments;
    }

    /** Runs it; frees what the run before returned. */
    void run() {
        run(arguments);
    }

    void run(IValue... others) {
        stack.put(others);
        operator.callBoxedForDispatchKey(torch.DispatchKey.CPU, stack);
    }

    /** What the latest run returned. */
    IValue returned(int index) {
        return stack.get(index);
    }

    /** Drops what the latest run returned. */
    void forget() {
        stack.clear();
    }

    /** The absent value of an optional argument. */
    static IValue none() {
        return new IValue();
    }

    static IValue value(long integer) {
        return new IValue(integer);
    }

    static IValue value(double number) {
        return new IValue(number);
    }

    static IValue value(boolean flag) {
        return new IValue(flag);
    }

    static IValue value(org.bytedeco.pytorch.Tensor tensor) {
        return new IValue(tensor);
    }

    static IValue integers(long... integers) {
        IValue[] values = new IValue[integers.length];
        Arrays.setAll(values, i -> new IValue(integers[i]));
        return list(IntType.getIntTypePtr().get(), values);
    }

    static IValue flags(boolean... flags) {
        IValue[] values = new IValue[flags.length];
        Arrays.setAll(values, i -> new IValue(flags[i]));
        return list(BoolType.get().get(), values);
    }

    static IValue tensors(List<org.bytedeco.pytorch.Tensor> tensors) {
        return list(TensorType.get(), tensors.stream().map(IValue::new).toArray(IValue[]::new));
    }

    private static IValue list(Type elementType, IValue... values) {
        GenericList list = new GenericList(new Type.TypePtr(elementType));
        for (IValue value : values) {
            list.push_back(value);
        }
        return new IValue(list);
    }

    /** A copy of a tensor, of the same type and shape. */
    static org.bytedeco.pytorch.Tensor copy(Tensor tensor) {
        double[] elements = tensor.toArray();
        long[] shape = new long[tensor.rank()];
        for (int axis = 0; axis < shape.length; axis++) {
            shape[axis] = tensor.size(axis);
        }
        if (tensor.type() == ElementType.FLOAT64) {
            return org.bytedeco.pytorch.Tensor.create(elements, shape);
        }
        float[] narrow = new float[elements.length];
        for (int i = 0; i < narrow.length; i++) {
            narrow[i] = (float) elements[i];
        }
        return org.bytedeco.pytorch.Tensor.create(narrow, shape);
    }

    /** The classes or tokens as PyTorch wants them. */
    static org.bytedeco.pytorch.Tensor ids(int[] ids) {
        long[] wide = new long[ids.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = ids[i];
        }
        return org.bytedeco.pytorch.Tensor.create(wide, wide.length);
    }

    /** All elements in row-major order, whatever the strides. */
    static double[] elements(org.bytedeco.pytorch.Tensor tensor) {
        double[] elements = new double[Math.toIntExact(tensor.numel())];
        tensor.to(torch.ScalarType.Double).contiguous().data_ptr_double().get(elements);
        return elements;
    }
}
