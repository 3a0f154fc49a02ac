// Where the payloads of a message type are: its singular fields of type bytes, and those of the
// messages inside it. Thread safety: immutable.
#pragma once

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace trine::server {

class PayloadPlan {
 public:
  // Most payloads that one message type may have: a slot is written as one byte.
  static constexpr int kMaxSlots = 127;

  // What a field's number means here.
  struct Field {
    uint32_t number = 0;
    int slot = -1;                               // of a payload, else -1
    std::unique_ptr<const PayloadPlan> message;  // of a message that has payloads, else null
  };

  // Ends the process for a type that this cannot describe: a recursive one, payloads in repeated
  // messages, more than kMaxSlots of them.
  explicit PayloadPlan(const google::protobuf::Descriptor* type);

  // Null: bytes like any others.
  const Field* Find(uint32_t number) const {
    for (const Field& field : fields_)
      if (field.number == number) return &field;
    return nullptr;
  }
  bool empty() const { return fields_.empty(); }

 private:
  PayloadPlan(const google::protobuf::Descriptor* type, int depth, int* slots);
  void Fill(const google::protobuf::Descriptor* type, int depth, int* slots);

  std::vector<Field> fields_;
};

// The plan of `Message`, made when it is asked for the first time.
template <typename Message>
const PayloadPlan& PlanOf() {
  static const auto* const kPlan = new PayloadPlan(Message::descriptor());
  return *kPlan;
}

}  // namespace trine::server
