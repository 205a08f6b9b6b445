/** The same programs as a module: nothing of the Vector API needs to be named. */
module consumer {
    requires lanewise.kernels;
}
