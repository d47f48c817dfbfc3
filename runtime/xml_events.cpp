#include <holdfast/core/error.hpp>
#include <holdfast/runtime/single_byte_text.hpp>
#include <holdfast/runtime/xml_events.hpp>

#include <expat.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string>

namespace holdfast {
namespace {

// Expat's memory, counted and bounded. Its allocator gets no context: the count is the thread's, for as long as it reads.
constexpr std::size_t head_bytes = alignof(std::max_align_t);  // before each block: its size
thread_local std::size_t parser_bytes = 0;
thread_local bool parser_bytes_exceeded = false;

std::size_t size_of(void* block) {
  std::size_t size;
  std::memcpy(&size, static_cast<char*>(block) - head_bytes, sizeof size);
  return size;
}

void* take_block(std::size_t size) {
  if (size > limits::xml_parser_bytes_max - parser_bytes) {
    parser_bytes_exceeded = true;
    return nullptr;
  }
  auto head = static_cast<char*>(::operator new(head_bytes + size, std::nothrow));
  if (!head)
    return nullptr;
  std::memcpy(head, &size, sizeof size);
  parser_bytes += size;
  return head + head_bytes;
}

void give_block(void* block) {
  if (!block)
    return;
  parser_bytes -= size_of(block);
  ::operator delete(static_cast<char*>(block) - head_bytes);
}

void* resize_block(void* block, std::size_t size) {
  auto moved = take_block(size);
  if (moved && block) {
    std::memcpy(moved, block, std::min(size, size_of(block)));
    give_block(block);
  }
  return moved;
}

// The parser keeps what it is given until a tag in it is complete: given in pieces, that stays small.
constexpr std::size_t piece_bytes = 16u << 10;

class reader {
public:
  explicit reader(xml_events& events) : events_(events) {
    static const XML_Memory_Handling_Suite memory{take_block, resize_block, give_block};
    parser_bytes = 0;
    parser_bytes_exceeded = false;
    parser_ = XML_ParserCreate_MM(nullptr, &memory, nullptr);
    if (!parser_)
      throw std::bad_alloc();
    XML_SetUserData(parser_, this);
    XML_SetElementHandler(parser_, on_start, on_end);
    XML_SetCharacterDataHandler(parser_, on_text);
    XML_SetStartDoctypeDeclHandler(parser_, on_doctype);
    XML_SetUnknownEncodingHandler(parser_, on_encoding, this);
  }

  ~reader() { XML_ParserFree(parser_); }
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  void read(std::string_view document) {
    for (bool last = false; !last;) {
      auto piece = document.substr(0, piece_bytes);
      document.remove_prefix(piece.size());
      last = document.empty();
      auto status = XML_Parse(parser_, piece.data(), static_cast<int>(piece.size()), last);
      if (thrown_)
        std::rethrow_exception(thrown_);
      if (status != XML_STATUS_OK || !refusal_.empty())
        refuse();
    }
  }

private:
  // The parser is C: nothing may be thrown through it.
  template <class F>
  void guarded(F action) {
    if (thrown_ || !refusal_.empty())
      return;
    try {
      action();
      return;
    } catch (const error& refused) {
      note(refused.what());
    } catch (...) {
      thrown_ = std::current_exception();
    }
    XML_StopParser(parser_, XML_FALSE);
  }

  void note(std::string why) {
    refusal_ = std::move(why);
    line_ = XML_GetCurrentLineNumber(parser_);
    column_ = XML_GetCurrentColumnNumber(parser_) + 1;
  }

  [[noreturn]] void refuse() {
    if (refusal_.empty()) {
      auto code = XML_GetErrorCode(parser_);
      if (parser_bytes_exceeded)
        note("a tag or comment too large for any call");
      else if (code == XML_ERROR_NO_ELEMENTS)
        note("it ends too early");
      else
        note(XML_ErrorString(code));
    }
    throw error(errc::bad_frame, "not the XML-RPC expected here: " + refusal_ + ", at line "
                                     + std::to_string(line_) + ", column "
                                     + std::to_string(column_));
  }

  void start(const char* element, const char** attributes) {
    for (; *attributes; attributes += 2)
      if (std::string_view name = *attributes; name != "xmlns" && !name.starts_with("xmlns:"))
        throw error(errc::bad_frame,
                    "the attribute '" + std::string(name.substr(0, 64)) + "'; XML-RPC has none");
    events_.start(element);
  }

  static void on_start(void* self, const XML_Char* element, const XML_Char** attributes) {
    auto& in = *static_cast<reader*>(self);
    in.guarded([&] { in.start(element, attributes); });
  }

  static void on_end(void* self, const XML_Char*) {
    auto& in = *static_cast<reader*>(self);
    in.guarded([&] { in.events_.end(); });
  }

  static void on_text(void* self, const XML_Char* piece, int length) {
    auto& in = *static_cast<reader*>(self);
    in.guarded([&] { in.events_.text({piece, static_cast<std::size_t>(length)}); });
  }

  static void on_doctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    auto& in = *static_cast<reader*>(self);
    in.guarded([] {
      throw error(errc::bad_frame, "a document type (DTD); none is read, and no entities");
    });
  }

  static int on_encoding(void* self, const XML_Char* name, XML_Encoding* info) {
    auto& in = *static_cast<reader*>(self);
    single_byte_map map;
    if (!find_single_byte_map(name, map)) {
      in.note("the encoding '" + std::string(name).substr(0, 64)
              + "' is not known here; send UTF-8");
      return XML_STATUS_ERROR;
    }
    std::copy(map.begin(), map.end(), info->map);
    info->data = nullptr;
    info->convert = nullptr;
    info->release = nullptr;
    return XML_STATUS_OK;
  }

  xml_events& events_;
  XML_Parser parser_;
  std::exception_ptr thrown_;
  std::string refusal_;  // empty while the document is good
  XML_Size line_ = 0, column_ = 0;
};

}  // namespace

void read_xml(std::string_view document, xml_events& events) {
  reader(events).read(document);
}

}  // namespace holdfast
