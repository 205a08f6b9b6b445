package lanewise.kernels;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs a test once with each element type that every implementation computes in. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@EnumSource(value = lanewise.kernels.ElementType.class, names = {"FLOAT32", "FLOAT64"})
public @interface HostTypes {
}
