package lanewise.transformer.models;

/** Checks that the configurations share; each error names the component, what was given and what was expected. */
final class ConfigChecks {
    private ConfigChecks() {
    }

    static void atLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be at least " + least);
        }
    }

    static void between(String name, int value, int least, int most) {
        atLeast(name, value, least);
        if (value > most) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be at most " + most);
        }
    }

    static void divides(String name, int value, String wholeName, int whole) {
        if (whole % value != 0) {
            throw new IllegalArgumentException(name + " is " + value + "; it must divide " + wholeName + ", " + whole);
        }
    }

    static void rate(String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(name + " is " + value + "; expected 0 to below 1");
        }
    }

    static void positive(String name, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " is " + value + "; expected a positive number");
        }
    }

    static void finite(String name, double value) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be finite");
        }
    }

    static void evenHeadWidth(int headWidth) {
        if (headWidth % 2 != 0) {
            throw new IllegalArgumentException(
                    "elements per head are " + headWidth + "; rotary positions need an even number");
        }
    }
}
