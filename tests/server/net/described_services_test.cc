// Answers of reflection that the services of trine do not show: extensions, imports in a diamond.
#include "server/net/described_services.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace trine::server {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FieldDescriptorProto;
using ::google::protobuf::FileDescriptorProto;
using ::grpc::reflection::v1::ServerReflectionRequest;
using ::grpc::reflection::v1::ServerReflectionResponse;
using ::testing::ElementsAre;

// top.proto imports left.proto and right.proto, both of which import base.proto; right.proto
// extends a message of base.proto by the fields 101 and 105.
class DescribedServicesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    FileDescriptorProto base = File("base.proto", {});
    auto* extended = base.add_message_type();
    extended->set_name("Extended");
    auto* range = extended->add_extension_range();
    range->set_start(100);
    range->set_end(200);
    Build(base);
    Build(File("left.proto", {"base.proto"}));
    FileDescriptorProto right = File("right.proto", {"base.proto"});
    for (const int number : {105, 101}) {
      FieldDescriptorProto* extension = right.add_extension();
      extension->set_name("field" + std::to_string(number));
      extension->set_number(number);
      extension->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
      extension->set_type(FieldDescriptorProto::TYPE_INT32);
      extension->set_extendee(".test.Extended");
    }
    Build(right);
    Build(File("top.proto", {"left.proto", "right.proto"}));
  }

  ServerReflectionResponse Answer(const ServerReflectionRequest& request) const {
    return DescribedServices({"test.Service"}, &pool_).Answer(request);
  }
  ServerReflectionResponse AnswerExtension(const std::string& type, int number) const {
    ServerReflectionRequest request;
    request.mutable_file_containing_extension()->set_containing_type(type);
    request.mutable_file_containing_extension()->set_extension_number(number);
    return Answer(request);
  }
  static std::vector<std::string> Names(const ServerReflectionResponse& response) {
    std::vector<std::string> names;
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      FileDescriptorProto file;
      EXPECT_TRUE(file.ParseFromString(bytes));
      names.push_back(file.name());
    }
    return names;
  }

 private:
  static FileDescriptorProto File(const std::string& name,
                                  const std::vector<std::string>& imports) {
    FileDescriptorProto file;
    file.set_name(name);
    file.set_package("test");
    for (const std::string& import : imports) file.add_dependency(import);
    return file;
  }
  void Build(const FileDescriptorProto& file) { ASSERT_NE(pool_.BuildFile(file), nullptr); }

  DescriptorPool pool_;
};

TEST_F(DescribedServicesTest, SendsEveryImportOnceAfterTheFileItself) {
  ServerReflectionRequest request;
  request.set_file_by_filename("top.proto");
  EXPECT_THAT(Names(Answer(request)),
              ElementsAre("top.proto", "left.proto", "base.proto", "right.proto"));
}

TEST_F(DescribedServicesTest, FindsTheFileOfAnExtension) {
  EXPECT_THAT(Names(AnswerExtension("test.Extended", 101)),
              ElementsAre("right.proto", "base.proto"));
  EXPECT_EQ(AnswerExtension("test.Extended", 102).error_response().error_code(), 5);
  EXPECT_EQ(AnswerExtension("test.Nothing", 101).error_response().error_code(), 5);
}

TEST_F(DescribedServicesTest, ListsTheExtensionsOfAType) {
  ServerReflectionRequest request;
  request.set_all_extension_numbers_of_type("test.Extended");
  const ServerReflectionResponse response = Answer(request);
  EXPECT_EQ(response.all_extension_numbers_response().base_type_name(), "test.Extended");
  EXPECT_THAT(response.all_extension_numbers_response().extension_number(),
              ::testing::UnorderedElementsAre(101, 105));
}

TEST_F(DescribedServicesTest, ListsAServiceWithoutADescriptor) {
  ServerReflectionRequest request;
  request.set_list_services("");
  std::vector<std::string> names;
  const ServerReflectionResponse response = Answer(request);
  for (const auto& service : response.list_services_response().service())
    names.push_back(service.name());
  EXPECT_THAT(names, ElementsAre(kReflectionV1, kReflectionV1Alpha, "test.Service"));
  request.set_file_containing_symbol("test.Service");
  EXPECT_EQ(Answer(request).error_response().error_code(), 5);
}

TEST_F(DescribedServicesTest, DescribesV1AlphaWithItsOwnNames) {
  const DescribedServices linked({});
  ServerReflectionRequest request;
  request.set_file_containing_symbol("grpc.reflection.v1alpha.ServerReflection");
  const ServerReflectionResponse response = linked.Answer(request);
  ASSERT_THAT(Names(response), ElementsAre("grpc/reflection/v1alpha/reflection.proto"));
  // Nothing of v1 is left in it.
  const std::string& bytes = response.file_descriptor_response().file_descriptor_proto(0);
  EXPECT_EQ(bytes.find("reflection.v1."), std::string::npos);
  EXPECT_NE(bytes.find(".grpc.reflection.v1alpha.ServerReflectionRequest"), std::string::npos);
}

}  // namespace
}  // namespace trine::server
