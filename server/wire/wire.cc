#include "server/wire/wire.h"

#include <algorithm>
#include <cstring>

#include "core/base/error.h"
#include "server/wire/wire_format.h"

namespace trine::server {
namespace {

// A message that is smaller without its payloads needs little memory whatever it holds, and is not
// scanned.
constexpr size_t kScannedBytes = 4096;

// Elements of one message. A request within its limits has at most two for a symbol of its tables.
constexpr uint64_t kMaxElements = 1'000'000;
constexpr uint64_t kElementsPerSymbol = 4;

absl::StatusOr<uint64_t> ParsedBytes(const std::string& rest, const ParsePlan& plan,
                                     const Context& context, uint64_t held) {
  if (rest.size() < kScannedBytes) return 0;
  const uint64_t symbols = context.limits->max_table_symbols;
  TRINE_ASSIGN_OR_RETURN(
      const uint64_t bytes,
      EstimateParse(rest, plan, std::max(kMaxElements, kElementsPerSymbol * symbols)));
  TRINE_RETURN_IF_ERROR(context.Reserve(held + rest.size() + bytes));
  return bytes;
}

}  // namespace

absl::Status MalformedMessage() {
  return MakeError(absl::StatusCode::kInvalidArgument, {.reason = "MALFORMED_MESSAGE"},
                   "the request's bytes are not a message of this method");
}

// Reads a message in slices from front to back and writes what protobuf shall parse. Functions
// return false for bytes that are no message. Lengths and tags are copied as they were written, so
// that protobuf judges them too.
class Scanner {
 public:
  Scanner(const std::vector<grpc::Slice>& slices, std::vector<ReceivedPayloads::Place>* places)
      : slices_(slices), places_(*places) {
    SkipEmpty();
  }

  // The next `bytes` bytes are a message that `plan` describes.
  bool Strip(const PayloadPlan& plan, uint64_t bytes, std::string* out) {
    const uint64_t end = at_ + bytes;
    while (at_ < end) {
      uint32_t tag = 0;
      if (!ReadTag(end, &tag, out)) return false;
      const PayloadPlan::Field* field = plan.Find(tag >> 3);
      if (field == nullptr || Type(tag) != WireType::kLengthDelimited) {
        if (!CopyValue(tag, end, 0, out)) return false;
        continue;
      }
      uint64_t length = 0;
      const size_t before_length = out->size();
      if (!ReadLength(end, &length, out)) return false;
      if (field->message != nullptr) {
        std::string inner;
        if (!Strip(*field->message, length, &inner)) return false;
        out->resize(before_length);
        AppendVarint(out, inner.size());
        *out += inner;
      } else if (length == 0) {
        continue;  // "present and empty", as it was written
      } else {
        const auto slot = static_cast<size_t>(field->slot);
        if (places_.size() <= slot) places_.resize(slot + 1);
        // The last one holds, as in protobuf. Earlier ones at this slot are overwritten there too.
        places_[slot] = {slice_, offset_, length, false};
        out->resize(before_length);
        out->push_back(1);
        out->push_back(static_cast<char>(slot));
        Skip(length);
      }
    }
    return true;
  }

 private:
  static WireType Type(uint32_t tag) { return static_cast<WireType>(tag & 7); }

  void SkipEmpty() {
    while (slice_ < slices_.size() && offset_ == slices_[slice_].size()) {
      ++slice_;
      offset_ = 0;
    }
  }

  bool ReadByte(uint64_t end, std::string* out, uint8_t* byte) {
    if (at_ >= end) return false;
    *byte = slices_[slice_].begin()[offset_];
    out->push_back(static_cast<char>(*byte));
    ++offset_;
    ++at_;
    SkipEmpty();
    return true;
  }

  void Skip(uint64_t bytes) {
    at_ += bytes;
    while (bytes > 0) {
      const uint64_t here = std::min<uint64_t>(bytes, slices_[slice_].size() - offset_);
      offset_ += here;
      bytes -= here;
      SkipEmpty();
    }
  }

  bool Copy(uint64_t bytes, uint64_t end, std::string* out) {
    if (bytes > end - at_) return false;
    at_ += bytes;
    while (bytes > 0) {
      const uint64_t here = std::min<uint64_t>(bytes, slices_[slice_].size() - offset_);
      out->append(reinterpret_cast<const char*>(slices_[slice_].begin()) + offset_, here);
      offset_ += here;
      bytes -= here;
      SkipEmpty();
    }
    return true;
  }

