#include "server/wire/parse_cost.h"

#include <google/protobuf/message.h>
#include <malloc.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace trine::server {
namespace {

using google::protobuf::FieldDescriptor;

// Memory of protobuf 3.21 and glibc's malloc on 64 bits [bytes].
constexpr uint64_t kBlockBytes = 16;  // what malloc adds to a block, at most
constexpr uint64_t kTextBytes = 32;   // a std::string, with up to 15 bytes inside
constexpr uint64_t kTextInside = 15;
constexpr uint64_t kUnknownBytes = 16;  // an entry of an UnknownFieldSet
constexpr uint64_t kSetBytes = 64;      // such a set of a message
constexpr uint64_t kPointerBytes = 8;
// Arrays double when they are full, and have four elements and a head at first.
constexpr uint64_t kGrowth = 2;
constexpr uint64_t kFirstArrayBytes = 48;

// Messages within the default limits take less; of 900,000 tables a call, six calls in a row left
// 300 MB in the arenas, and 33 MB with trimming.
constexpr uint64_t kTrimBytes = uint64_t{16} << 20;

uint64_t TextBytes(uint64_t length) {
  return kTextBytes + kBlockBytes + (length > kTextInside ? length + 1 + kBlockBytes : 0);
}

uint64_t NumberBytes(FieldDescriptor::CppType type) {
  switch (type) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return 1;
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
      return 4;
    default:
      return 8;
  }
}

WireType TypeOf(FieldDescriptor::Type type) {
  switch (type) {
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_MESSAGE:
    case FieldDescriptor::TYPE_STRING:
      return WireType::kLengthDelimited;
    case FieldDescriptor::TYPE_DOUBLE:
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
      return WireType::kFixed64;
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_FLOAT:
    case FieldDescriptor::TYPE_SFIXED32:
      return WireType::kFixed32;
    case FieldDescriptor::TYPE_GROUP:
      return WireType::kStartGroup;
    default:
      return WireType::kVarint;
  }
}

class CostScanner {
 public:
  CostScanner(std::string_view bytes, const ParsePlan& plan, uint64_t max_elements)
      : at_(bytes.data()), max_elements_(max_elements), counts_(plan.paths().size()) {}

  // The bytes up to `end` are a message. False: they are not, or it is too large.
  bool Scan(const ParsePlan::Node& node, const char* end) {
    uint64_t seen = 0;  // fields of which there was an element
    bytes_ += node.object_bytes;
    while (at_ < end) {
      uint32_t tag = 0;
      if (!ReadTag(end, &tag)) return false;
      const ParsePlan::Field* const field = node.Find(tag >> 3);
      const bool is_value = field != nullptr && Type(tag) == field->type;
      if (is_value || (field != nullptr && field->is_packable && IsSized(tag))) {
        if (!ScanField(*field, is_value, end, &seen)) return false;
      } else {
        bytes_ += First(0, &seen) ? kSetBytes : 0;
        if (!ScanUnknown(tag, 0, end)) return false;
      }
    }
    return true;
  }

  bool too_large() const { return elements_ > max_elements_; }
  uint64_t bytes() const { return bytes_; }
  const std::vector<uint64_t>& counts() const { return counts_; }

 private:
  static WireType Type(uint32_t tag) { return static_cast<WireType>(tag & 7); }
  static bool IsSized(uint32_t tag) { return Type(tag) == WireType::kLengthDelimited; }

  // Fields beyond the 64th are taken for the first each time.
  static bool First(size_t index, uint64_t* seen) {
    if (index >= 64) return true;
    const uint64_t bit = uint64_t{1} << index;
    const bool first = (*seen & bit) == 0;
    *seen |= bit;
    return first;
  }

  bool Count(size_t index, uint64_t elements) {
    counts_[index] += elements;
    elements_ += elements;
    return !too_large();
  }

  bool ScanField(const ParsePlan::Field& field, bool is_value, const char* end, uint64_t* seen) {
    if (field.type != WireType::kLengthDelimited) {
      uint64_t length = 0;
      if (is_value ? !SkipNumber(field.type, end) : !ReadLength(end, &length)) return false;
      if (!field.is_repeated) return true;
      const uint64_t elements = is_value ? 1 : Packed(field.type, length);
      at_ += length;
      bytes_ += kGrowth * field.number_bytes * elements;
      if (First(field.index, seen)) bytes_ += kFirstArrayBytes;
      return Count(field.index, elements);
    }
    uint64_t length = 0;
    if (!ReadLength(end, &length)) return false;
    if (field.is_repeated) {
      bytes_ += kGrowth * kPointerBytes;
      if (First(field.index, seen)) bytes_ += kFirstArrayBytes;
    }
    if (!Count(field.index, 1)) return false;
    if (field.message != nullptr) {
      bytes_ += kBlockBytes;
      return Scan(*field.message, at_ + length);
    }
    bytes_ += TextBytes(length);
    at_ += length;
    return true;
  }

