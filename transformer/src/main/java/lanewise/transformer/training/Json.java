package lanewise.transformer.training;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;

/**
 * Records as JSON and back. Stricter than data binding usually is, since a checkpoint is not to be trusted: exactly the
 * record's components, once each and of their types, and then the checks of the record's constructor.
 */
final class Json {
    private static final int DEEPEST = 8;

    private Json() {
    }

    /** JSON text of a record, indented. Components: numbers, booleans, strings, enums, records; null where they allow it. */
    static String write(Record record) {
        return write(toObject(record));
    }

    static String write(JsonObject object) {
        return new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create()
                .toJson(object) + "\n";
    }

    /** @throws IOException if the text is not one JSON object, repeats a name or nests too deeply */
    static JsonObject parse(String text) throws IOException {
        try {
            JsonReader reader = strict(new JsonReader(new StringReader(text)));
            JsonElement element = read(reader);
            if (!element.isJsonObject()) {
                throw new IOException("expected a JSON object");
            }
            reader.peek(); // throws if something follows
            return element.getAsJsonObject();
        } catch (MalformedJsonException | EOFException | IllegalStateException | NumberFormatException malformed) {
            throw new IOException("malformed JSON: " + problem(malformed), malformed);
        }
    }

    /** What is wrong with a text that Gson refused, without its advice to programmers. */
    static String problem(Exception malformed) {
        return String.valueOf(malformed.getMessage())
                .replaceFirst("(?s)Use JsonReader.*to accept malformed JSON", "not standard JSON")
                .replaceFirst("(?s)\\s*See https?:.*", "");
    }

    /** A reader that accepts standard JSON only. */
    static JsonReader strict(JsonReader reader) {
        reader.setStrictness(Strictness.STRICT);
        reader.setNestingLimit(DEEPEST);
        return reader;
    }

    /** @throws IOException naming the component that does not fit */
    static <R extends Record> R toRecord(JsonElement element, Class<R> type, String path) throws IOException {
        if (element == null || !element.isJsonObject()) {
            throw new IOException(path + " is " + element + "; expected an object");
        }
        JsonObject object = element.getAsJsonObject();
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types = new Class<?>[components.length];
        Object[] values = new Object[components.length];
        Set<String> unknown = new TreeSet<>(object.keySet());
        for (int i = 0; i < components.length; i++) {
            String name = components[i].getName();
            if (!unknown.remove(name)) {
                throw new IOException(path + "." + name + " is missing");
            }
            types[i] = components[i].getType();
            values[i] = toValue(object.get(name), types[i], path + "." + name);
        }
        if (!unknown.isEmpty()) {
            throw new IOException(path + " has the unknown entry \"" + unknown.iterator().next() + "\"");
        }
        try {
            return type.getDeclaredConstructor(types).newInstance(values);
        } catch (InvocationTargetException refused) {
            throw new IOException(path + ": " + refused.getCause().getMessage(), refused.getCause());
        } catch (ReflectiveOperationException notARecord) {
            throw new IllegalArgumentException(type + " can't be built", notARecord);
        }
    }

    private static JsonElement read(JsonReader reader) throws IOException {
        switch (reader.peek()) {
            case BEGIN_OBJECT -> {
                JsonObject object = new JsonObject();
                reader.beginObject();
                while (reader.hasNext()) {
                    String name = reader.nextName();
                    if (object.has(name)) {
                        throw new IOException("\"" + name + "\" occurs twice");
                    }
                    object.add(name, read(reader));
                }
                reader.endObject();
                return object;
            }
            case BEGIN_ARRAY -> {
                JsonArray array = new JsonArray();
                reader.beginArray();
                while (reader.hasNext()) {
                    array.add(read(reader));
                }
                reader.endArray();
                return array;
            }
            case STRING -> {
                return new JsonPrimitive(reader.nextString());
            }
            case NUMBER -> {
                return new JsonPrimitive(new NumberText(reader.nextString()));
            }
            case BOOLEAN -> {
                return new JsonPrimitive(reader.nextBoolean());
            }
            default -> {
                reader.nextNull();
                return JsonNull.INSTANCE;
            }
        }
    }

    private static Object toValue(JsonElement element, Class<?> type, String path) throws IOException {
        if (element.isJsonNull()) {
            if (type.isPrimitive()) {
                throw new IOException(path + " is null; expected " + type);
            }
            return null;
        }
        if (type.isRecord()) {
            return toRecord(element, type.asSubclass(Record.class), path);
        }
        if (!element.isJsonPrimitive()) {
            throw new IOException(path + " is an array or object; expected " + type.getSimpleName());
        }
        JsonPrimitive primitive = element.getAsJsonPrimitive();
        String text = primitive.getAsString();
        try {
            if (type == int.class && primitive.isNumber()) {
                return Integer.parseInt(text);
            }
            if (type == long.class && primitive.isNumber()) {
                return Long.parseLong(text);
            }
            if ((type == double.class || type == Double.class) && primitive.isNumber()) {
                double value = Double.parseDouble(text);
                if (!Double.isFinite(value)) {
                    throw new IOException(path + " is out of range");
                }
                return value;
            }
            if (type == boolean.class && primitive.isBoolean()) {
                return primitive.getAsBoolean();
            }
            if (type == String.class && primitive.isString()) {
                return text;
            }
            if (type.isEnum() && primitive.isString()) {
                for (Object constant : type.getEnumConstants()) {
                    if (((Enum<?>) constant).name().equals(text)) {
                        return constant;
                    }
                }
            }
        } catch (NumberFormatException notInRange) {
            // falls through
        }
        throw new IOException(path + " is " + shortened(primitive.toString()) + "; expected " + describe(type));
    }

    private static String describe(Class<?> type) {
        return type.isEnum() ? "one of " + Arrays.toString(type.getEnumConstants()) : type.getSimpleName();
    }

    private static String shortened(String text) {
        return text.length() <= 60 ? text : text.substring(0, 60) + "...";
    }

    static JsonObject toObject(Record record) {
        JsonObject object = new JsonObject();
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            try {
                object.add(component.getName(), toElement(component.getAccessor().invoke(record)));
            } catch (ReflectiveOperationException notPublic) {
                throw new IllegalArgumentException(record.getClass() + " must be public", notPublic);
            }
        }
        return object;
    }

    private static JsonElement toElement(Object value) {
        if (value == null) {
            return JsonNull.INSTANCE;
        }
        if (value instanceof Record record) {
            return toObject(record);
        }
        if (value instanceof Number number) {
            return new JsonPrimitive(number);
        }
        if (value instanceof Boolean flag) {
            return new JsonPrimitive(flag);
        }
        if (value instanceof String || value instanceof Enum<?>) {
            return new JsonPrimitive(value instanceof Enum<?> constant ? constant.name() : (String) value);
        }
        throw new IllegalArgumentException(value.getClass() + " has no JSON form here");
    }

    /** A number as it was written: converting it is left to whoever knows the expected type. */
    private static final class NumberText extends Number {
        private static final long serialVersionUID = 1;

        private final String text;

        NumberText(String text) {
            this.text = text;
        }

        @Override
        public int intValue() {
            return (int) doubleValue();
        }

        @Override
        public long longValue() {
            return (long) doubleValue();
        }

        @Override
        public float floatValue() {
            return (float) doubleValue();
        }

        @Override
        public double doubleValue() {
            return Double.parseDouble(text);
        }

        @Override
        public String toString() {
            return text;
        }
    }
}
