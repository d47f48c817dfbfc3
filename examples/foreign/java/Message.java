import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.stream.XMLStreamException;

/** A message and its frame: four bytes of length, then JSON or XML-RPC; the first byte tells which. */
record Message(String method, List<Object> params) {
  private static final int BYTES_MAX = 16_777_216;

  byte[] frame(boolean asXml) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("method", method);
    json.put("params", params);
    byte[] body = (asXml ? XmlRpc.write(this) : Json.write(json)).getBytes(StandardCharsets.UTF_8);
    if (body.length > BYTES_MAX)
      throw new IllegalArgumentException(method + ": a message of " + body.length + " bytes is too large");
    return ByteBuffer.allocate(4 + body.length).putInt(body.length).put(body).array();
  }

  @SuppressWarnings("unchecked")
  static Message read(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 1 || length > BYTES_MAX)
      throw new IOException("the gateway announced a message of " + length + " bytes");
    byte[] body = new byte[length];
    in.readFully(body);
    try {
      if (body[0] != '{')
        return XmlRpc.read(body);
      var json = (Map<String, Object>) Json.read(new String(body, StandardCharsets.UTF_8));
      return new Message((String) json.get("method"), (List<Object>) json.getOrDefault("params", List.of()));
    } catch (XMLStreamException problem) {
      throw new IOException(problem.getMessage(), problem);
    }
  }
}
