// CodingService: proto/trine/v1/coding.proto over core/coding. Its two streams are in
// server/services/coding_streams.cc, the exact coder in server/services/exact_codes.cc.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/base/text/field_names.h"
#include "core/coding/coding.h"
#include "core/image/image.h"
#include "server/convert/coding.h"
#include "server/convert/content.h"
#include "server/convert/error.h"
#include "server/convert/image.h"
#include "server/convert/output_bounds.h"
#include "server/convert/tensor.h"
#include "server/services/coding_streams.h"
#include "server/services/exact_codes.h"
#include "server/wire/rpc.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {
namespace {

// What streams usually unpack to; max_output_bytes bounds it.
constexpr uint64_t kDecodeMemoryFactor = 8;
constexpr uint64_t kDefaultListedBlocks = 1000;
constexpr uint64_t kMaxListedBlocks = 1'000'000;
// A listed block of an answer, with the string of its mode and its bytes on the wire.
constexpr uint64_t kListedBlockBytes = sizeof(v1::BlockInfo) + sizeof(std::string) + 64;
constexpr std::string_view kExact = "exact";  // not one of the stream's models

// What Encode codes: raw bytes in the request, or of a picture's file.
struct EncodeInput {
  coding::Content content;
  ByteView raw;
  image::Picture picture;
};

absl::StatusOr<EncodeInput> BitsInput(const v1::BitsContent& bits, ByteView raw,
                                      const Limits& limits) {
  TRINE_ASSIGN_OR_RETURN(coding::Content content, BitsFromProto(bits, limits, "bits"));
  // The product was checked with the shape: rows of whole bytes are no more than eight times it,
  // but for rows of no pixels.
  const uint64_t row_bytes = CeilDiv(static_cast<uint64_t>(bits.width()), 8);
  const uint64_t needed = static_cast<uint64_t>(bits.height()) * row_bytes;
  if (raw.size() != needed) {
    return InvalidField("data", absl::StrCat(raw.size(), " bytes long"),
                        absl::StrCat("bits of ", bits.height(), " rows of ", row_bytes,
                                     " bytes need ", needed, " bytes"));
  }
  return EncodeInput{std::move(content), raw, {}};
}

absl::StatusOr<EncodeInput> PictureInput(const v1::PictureContent& picture, ByteView raw,
                                         const Limits& limits) {
  TRINE_ASSIGN_OR_RETURN(coding::Content content,
                         PictureContentFromProto(picture, limits, "picture"));
  const auto needed = PictureBytes(content.form, content.dtype, content.shape);
  if (needed != raw.size()) {
    return InvalidField(
        "data", absl::StrCat(raw.size(), " bytes long"),
        absl::StrCat("a picture of this shape needs ", needed.value_or(UINT64_MAX), " bytes"));
  }
  return EncodeInput{std::move(content), raw, {}};
}

// What a picture is coded to is hardly longer.
uint64_t CodedBytes(const Shape& shape, DType dtype) {
  uint64_t bytes = DTypeSize(dtype);
  for (const int64_t side : shape) bytes = SaturatingMul(bytes, static_cast<uint64_t>(side));
  return SaturatingAdd(bytes, bytes / 8);
}

// All that the pixels of a picture's file are.
absl::StatusOr<EncodeInput> FileInput(const Context& context, const v1::Image& image,
                                      ByteView file) {
  image::ReadOptions options;
  options.beside = CodedBytes;
  if (image.has_page()) options.page = image.page();
  auto picture = image::ReadPicture(context, file, options);
  if (!picture.ok()) {
    const absl::Status named =
        TranslateField(picture.status(), {{"page", "image.page"}, {kAnyField, "image.encoded"}});
    return absl::IsUnimplemented(named)
               ? WithWayOut(named, "the file's bytes, as data, are kept whole")
               : named;
  }
  EncodeInput input;
  input.picture = *std::move(picture);
  const Tensor& samples = input.picture.samples;
  input.raw = samples.data;
  using coding::ContentKind;
  ContentKind kind = ContentKind::kPicture;
  switch (PictureHolderOf(input.picture.form, samples.dtype, samples.shape)) {
    case PictureHolder::kTensor:
      kind = ContentKind::kImage;
      break;
    case PictureHolder::kBits:
      kind = ContentKind::kBits;
      break;
    case PictureHolder::kForm:
      break;
  }
  input.content = {kind, samples.dtype, samples.shape, {}};
  if (kind == ContentKind::kPicture) input.content.form = input.picture.form;
  return input;
}

// What data are is said in one way.
absl::Status CheckDescribed(const v1::EncodeRequest& m) {
  if (m.has_bits() && m.has_picture()) {
    return InvalidField("picture", "given", "bits are given too, and data are one of them");
  }
  if (m.input_case() == v1::EncodeRequest::kData || (!m.has_bits() && !m.has_picture())) {
    return absl::OkStatus();
  }
  return InvalidField(m.has_bits() ? "bits" : "picture", "given",
                      "it describes data, which is not given");
}

absl::StatusOr<EncodeInput> InputFromProto(const Context& context,
                                           Request<v1::EncodeRequest>& request) {
  using coding::ContentKind;
  const v1::EncodeRequest& m = request.message();
  TRINE_RETURN_IF_ERROR(CheckDescribed(m));
  EncodeInput input;
  switch (m.input_case()) {
    case v1::EncodeRequest::kData:
      input.raw = request.Payload(m.data());
      if (m.has_bits()) return BitsInput(m.bits(), input.raw, *context.limits);
      if (m.has_picture()) return PictureInput(m.picture(), input.raw, *context.limits);
      return input;
    case v1::EncodeRequest::kTensor: {
      TRINE_ASSIGN_OR_RETURN(
          TensorView tensor,
          ViewFromProto(m.tensor(), request.Payload(m.tensor().data()), *context.limits, "tensor"));
      input.raw = tensor.data;
      input.content = {ContentKind::kTensor, tensor.dtype, std::move(tensor.shape), {}};
      return input;
    }
    case v1::EncodeRequest::kImage: {
      if (m.image().source_case() == v1::Image::kEncoded) {
        return FileInput(context, m.image(), request.Payload(m.image().encoded()));
      }
      TRINE_ASSIGN_OR_RETURN(const Picture picture, PictureOf(context, request, m.image(),
                                                              kGrayTypes, "image", CodedBytes));
      input.raw = picture.view.data;
      input.content = {ContentKind::kImage, picture.view.dtype, picture.view.shape, {}};
      return input;
    }
    case v1::EncodeRequest::kMessage:
      return InvalidField("message", "given", "only model EXACT codes a message");
    case v1::EncodeRequest::INPUT_NOT_SET:
      break;
  }
  return MissingField("input", "one of data, tensor, image and message is required");
}

// Core calls the raw bytes "data"; where they are in the request.
std::string_view RawField(const v1::EncodeRequest& m) {
  if (m.has_tensor()) return "tensor.data";
  return m.has_image() ? "image" : "data";
}

absl::Status Encode(const Call& call, Request<v1::EncodeRequest>& request,
                    Response<v1::EncodeResponse>* response) {
  const v1::EncodeRequest& m = request.message();
  v1::EncodeResponse* out = response->mutable_message();
  TRINE_ASSIGN_OR_RETURN(const Context context, call.WithThreads(m.max_threads()));
  if (m.options().model() == v1::CODING_MODEL_EXACT) {
    call.NoteModel(kExact);
    return EncodeExact(context, request, out);
  }
  TRINE_ASSIGN_OR_RETURN(coding::EncodeOptions options,
                         EncodeOptionsFromProto(context, m.options(), "options", nullptr));
  options.table_index = request.Payload(m.table_index());
  TRINE_ASSIGN_OR_RETURN(const EncodeInput input, InputFromProto(context, request));
  coding::EncodeStats stats;
  auto coded = coding::Encode(context, input.content, input.raw, options, &stats);
  if (!coded.ok()) {
    std::vector<FieldName> names = OptionTableNames(m.options());
    for (FieldName& name : RequestNames({RawField(m)})) names.push_back(std::move(name));
    return TranslateField(coded.status(), names);
  }
  call.NoteModel(coding::ModelName(stats.model));
  TRINE_RETURN_IF_ERROR(CheckOutputBytes(coded->size(), *context.limits, "coded"));
  response->SetPayload(out->mutable_coded(), *std::move(coded));
  StatsToProto(stats, out->mutable_statistics());
  for (const std::string& warning : input.picture.warnings) out->add_warnings(warning);
  return absl::OkStatus();
}

absl::Status Decode(const Call& call, Request<v1::DecodeRequest>& request,
                    Response<v1::DecodeResponse>* response) {
  const v1::DecodeRequest& m = request.message();
  v1::DecodeResponse* out = response->mutable_message();
  TRINE_ASSIGN_OR_RETURN(const Context context, call.WithThreads(m.max_threads()));
  if (m.input_case() == v1::DecodeRequest::kExact) {
    call.NoteModel(kExact);
    return DecodeExact(context, request, out);
  }
  if (m.input_case() != v1::DecodeRequest::kCoded) {
    return MissingField("input", "one of coded and exact is required");
  }
  coding::DecodeOptions options;
  options.max_output_bytes = context.limits->max_output_bytes;
  if (call.max_response.value < options.max_output_bytes) {
    options.max_output_bytes = call.max_response.value;
    options.max_output_name = "max_message_bytes";
  }
  if (m.has_range()) options.range = {m.range().offset(), m.range().length()};
  coding::TableStore tables;
  TRINE_ASSIGN_OR_RETURN(options.tables, TablesFromProto(context, m.tables(), "tables", &tables));
  options.table_index = request.Payload(m.table_index());
  auto decoded = coding::Decode(context, request.Payload(m.coded()), options);
  if (!decoded.ok()) {
    return WithHint(TranslateField(decoded.status(), RequestNames({"coded"})),
                    "DecodeStream decodes any length, a range decodes a part");
  }
  call.NoteModel(coding::ModelName(decoded->model));
  ContentToProto(decoded->content, out->mutable_content());
  response->SetPayload(out->mutable_data(), std::move(decoded->data));
  out->set_raw_bytes(decoded->raw_bytes);
  out->set_blocks_total(decoded->blocks_total);
  out->set_blocks_decoded(decoded->blocks_decoded);
  out->set_streams(decoded->streams);
  out->set_typed_streams(decoded->typed_streams);
  UnusedTablesToProto(options.tables, decoded->tables_used, out->mutable_unused_tables());
  return absl::OkStatus();
}

absl::Status Inspect(const Call& call, Request<v1::InspectRequest>& request,
                     Response<v1::InspectResponse>* response) {
  const v1::InspectRequest& m = request.message();
  const uint64_t max_blocks = m.has_max_blocks() ? m.max_blocks() : kDefaultListedBlocks;
  if (max_blocks > kMaxListedBlocks) {
    return InvalidField("max_blocks", static_cast<int64_t>(max_blocks),
                        absl::StrCat("at most ", kMaxListedBlocks, " are listed"));
  }
  const ByteView coded = request.Payload(m.coded());
  const auto info = coding::Inspect(call.context, coded, static_cast<size_t>(max_blocks));
  if (!info.ok()) return TranslateField(info.status(), RequestNames({"coded"}));
  const uint64_t blocks = info->blocks.size();
  TRINE_RETURN_IF_ERROR(call.Reserve(SaturatingAdd(
      coding::InspectMemory(coded.size(), info->blocks.capacity()), blocks * kListedBlockBytes)));
  return StreamInfoToProto(call.context, *info, response->mutable_message());
}

}  // namespace

void RegisterCodingService(Registry* registry) {
  const std::string service = "trine.v1.CodingService";
  // What an inspection remembers of a block is a few times the size of the smallest one.
  const MethodTraits decode{.memory_factor = kDecodeMemoryFactor, .asks_for_all = true};
  // It keeps what it asks for from message to message.
  const MethodTraits decode_stream{.memory_factor = kDecodeMemoryFactor};
  registry->AddUnary<v1::EncodeRequest, v1::EncodeResponse>(service, "Encode", {}, Encode);
  registry->AddUnary<v1::DecodeRequest, v1::DecodeResponse>(service, "Decode", decode, Decode);
  registry->AddUnary<v1::InspectRequest, v1::InspectResponse>(service, "Inspect", decode, Inspect);
  registry->AddStream<v1::EncodeStreamRequest, v1::EncodeStreamResponse>(service, "EncodeStream",
                                                                         {}, MakeEncodeStream);
  registry->AddStream<v1::DecodeStreamRequest, v1::DecodeStreamResponse>(
      service, "DecodeStream", decode_stream, MakeDecodeStream);
}

}  // namespace trine::server
