/** Transformers, their training and its instruments. */
module lanewise.transformer {
    requires transitive lanewise.kernels;
    requires com.google.gson;
    requires jtokkit;
    requires info.picocli;
    requires me.tongfei.progressbar;

    exports lanewise.transformer.data;
    exports lanewise.transformer.layers;
    exports lanewise.transformer.models;
    exports lanewise.transformer.training;
}
