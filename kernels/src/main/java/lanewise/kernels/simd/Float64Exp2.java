package lanewise.kernels.simd;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;

/** Powers and logarithms to base 2 as the softmax of attention needs them: float64. See {@link Float32Exp2}. */
final class Float64Exp2 {
    static final VectorSpecies<Double> SPECIES = VectorSpecies.of(double.class, VectorWidth.SHAPE);
    static final double LOG2_E = 1.4426950408889634;
    static final double LN_2 = 0.6931471805599453;

    private static final int MANTISSA_BITS = 52;
    private static final double LOWEST = -1023;
    private static final double ROUNDER = 0x1.8p52 + 1023;

    private static final double E1 = 0x1.62e42fefa39efp-1;
    private static final double E2 = 0x1.ebfbdff82c59cp-3;
    private static final double E3 = 0x1.c6b08d704a0d4p-5;
    private static final double E4 = 0x1.3b2ab6fba11f5p-7;
    private static final double E5 = 0x1.5d87fe78b3bb2p-10;
    private static final double E6 = 0x1.4309130c012acp-13;
    private static final double E7 = 0x1.ffcbfbf8bc146p-17;
    private static final double E8 = 0x1.62bfcdde579c8p-20;
    private static final double E9 = 0x1.b5260dbd5ddeep-24;
    private static final double E10 = 0x1.e611a0838eaccp-28;
    private static final double E11 = 0x1.e80eb4e58bb2bp-32;

    private Float64Exp2() {
    }

    /** 2^x for x up to 1023, within 2 ULP; 0 below -1022.5, so that 2^-inf is 0; NaN for NaN. */
    static DoubleVector exp2(DoubleVector x) {
        DoubleVector rounded = x.add(ROUNDER);
        DoubleVector f = x.sub(rounded.sub(ROUNDER));
        DoubleVector power = rounded.reinterpretAsLongs().lanewise(LSHL, MANTISSA_BITS).reinterpretAsDoubles();
        DoubleVector p = DoubleVector.broadcast(SPECIES, E11).fma(f, DoubleVector.broadcast(SPECIES, E10));
        p = p.fma(f, DoubleVector.broadcast(SPECIES, E9));
        p = p.fma(f, DoubleVector.broadcast(SPECIES, E8));
        p = p.fma(f, DoubleVector.broadcast(SPECIES, E7));
        p = p.fma(f, DoubleVector.broadcast(SPECIES, E6));
        p = p.fma(f, DoubleVector.broadcast(SPECIES, E5));
        p = p.fma(f, DoubleVector.broadcast(SPECIES, E4));
        p = p.fma(f, DoubleVector.broadcast(SPECIES, E3));
        p = p.fma(f, DoubleVector.broadcast(SPECIES, E2));
        p = p.fma(f, DoubleVector.broadcast(SPECIES, E1));
        p = p.fma(f, DoubleVector.broadcast(SPECIES, 1));
        // Far down the factors are meaningless. NaN is not below.
        return p.mul(power).blend(0, x.compare(LT, LOWEST));
    }

    /** Replaces count elements by their log2. */
    static void log2(double[] x, int offset, int count) {
        for (int i = offset; i < offset + count; i++) {
            x[i] = Math.log(x[i]) * LOG2_E;
        }
    }
}
