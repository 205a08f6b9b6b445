/** Transformers, their training and its instruments. */
module lanewise.transformer {
    requires transitive lanewise.kernels;
    requires com.google.gson;
    requires ejml.core;
    requires ejml.ddense;
    requires info.picocli;
    requires java.management;
    requires jdk.management;
    requires jdk.unsupported;
    requires jtokkit;
    requires me.tongfei.progressbar;
    requires org.apache.commons.statistics.distribution;

    exports lanewise.transformer.data;
    exports lanewise.transformer.instruments;
    exports lanewise.transformer.layers;
    exports lanewise.transformer.models;
    exports lanewise.transformer.reports;
    exports lanewise.transformer.studies;
    exports lanewise.transformer.training;

    opens lanewise.transformer.cli to info.picocli;
}
