package lanewise.kernels;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;

/** A family whose arguments are checked before the implementation of their element type sees them. */
abstract class Checked<F> {
    private final Map<ElementType, F> implementations = new EnumMap<>(ElementType.class);

    Checked(Map<ElementType, Column> columns, Function<Column, F> family) {
        columns.forEach((type, column) -> implementations.put(type, family.apply(column)));
    }

    /** The implementation for the element type of a tensor. */
    final F of(Tensor tensor) {
        F implementation = implementations.get(tensor.type());
        if (implementation == null) {
            throw new IllegalArgumentException("there is a " + tensor + "; these kernels have " + Check.names(implementations.keySet()));
        }
        return implementation;
    }
}