  bool ScanUnknown(uint32_t tag, int depth, const char* end) {
    bytes_ += kGrowth * kUnknownBytes;
    if (!Count(0, 1)) return false;
    if (Type(tag) == WireType::kStartGroup) {
      bytes_ += kSetBytes;
      return depth < kMaxGroupDepth && ScanGroup(tag >> 3, depth + 1, end);
    }
    if (!IsSized(tag)) return SkipNumber(Type(tag), end);
    uint64_t length = 0;
    if (!ReadLength(end, &length)) return false;
    bytes_ += TextBytes(length);
    at_ += length;
    return true;
  }

  bool ScanGroup(uint32_t number, int depth, const char* end) {
    uint32_t tag = 0;
    while (ReadTag(end, &tag)) {
      if (Type(tag) == WireType::kEndGroup) return (tag >> 3) == number;
      if (!ScanUnknown(tag, depth, end)) return false;
    }
    return false;
  }

  // Numbers in the next `length` bytes, those of the last one counted even if some are missing.
  uint64_t Packed(WireType type, uint64_t length) const {
    if (type == WireType::kFixed64) return length / 8;
    if (type == WireType::kFixed32) return length / 4;
    return static_cast<uint64_t>(std::count_if(
        at_, at_ + length, [](char byte) { return static_cast<uint8_t>(byte) < 0x80; }));
  }

  bool SkipNumber(WireType type, const char* end) {
    uint64_t value = 0;
    if (type == WireType::kVarint) return ReadVarint(10, end, &value);
    const ptrdiff_t bytes = type == WireType::kFixed64 ? 8 : type == WireType::kFixed32 ? 4 : 0;
    if (bytes == 0 || end - at_ < bytes) return false;  // an end without a start, or no type at all
    at_ += bytes;
    return true;
  }

  bool ReadVarint(int longest, const char* end, uint64_t* value) {
    *value = 0;
    for (int i = 0; i < longest && at_ < end; ++i) {
      const auto byte = static_cast<uint8_t>(*at_++);
      *value |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool ReadTag(const char* end, uint32_t* tag) {
    uint64_t value = 0;
    if (!ReadVarint(5, end, &value)) return false;
    *tag = static_cast<uint32_t>(value);
    return (*tag >> 3) != 0;
  }

  bool ReadLength(const char* end, uint64_t* length) {
    return ReadVarint(5, end, length) && *length <= static_cast<uint64_t>(end - at_);
  }

  const char* at_;
  const uint64_t max_elements_;
  std::vector<uint64_t> counts_;  // by ParsePlan::Field::index
  uint64_t elements_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace

ParsePlan::ParsePlan(const google::protobuf::Descriptor* type) : paths_{"unknown fields"} {
  Fill(type, "", &root_);
}

void ParsePlan::Fill(const google::protobuf::Descriptor* type, const std::string& path,
                     Node* node) {
  node->object_bytes =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->SpaceUsedLong();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* const from = type->field(i);
    Field field;
    field.number = static_cast<uint32_t>(from->number());
    field.index = paths_.size();
    field.type = TypeOf(from->type());
    field.is_repeated = from->is_repeated();
    field.is_packable = from->is_packable();
    field.number_bytes = NumberBytes(from->cpp_type());
    paths_.push_back(path + from->name());
    if (from->type() == FieldDescriptor::TYPE_MESSAGE) {
      auto inner = std::make_unique<Node>();
      Fill(from->message_type(), absl::StrCat(path, from->name(), "."), inner.get());
      field.message = std::move(inner);
    }
    node->fields.push_back(std::move(field));
  }
}

absl::StatusOr<uint64_t> EstimateParse(std::string_view bytes, const ParsePlan& plan,
                                       uint64_t max_elements) {
  CostScanner scanner(bytes, plan, max_elements);
  const bool is_message = scanner.Scan(plan.root(), bytes.data() + bytes.size());
  if (scanner.too_large()) {
    const auto& counts = scanner.counts();
    const auto most = std::max_element(counts.begin(), counts.end());
    return InvalidField(plan.paths()[static_cast<size_t>(most - counts.begin())],
                        absl::StrCat("given ", *most, " times or more"),
                        absl::StrCat("a message has at most ", max_elements,
                                     " messages, texts, repeated numbers and unknown fields"));
  }
  if (!is_message) return MalformedMessage();
  return scanner.bytes();
}

ParsedMemory::~ParsedMemory() {
  if (bytes >= kTrimBytes) malloc_trim(0);
}

}  // namespace trine::server