  // A varint of at most `longest` bytes; bits beyond 64 are dropped.
  bool ReadVarint(int longest, uint64_t end, uint64_t* value, std::string* out) {
    *value = 0;
    for (int i = 0; i < longest; ++i) {
      uint8_t byte = 0;
      if (!ReadByte(end, out, &byte)) return false;
      *value |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool ReadTag(uint64_t end, uint32_t* tag, std::string* out) {
    uint64_t value = 0;
    if (!ReadVarint(5, end, &value, out)) return false;
    *tag = static_cast<uint32_t>(value);
    return (*tag >> 3) != 0;
  }

  bool ReadLength(uint64_t end, uint64_t* length, std::string* out) {
    return ReadVarint(5, end, length, out) && *length <= end - at_;
  }

  // The value after `tag`, as it is.
  bool CopyValue(uint32_t tag, uint64_t end, int depth, std::string* out) {
    uint64_t value = 0;
    switch (Type(tag)) {
      case WireType::kVarint:
        return ReadVarint(10, end, &value, out);
      case WireType::kFixed64:
        return Copy(8, end, out);
      case WireType::kFixed32:
        return Copy(4, end, out);
      case WireType::kLengthDelimited:
        return ReadLength(end, &value, out) && Copy(value, end, out);
      case WireType::kStartGroup:
        return depth < kMaxGroupDepth && CopyGroup(tag >> 3, end, depth + 1, out);
      default:
        return false;  // an end without a start, or no type at all
    }
  }

  bool CopyGroup(uint32_t number, uint64_t end, int depth, std::string* out) {
    uint32_t tag = 0;
    while (ReadTag(end, &tag, out)) {
      if (Type(tag) == WireType::kEndGroup) return (tag >> 3) == number;
      if (!CopyValue(tag, end, depth, out)) return false;
    }
    return false;
  }

  const std::vector<grpc::Slice>& slices_;
  std::vector<ReceivedPayloads::Place>& places_;
  size_t slice_ = 0;  // the next byte is here: never after a slice's last
  size_t offset_ = 0;
  uint64_t at_ = 0;  // bytes read
};

absl::StatusOr<uint64_t> ReceivedPayloads::Parse(const grpc::ByteBuffer& bytes,
                                                 const PayloadPlan& plan, const ParsePlan& costs,
                                                 const Context& context, uint64_t held,
                                                 google::protobuf::MessageLite* message) {
  slices_.clear();
  places_.clear();
  joined_.clear();
  bytes_ = bytes;
  const uint64_t length = bytes.Valid() ? bytes.Length() : 0;
  if (length > kMaxMessageBytes || (length > 0 && !bytes_.Dump(&slices_).ok()))
    return MalformedMessage();
  std::string rest;
  if (!Scanner(slices_, &places_).Strip(plan, length, &rest)) return MalformedMessage();
  TRINE_ASSIGN_OR_RETURN(const uint64_t parsed, ParsedBytes(rest, costs, context, held));
  if (!message->ParseFromString(rest)) return MalformedMessage();
  joined_.resize(places_.size());
  return parsed;
}

const ReceivedPayloads::Place* ReceivedPayloads::Find(const std::string& field) const {
  return field.empty() ? nullptr : &places_.at(static_cast<uint8_t>(field[0]));
}

bool ReceivedPayloads::IsWhole(const Place& place) const {
  return !place.is_set && place.bytes <= slices_[place.slice].size() - place.offset;
}

void ReceivedPayloads::CopyOut(const Place& place, uint64_t offset, MutableByteView out) const {
  size_t slice = place.slice;
  uint64_t from = place.offset + offset;
  for (; from >= slices_[slice].size(); ++slice) from -= slices_[slice].size();
  for (size_t done = 0; done < out.size(); ++slice, from = 0) {
    const size_t here = std::min<uint64_t>(out.size() - done, slices_[slice].size() - from);
    std::memcpy(out.data() + done, slices_[slice].begin() + from, here);
    done += here;
  }
}

Buffer ReceivedPayloads::Join(const Place& place) const {
  Buffer out = AllocateBuffer(env_.pool, place.bytes);
  CopyOut(place, 0, out.view());
  if (env_.copies != nullptr) env_.copies->Copied(place.bytes);
  return out;
}

uint64_t ReceivedPayloads::Size(const std::string& field) const {
  const Place* place = Find(field);
  return place == nullptr ? 0 : place->bytes;
}

ByteView ReceivedPayloads::Get(const std::string& field) {
  const Place* place = Find(field);
  if (place == nullptr) return {};
  if (IsWhole(*place)) return {slices_[place->slice].begin() + place->offset, place->bytes};
  Buffer& joined = JoinedOf(*place);
  if (joined.empty()) joined = Join(*place);
  return {joined.data(), joined.size()};
}

std::optional<Buffer> ReceivedPayloads::Take(const std::string& field) {
  const Place* place = Find(field);
  if (place == nullptr || IsWhole(*place)) return std::nullopt;
  return place->is_set ? std::move(JoinedOf(*place)) : Join(*place);
}

void ReceivedPayloads::Set(std::string* field, Buffer bytes) {
  field->clear();
  if (bytes.empty()) return;
  field->push_back(static_cast<char>(places_.size()));
  places_.push_back({0, 0, bytes.size(), true});
  joined_.push_back(std::move(bytes));
}

bool ReceivedPayloads::IsSet(const std::string& field) const {
  const Place* place = Find(field);
  return place != nullptr && place->is_set;
}

void ReceivedPayloads::Copy(const std::string& field, uint64_t offset, MutableByteView out) const {
  if (const Place* place = Find(field)) CopyOut(*place, offset, out);
}

uint64_t ReceivedPayloads::wire_bytes() const {
  uint64_t bytes = 0;
  for (const grpc::Slice& slice : slices_) bytes += slice.size();
  return bytes;
}

}  // namespace trine::server
