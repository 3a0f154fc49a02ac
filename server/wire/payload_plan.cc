#include "server/wire/payload_plan.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace trine::server {
namespace {

using google::protobuf::FieldDescriptor;

constexpr int kMaxDepth = 16;

[[noreturn]] void Refuse(const google::protobuf::Descriptor* type, const char* why) {
  std::fprintf(stderr, "the payloads of %s: %s\n", type->full_name().c_str(), why);
  std::abort();
}

}  // namespace

PayloadPlan::PayloadPlan(const google::protobuf::Descriptor* type) {
  int slots = 0;
  Fill(type, 0, &slots);
}

PayloadPlan::PayloadPlan(const google::protobuf::Descriptor* type, int depth, int* slots) {
  Fill(type, depth, slots);
}

void PayloadPlan::Fill(const google::protobuf::Descriptor* type, int depth, int* slots) {
  if (depth > kMaxDepth) Refuse(type, "messages nest without end");
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->type() == FieldDescriptor::TYPE_BYTES && !field->is_repeated()) {
      if (*slots == kMaxSlots) Refuse(type, "too many");
      fields_.push_back({static_cast<uint32_t>(field->number()), (*slots)++, nullptr});
    } else if (field->type() == FieldDescriptor::TYPE_MESSAGE) {
      const int before = *slots;
      std::unique_ptr<const PayloadPlan> plan(
          new PayloadPlan(field->message_type(), depth + 1, slots));
      if (plan->empty()) continue;
      if (field->is_repeated()) Refuse(type, "a repeated message holds some");
      if (*slots == before) Refuse(type, "none counted");
      fields_.push_back({static_cast<uint32_t>(field->number()), -1, std::move(plan)});
    }
  }
}

}  // namespace trine::server
