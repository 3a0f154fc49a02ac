// The protocol's steps and the list of core/segment are the same: the conversion relies on it.
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <string>

#include "core/segment/steps.h"
#include "gtest/gtest.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using segment::Parameter;
using segment::ParameterKind;

ParameterKind KindOf(const FieldDescriptor& field) {
  if (field.is_repeated()) return ParameterKind::kReals;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return ParameterKind::kFlag;
    case FieldDescriptor::CPPTYPE_ENUM:
      return ParameterKind::kChoice;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return ParameterKind::kReal;
    default:
      return ParameterKind::kInteger;
  }
}

// "mean" is number 1 of LOCAL_METHOD_MEAN = 1.
void ExpectSameNames(const EnumDescriptor& type, const Parameter& parameter) {
  ASSERT_EQ(static_cast<size_t>(type.value_count()), parameter.choices.size() + 1) << type.name();
  for (size_t i = 0; i < parameter.choices.size(); ++i) {
    const auto* value = type.FindValueByNumber(static_cast<int>(i) + 1);
    ASSERT_NE(value, nullptr) << type.name();
    std::string name(parameter.choices[i]);
    std::transform(name.begin(), name.end(), name.begin(), ::toupper);
    EXPECT_EQ(value->name().substr(value->name().size() - name.size() - 1), "_" + name);
  }
}

TEST(SegmentSteps, ProtocolAndListAreTheSame) {
  const Descriptor& steps = *v1::SegmentStep::descriptor();
  ASSERT_EQ(static_cast<size_t>(steps.field_count()), segment::AllSteps().size());
  for (int s = 0; s < steps.field_count(); ++s) {
    const segment::StepSpec& spec = segment::AllSteps()[static_cast<size_t>(s)];
    ASSERT_EQ(steps.field(s)->name(), spec.name);
    const Descriptor& message = *steps.field(s)->message_type();
    ASSERT_EQ(static_cast<size_t>(message.field_count()), spec.parameters.size()) << spec.name;
    for (int f = 0; f < message.field_count(); ++f) {
      const Parameter& parameter = spec.parameters[static_cast<size_t>(f)];
      EXPECT_EQ(message.field(f)->name(), parameter.name);
      EXPECT_EQ(KindOf(*message.field(f)), parameter.kind) << spec.name << "." << parameter.name;
      if (parameter.kind == ParameterKind::kChoice) {
        ExpectSameNames(*message.field(f)->enum_type(), parameter);
      }
    }
  }
}

}  // namespace
}  // namespace trine::server
