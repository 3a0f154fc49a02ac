// What protobuf will allocate for a message, told from the message's bytes before it is parsed.
//
// Two bytes may ask for an object of 140: an empty message in a repeated field. So the bytes of a
// message do not bound the memory of parsing it. A scan that follows the message's descriptor adds
// up objects, texts, numbers and unknown fields, in time linear in the bytes, and stops at the
// first element beyond a bound. The sum is never below what SpaceUsedLong() says of the parsed
// message.
//
// Thread safety: plans are immutable; functions are pure.
#pragma once

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/wire/wire_format.h"

namespace trine::server {

// What a message type's fields take. As PayloadPlan, for types that are not recursive.
class ParsePlan {
 public:
  struct Node;
  // A field that the parser knows.
  struct Field {
    uint32_t number = 0;
    size_t index = 0;                   // of its path
    WireType type = WireType::kVarint;  // of one value
    bool is_repeated = false;
    bool is_packable = false;             // repeated numbers
    uint64_t number_bytes = 0;            // of a number in memory
    std::unique_ptr<const Node> message;  // of a message, else null
  };
  struct Node {
    uint64_t object_bytes = 0;
    std::vector<Field> fields;

    const Field* Find(uint32_t field_number) const {
      for (const Field& field : fields)
        if (field.number == field_number) return &field;
      return nullptr;
    }
  };

  explicit ParsePlan(const google::protobuf::Descriptor* type);

  const Node& root() const { return root_; }
  // By Field::index: "options.tables.text". The first stands for fields that the types do not have.
  const std::vector<std::string>& paths() const { return paths_; }

 private:
  void Fill(const google::protobuf::Descriptor* type, const std::string& path, Node* node);

  Node root_;
  std::vector<std::string> paths_;
};

// The plan of `Message`, made when it is asked for the first time.
template <typename Message>
const ParsePlan& ParsePlanOf() {
  static const auto* const kPlan = new ParsePlan(Message::descriptor());
  return *kPlan;
}

// An upper estimate of what parsing `bytes` allocates [bytes]. INVALID_ARGUMENT: MALFORMED_MESSAGE,
// only where protobuf refuses them too; INVALID_FIELD, more than `max_elements` messages, texts,
// repeated numbers and unknown fields, naming the field that has most of them.
absl::StatusOr<uint64_t> EstimateParse(std::string_view bytes, const ParsePlan& plan,
                                       uint64_t max_elements);

// Gives back to the system what a large parsed message leaves in the allocator, once it is deleted:
// small blocks stay with the thread's arena otherwise, off every ledger. Declare it before the
// message.
class ParsedMemory {
 public:
  ParsedMemory() = default;
  ~ParsedMemory();
  ParsedMemory(const ParsedMemory&) = delete;
  ParsedMemory& operator=(const ParsedMemory&) = delete;

  uint64_t bytes = 0;
};

}  // namespace trine::server
