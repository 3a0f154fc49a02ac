#include "server/net/described_services.h"

#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/support/status.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/strings.h"

namespace trine::server {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

namespace {

// The file of v1alpha: v1's with another package, as it was published.
FileDescriptorProto V1AlphaFile() {
  FileDescriptorProto file;
  ServerReflectionRequest::descriptor()->file()->CopyTo(&file);
  const auto rename = [](std::string* name) {
    *name = absl::StrReplaceAll(
        *name, {{"reflection.v1", "reflection.v1alpha"}, {"reflection/v1", "reflection/v1alpha"}});
  };
  rename(file.mutable_name());
  rename(file.mutable_package());
  for (auto& message : *file.mutable_message_type())
    for (auto& field : *message.mutable_field())
      if (field.has_type_name()) rename(field.mutable_type_name());
  for (auto& service : *file.mutable_service()) {
    for (auto& method : *service.mutable_method()) {
      rename(method.mutable_input_type());
      rename(method.mutable_output_type());
    }
  }
  return file;
}

void AddFile(const FileDescriptor* file, std::set<const FileDescriptor*>* seen,
             ServerReflectionResponse* response) {
  if (!seen->insert(file).second) return;
  FileDescriptorProto proto;
  file->CopyTo(&proto);
  proto.SerializeToString(
      response->mutable_file_descriptor_response()->add_file_descriptor_proto());
  for (int i = 0; i < file->dependency_count(); ++i) AddFile(file->dependency(i), seen, response);
}

void AnswerError(grpc::StatusCode code, const std::string& text,
                 ServerReflectionResponse* response) {
  response->mutable_error_response()->set_error_code(code);
  response->mutable_error_response()->set_error_message(text);
}

// `file` null: there is no such `what`.
void AnswerFile(const FileDescriptor* file, std::string_view what,
                ServerReflectionResponse* response) {
  if (file == nullptr) {
    return AnswerError(grpc::StatusCode::NOT_FOUND,
                       absl::StrCat("the server knows no such ", ToAbsl(what)), response);
  }
  std::set<const FileDescriptor*> seen;
  AddFile(file, &seen, response);
}

const FileDescriptor* FileOfExtension(const DescriptorPool& pool, const std::string& type,
                                      int number) {
  const Descriptor* message = pool.FindMessageTypeByName(type);
  if (message == nullptr) return nullptr;
  const FieldDescriptor* extension = pool.FindExtensionByNumber(message, number);
  return extension == nullptr ? nullptr : extension->file();
}

void AnswerExtensions(const DescriptorPool& pool, const std::string& type,
                      ServerReflectionResponse* response) {
  const Descriptor* message = pool.FindMessageTypeByName(type);
  if (message == nullptr) {
    return AnswerError(grpc::StatusCode::NOT_FOUND, "the server knows no such message type",
                       response);
  }
  auto* answer = response->mutable_all_extension_numbers_response();
  answer->set_base_type_name(type);
  std::vector<const FieldDescriptor*> extensions;
  pool.FindAllExtensions(message, &extensions);
  for (const FieldDescriptor* extension : extensions)
    answer->add_extension_number(extension->number());
}

}  // namespace

DescribedServices::DescribedServices(std::vector<std::string> services,
                                     const DescriptorPool* linked)
    : services_(std::move(services)), pool_(std::make_unique<DescriptorPool>(linked)) {
  services_.insert(services_.end(), {kReflectionV1, kReflectionV1Alpha});
  std::sort(services_.begin(), services_.end());
  pool_->BuildFile(V1AlphaFile());
}

ServerReflectionResponse DescribedServices::Answer(const ServerReflectionRequest& request) const {
  ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      AnswerFile(pool_->FindFileByName(request.file_by_filename()), "file", &response);
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      AnswerFile(pool_->FindFileContainingSymbol(request.file_containing_symbol()), "symbol",
                 &response);
      break;
    case ServerReflectionRequest::kFileContainingExtension:
      AnswerFile(FileOfExtension(*pool_, request.file_containing_extension().containing_type(),
                                 request.file_containing_extension().extension_number()),
                 "extension", &response);
      break;
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      AnswerExtensions(*pool_, request.all_extension_numbers_of_type(), &response);
      break;
    case ServerReflectionRequest::kListServices:
      for (const std::string& name : services_)
        response.mutable_list_services_response()->add_service()->set_name(name);
      break;
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      AnswerError(grpc::StatusCode::INVALID_ARGUMENT, "the request asks for nothing", &response);
      break;
  }
  return response;
}

}  // namespace trine::server
