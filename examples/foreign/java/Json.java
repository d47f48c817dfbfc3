import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON with the values of Holdfast: Map, List, String, Long, Double, Boolean, null, byte[] as
 * {"$bytes": "AAH/"} and Instant as {"$date": "2026-11-22T18:21:07Z"}. What is written is ASCII.
 */
final class Json {
  static String write(Object value) {
    StringBuilder out = new StringBuilder();
    write(value, out);
    return out.toString();
  }

  static Object read(String text) {
    Json in = new Json(text);
    Object value = in.value();
    if (in.peek() != END)
      throw in.wrong("the end");
    return value;
  }

  // --- writing

  private static void write(Object value, StringBuilder out) {
    if (value == null || value instanceof Boolean || value instanceof Long || value instanceof Integer)
      out.append(value);
    else if (value instanceof Double number && Double.isFinite(number))
      out.append(number);
    else if (value instanceof String text)
      quote(text, out);
    else if (value instanceof byte[] bytes)
      write(Map.of("$bytes", Base64.getEncoder().encodeToString(bytes)), out);
    else if (value instanceof Instant moment)
      write(Map.of("$date", moment.truncatedTo(ChronoUnit.MICROS).toString()), out);
    else if (value instanceof List<?> list)
      writeList(list, out);
    else if (value instanceof Map<?, ?> map)
      writeMap(map, out);
    else
      throw new IllegalArgumentException(value + " of " + value.getClass() + " has no JSON form");
  }

  private static void writeList(List<?> list, StringBuilder out) {
    String between = "";
    out.append('[');
    for (Object element : list) {
      out.append(between);
      write(element, out);
      between = ", ";
    }
    out.append(']');
  }

  private static void writeMap(Map<?, ?> map, StringBuilder out) {
    String between = "";
    out.append('{');
    for (Map.Entry<?, ?> member : map.entrySet()) {
      out.append(between);
      quote((String) member.getKey(), out);
      out.append(": ");
      write(member.getValue(), out);
      between = ", ";
    }
    out.append('}');
  }

  private static void quote(String text, StringBuilder out) {
    out.append('"');
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\')
        out.append('\\').append(c);
      else if (c >= ' ' && c < 127)
        out.append(c);
      else
        out.append(String.format("\\u%04x", (int) c));
    }
    out.append('"');
  }

  // --- reading

  private static final char END = 0;
  private final String text;
  private int at = 0;

  private Json(String text) {
    this.text = text;
  }

  private Object value() {
    switch (peek()) {
      case '{': return map();
      case '[': return list();
      case '"': return string();
      case 't': return word("true", true);
      case 'f': return word("false", false);
      case 'n': return word("null", null);
      default: return number();
    }
  }

  private Object map() {
    Map<String, Object> members = new LinkedHashMap<>();
    for (boolean more = begin('{', '}'); more; more = goesOn('}')) {
      peek();
      String name = string();
      need(':');
      members.put(name, value());
    }
    if (members.size() == 1 && members.get("$bytes") instanceof String bytes)
      return Base64.getDecoder().decode(bytes);
    if (members.size() == 1 && members.get("$date") instanceof String moment)
      return Instant.parse(moment);
    return members;
  }

  private List<Object> list() {
    List<Object> elements = new ArrayList<>();
    for (boolean more = begin('[', ']'); more; more = goesOn(']'))
      elements.add(value());
    return elements;
  }

  private String string() {
    need('"');
    StringBuilder out = new StringBuilder();
    for (char c = next(); c != '"'; c = next())
      out.append(c == '\\' ? escaped() : c);
    return out.toString();
  }

  private char escaped() {
    char c = next();
    switch (c) {
      case '"', '\\', '/': return c;
      case 'b': return '\b';
      case 'f': return '\f';
      case 'n': return '\n';
      case 'r': return '\r';
      case 't': return '\t';
      case 'u': return (char) Integer.parseInt("" + next() + next() + next() + next(), 16);
      default: throw wrong("an escape");
    }
  }

  private Object number() {
    int first = at;
    while (at < text.length() && "+-.0123456789Ee".indexOf(text.charAt(at)) >= 0)
      ++at;
    String digits = text.substring(first, at);
    if (digits.isEmpty())
      throw wrong("a value");
    if (digits.matches("-?[0-9]+"))
      return Long.valueOf(digits);
    return Double.valueOf(digits);
  }

  private Object word(String word, Object value) {
    if (!text.startsWith(word, at))
      throw wrong(word);
    at += word.length();
    return value;
  }

  private boolean begin(char open, char close) {
    need(open);
    if (peek() != close)
      return true;
    ++at;
    return false;
  }

  private boolean goesOn(char close) {
    if (peek() == ',') {
      ++at;
      return true;
    }
    need(close);
    return false;
  }

  /** The character behind the blanks, which is not taken. */
  private char peek() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0)
      ++at;
    return at < text.length() ? text.charAt(at) : END;
  }

  private char next() {
    if (at == text.length())
      throw wrong("more");
    return text.charAt(at++);
  }

  private void need(char wanted) {
    if (peek() != wanted)
      throw wrong("'" + wanted + "'");
    ++at;
  }

  private IllegalArgumentException wrong(String wanted) {
    return new IllegalArgumentException("JSON: " + wanted + " is missing at character " + at);
  }
}
