package lanewise.kernels.cuda;

/**
 * A view on the device.
 *
 * @param address of its first element; 0 if there is no tensor
 * @param stride  elements between the starts of rows
 */
record Operand(long address, long stride) {
    static final Operand NONE = new Operand(0, 0);
}
