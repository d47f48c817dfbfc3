import java.io.ByteArrayInputStream;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** The methodCall of XML-RPC with the values of Holdfast, as Json has them. No DTD, nothing external. */
final class XmlRpc {
  static String write(Message message) {
    StringBuilder out = new StringBuilder("<methodCall><methodName>");
    escape(message.method(), out);
    out.append("</methodName><params>");
    for (Object param : message.params()) {
      out.append("<param>");
      write(param, out);
      out.append("</param>");
    }
    return out.append("</params></methodCall>").toString();
  }

  static Message read(byte[] text) throws XMLStreamException {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    XmlRpc in = new XmlRpc(factory.createXMLStreamReader(new ByteArrayInputStream(text)));
    in.open("methodCall");
    in.open("methodName");
    String method = in.text();
    List<Object> params = new ArrayList<>();
    if (in.isOpened("params"))
      while (in.isOpened("param")) {
        in.open("value");
        params.add(in.value());
        in.close();
      }
    return new Message(method, params);
  }

  // --- writing

  private static void write(Object value, StringBuilder out) {
    out.append("<value>");
    if (value == null)
      out.append("<nil/>");
    else if (value instanceof Boolean flag)
      element("boolean", flag ? "1" : "0", out);
    else if (value instanceof Integer number)
      element("int", number.toString(), out);
    else if (value instanceof Long number)
      element(number == number.intValue() ? "int" : "i8", number.toString(), out);
    else if (value instanceof Double number && Double.isFinite(number))
      element("double", BigDecimal.valueOf(number).toPlainString(), out);
    else if (value instanceof String text)
      element("string", text, out);
    else if (value instanceof byte[] bytes)
      element("base64", Base64.getEncoder().encodeToString(bytes), out);
    else if (value instanceof Instant moment)
      element("dateTime.iso8601", moment.truncatedTo(ChronoUnit.MICROS).toString(), out);
    else if (value instanceof List<?> list)
      writeArray(list, out);
    else if (value instanceof Map<?, ?> map)
      writeStruct(map, out);
    else
      throw new IllegalArgumentException(value + " of " + value.getClass() + " has no form in XML-RPC");
    out.append("</value>");
  }

  private static void writeArray(List<?> list, StringBuilder out) {
    out.append("<array><data>");
    for (Object element : list)
      write(element, out);
    out.append("</data></array>");
  }

  private static void writeStruct(Map<?, ?> map, StringBuilder out) {
    out.append("<struct>");
    for (Map.Entry<?, ?> member : map.entrySet()) {
      out.append("<member>");
      element("name", (String) member.getKey(), out);
      write(member.getValue(), out);
      out.append("</member>");
    }
    out.append("</struct>");
  }

  private static void element(String name, String content, StringBuilder out) {
    out.append('<').append(name).append('>');
    escape(content, out);
    out.append("</").append(name).append('>');
  }

  private static void escape(String text, StringBuilder out) {
    text.codePoints().forEach(c -> {
      if (c < ' ' && c != '\t' && c != '\n' && c != '\r' || c >= 0xd800 && c < 0xe000 || c == 0xfffe || c == 0xffff)
        throw new IllegalArgumentException("XML has no character " + c + ": send bytes, or JSON");
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '\r' -> out.append("&#13;");
        default -> out.appendCodePoint(c);
      }
    });
  }

  // --- reading

  private final XMLStreamReader in;

  private XmlRpc(XMLStreamReader in) {
    this.in = in;
  }

  /** Between <value> and what follows </value>: without a type it is a string. */
  private Object value() throws XMLStreamException {
    StringBuilder untyped = new StringBuilder();
    int event = in.next();
    for (; event != XMLStreamReader.START_ELEMENT && event != XMLStreamReader.END_ELEMENT; event = in.next())
      if (in.hasText() && event != XMLStreamReader.COMMENT)
        untyped.append(in.getText());
    if (event == XMLStreamReader.END_ELEMENT)
      return untyped.toString();
    Object value = typed(in.getLocalName());
    close();
    return value;
  }

  private Object typed(String type) throws XMLStreamException {
    return switch (type) {
      case "string" -> text();
      case "int", "i4", "i8" -> Long.valueOf(text().strip());
      case "boolean" -> text().strip().equals("1");
      case "double" -> Double.valueOf(text());
      case "base64" -> Base64.getMimeDecoder().decode(text());
      case "dateTime.iso8601" -> moment(text().strip());
      case "array" -> array();
      case "struct" -> struct();
      case "nil" -> text().isEmpty() ? null : "";
      default -> throw new XMLStreamException("<" + type + "> is no type of XML-RPC");
    };
  }

  private List<Object> array() throws XMLStreamException {
    List<Object> elements = new ArrayList<>();
    open("data");
    while (isOpened("value"))
      elements.add(value());
    close();
    return elements;
  }

  private Map<String, Object> struct() throws XMLStreamException {
    Map<String, Object> members = new LinkedHashMap<>();
    while (isOpened("member")) {
      open("name");
      String name = text();
      open("value");
      members.put(name, value());
      close();
    }
    return members;
  }

  /** 20261122T18:21:07 without a zone is UTC. */
  private static Instant moment(String text) {
    String full = text.charAt(4) == '-' ? text : text.replaceFirst("^(....)(..)", "$1-$2-");
    return Instant.parse(full.matches(".*T.*[Z+-].*") ? full : full + "Z");
  }

  private String text() throws XMLStreamException {
    return in.getElementText();
  }

  private void open(String name) throws XMLStreamException {
    in.nextTag();
    in.require(XMLStreamReader.START_ELEMENT, null, name);
  }

  /** Whether another element begins; otherwise the one around it has ended. */
  private boolean isOpened(String name) throws XMLStreamException {
    if (in.nextTag() == XMLStreamReader.END_ELEMENT)
      return false;
    in.require(XMLStreamReader.START_ELEMENT, null, name);
    return true;
  }

  private void close() throws XMLStreamException {
    in.nextTag();
    in.require(XMLStreamReader.END_ELEMENT, null, null);
  }
}
