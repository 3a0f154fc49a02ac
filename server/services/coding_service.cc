// CodingService: proto/trine/v1/coding.proto over core/coding. Its two streams are in
// server/services/coding_streams.cc.
#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/coding/coding.h"
#include "core/coding/exact.h"
#include "core/coding/stats.h"
#include "server/services/coding_streams.h"
#include "server/convert/coding.h"
#include "server/convert/error.h"
#include "server/convert/image.h"
#include "server/convert/output_bounds.h"
#include "server/convert/tensor.h"
#include "server/wire/rpc.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {
namespace {

// What streams usually unpack to; max_output_bytes bounds it.
constexpr uint64_t kDecodeMemoryFactor = 8;
constexpr uint64_t kDefaultListedBlocks = 1000;
constexpr uint64_t kMaxListedBlocks = 1'000'000;
constexpr std::string_view kExact = "exact";  // not one of the stream's models

// What Encode codes: raw bytes in the request, or of a decoded picture.
struct EncodeInput {
  coding::Content content;
  ByteView raw;
  Picture picture;
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

absl::StatusOr<EncodeInput> InputFromProto(const Context& context,
                                           Request<v1::EncodeRequest>& request) {
  using coding::ContentKind;
  const v1::EncodeRequest& m = request.message();
  if (m.has_bits() && m.input_case() != v1::EncodeRequest::kData) {
    return InvalidField("bits", "given", "it describes data, which is not given");
  }
  EncodeInput input;
  switch (m.input_case()) {
    case v1::EncodeRequest::kData:
      input.raw = request.Payload(m.data());
      if (m.has_bits()) return BitsInput(m.bits(), input.raw, *context.limits);
      return input;
    case v1::EncodeRequest::kTensor: {
      TRINE_ASSIGN_OR_RETURN(
          TensorView tensor,
          ViewFromProto(m.tensor(), request.Payload(m.tensor().data()), *context.limits, "tensor"));
      input.raw = tensor.data;
      input.content = {ContentKind::kTensor, tensor.dtype, std::move(tensor.shape)};
      return input;
    }
    case v1::EncodeRequest::kImage: {
      TRINE_ASSIGN_OR_RETURN(input.picture,
                             PictureOf(context, request, m.image(), kGrayTypes, "image"));
      const TensorView& view = input.picture.view;
      input.raw = view.data;
      input.content = {ContentKind::kImage, view.dtype, view.shape};
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

uint64_t LongestSymbolBytes(const coding::ProbabilityTable& table) {
  size_t longest = 0;
  for (const std::string& symbol : table.text) longest = std::max(longest, symbol.size());
  return longest;
}

// The dictionary of the exact coder, whose symbols are text.
absl::StatusOr<coding::ProbabilityTable> ExactTable(const v1::ProbabilityTable& table,
                                                    const Limits& limits, std::string_view field) {
  TRINE_ASSIGN_OR_RETURN(coding::ProbabilityTable out, TableFromProto(table, limits, field));
  if (out.kind != coding::SymbolKind::kText) {
    return InvalidField(Path(field, "kind"), v1::SymbolKind_Name(static_cast<int>(out.kind)),
                        "the exact coder's symbols are TEXT");
  }
  // Before a message is split by it.
  TRINE_RETURN_IF_ERROR(
      RenameField(NameTableFields(coding::ValidateTable(out, limits)), "table", field));
  return out;
}

void ExactStats(const coding::ExactCode& code, uint64_t raw_bytes,
                const std::vector<std::string>& symbols, v1::EncodeStatistics* out) {
  const uint64_t bits = code.shortest.size();
  out->set_raw_bytes(raw_bytes);
  out->set_coded_bytes(CeilDiv(bits, 8));
  out->set_symbols(symbols.size());
  out->set_model_bits(bits);
  out->set_ideal_bits(code.ideal_bits);
  out->set_model(v1::CODING_MODEL_EXACT);
  if (symbols.empty()) return;
  std::map<std::string_view, uint64_t> occurrences;
  for (const std::string& symbol : symbols) ++occurrences[symbol];
  std::vector<uint64_t> counts;
  for (const auto& [symbol, count] : occurrences) counts.push_back(count);
  const auto n = static_cast<double>(symbols.size());
  out->set_entropy_bits_per_symbol(coding::EntropyBits(counts) / n);
  out->set_huffman_bits_per_symbol(static_cast<double>(coding::HuffmanBits(counts)) / n);
  // The codeword is counted in bits: whole bytes would hide what a short message costs.
  out->set_bits_per_symbol(static_cast<double>(bits) / n);
}

absl::Status EncodeExact(const Context& context, const v1::EncodeRequest& m,
                         v1::EncodeResponse* out) {
  const Limits& limits = *context.limits;
  if (m.input_case() != v1::EncodeRequest::kMessage) {
    return MissingField("message", "model EXACT codes a message");
  }
  if (m.has_bits()) return InvalidField("bits", "given", "it describes data, not a message");
  if (!m.options().has_table()) {
    return MissingField("options.table", "model EXACT needs its probabilities");
  }
  const v1::EncodeOptions& options = m.options();
  if (options.tables_size() > 0 || options.table_ids_size() > 0 || options.tables_by_id()) {
    return InvalidField(options.tables_size() > 0      ? "options.tables"
                        : options.table_ids_size() > 0 ? "options.table_ids"
                                                       : "options.tables_by_id",
                        "given", "model EXACT has one table, in options.table");
  }
  TRINE_ASSIGN_OR_RETURN(const coding::ProbabilityTable table,
                         ExactTable(m.options().table(), limits, "options.table"));
  // Before the message is split: a longer one cannot have so few symbols.
  const uint64_t symbol_bytes = LongestSymbolBytes(table) + 1;
  if (m.message().size() / symbol_bytes > limits.max_exact_symbols) {
    return LimitExceeded("message", m.message().size() / symbol_bytes, "max_exact_symbols",
                         limits.max_exact_symbols);
  }
  // Core's fields but "message" are options here.
  const auto named = [](const absl::Status& status) {
    const auto detail = GetErrorDetail(status);
    const bool is_message = detail.has_value() && detail->field.rfind("message", 0) == 0;
    return is_message ? status : PrefixField(NameTableFields(status), "options.");
  };
  const auto symbols = coding::SplitMessage(m.message(), table);
  if (!symbols.ok()) return named(symbols.status());
  const auto code = coding::ExactEncode(context, table, *symbols, m.options().max_steps());
  if (!code.ok()) return named(code.status());
  ExactCodeToProto(*code, symbols->size(), out->mutable_exact());
  // Rationals of many digits: what asks for most of them is the steps.
  TRINE_RETURN_IF_ERROR(CheckOutputBytes(out->ByteSizeLong(), limits, "options.max_steps"));
  ExactStats(*code, m.message().size(), *symbols, out->mutable_statistics());
  return absl::OkStatus();
}

absl::Status Encode(const Call& call, Request<v1::EncodeRequest>& request,
                    Response<v1::EncodeResponse>* response) {
  const v1::EncodeRequest& m = request.message();
  v1::EncodeResponse* out = response->mutable_message();
  TRINE_ASSIGN_OR_RETURN(const Context context, call.WithThreads(m.max_threads()));
  if (m.options().model() == v1::CODING_MODEL_EXACT) {
    call.NoteModel(kExact);
    if (request.PayloadSize(m.table_index()) != 0) {
      return InvalidField("table_index", "given", "model EXACT has one table");
    }
    return EncodeExact(context, m, out);
  }
  TRINE_ASSIGN_OR_RETURN(coding::EncodeOptions options,
                         EncodeOptionsFromProto(context, m.options(), "options", nullptr));
  options.table_index = request.Payload(m.table_index());
  TRINE_ASSIGN_OR_RETURN(const EncodeInput input, InputFromProto(context, request));
  coding::EncodeStats stats;
  auto coded = coding::Encode(context, input.content, input.raw, options, &stats);
  if (!coded.ok()) {
    return RenameField(NameOptionTable(coded.status(), m.options()), "data", RawField(m));
  }
  call.NoteModel(coding::ModelName(stats.model));
  TRINE_RETURN_IF_ERROR(CheckOutputBytes(coded->size(), *context.limits, "coded"));
  response->SetPayload(out->mutable_coded(), *std::move(coded));
  StatsToProto(stats, out->mutable_statistics());
  return absl::OkStatus();
}

absl::Status DecodeExact(const Context& context, const v1::DecodeRequest& m,
                         v1::DecodeResponse* out) {
  const Limits& limits = *context.limits;
  const v1::ExactCodeword& exact = m.exact();
  if (m.has_range()) return InvalidField("range", "given", "a codeword is decoded whole");
  if (m.tables_size() > 0) {
    return InvalidField("tables", "given", "a codeword has its dictionary in exact.table");
  }
  if (!exact.has_table()) return MissingField("exact.table", "the dictionary is required");
  if (exact.count() > limits.max_exact_symbols) {
    return LimitExceeded("exact.count", exact.count(), "max_exact_symbols",
                         limits.max_exact_symbols);
  }
  TRINE_ASSIGN_OR_RETURN(const coding::ProbabilityTable table,
                         ExactTable(exact.table(), limits, "exact.table"));
  const uint64_t most_bytes = exact.count() * LongestSymbolBytes(table);
  TRINE_RETURN_IF_ERROR(CheckOutputBytes(most_bytes, limits, "exact.count"));
  TRINE_RETURN_IF_ERROR(context.ReserveResult(most_bytes));
  auto symbols = coding::ExactDecode(context, table, exact.bits(), exact.count());
  if (!symbols.ok()) return PrefixField(NameTableFields(symbols.status()), "exact.");
  for (std::string& symbol : *symbols) out->add_message(std::move(symbol));
  return absl::OkStatus();
}

// Core's refusal of a long answer, where the message's bound is what it met and not
// max_output_bytes.
absl::Status NameMessageLimit(const absl::Status& status, uint64_t max_output, const Call& call) {
  if (call.max_response_bytes >= max_output) return status;
  const auto detail = GetErrorDetail(status);
  uint64_t bytes = 0;
  if (!detail.has_value() ||
      detail->limit != absl::StrCat("max_output_bytes = ", call.max_response_bytes) ||
      !absl::SimpleAtoi(detail->value, &bytes)) {
    return status;
  }
  return CheckResponseBytes(bytes, call.max_response_bytes, detail->field);
}

absl::Status Decode(const Call& call, Request<v1::DecodeRequest>& request,
                    Response<v1::DecodeResponse>* response) {
  const v1::DecodeRequest& m = request.message();
  v1::DecodeResponse* out = response->mutable_message();
  TRINE_ASSIGN_OR_RETURN(const Context context, call.WithThreads(m.max_threads()));
  if (m.input_case() == v1::DecodeRequest::kExact) {
    call.NoteModel(kExact);
    if (request.PayloadSize(m.table_index()) != 0) {
      return InvalidField("table_index", "given", "a codeword has one table");
    }
    return DecodeExact(context, m, out);
  }
  if (m.input_case() != v1::DecodeRequest::kCoded) {
    return MissingField("input", "one of coded and exact is required");
  }
  coding::DecodeOptions options;
  const uint64_t max_output = context.limits->max_output_bytes;
  options.max_output_bytes = std::min(max_output, call.max_response_bytes);
  if (m.has_range()) options.range = {m.range().offset(), m.range().length()};
  coding::TableStore tables;
  TRINE_ASSIGN_OR_RETURN(options.tables, TablesFromProto(context, m.tables(), "tables", &tables));
  options.table_index = request.Payload(m.table_index());
  auto decoded = coding::Decode(context, request.Payload(m.coded()), options);
  if (!decoded.ok()) {
    return WithHint(
        RenameField(NameMessageLimit(decoded.status(), max_output, call), "data", "coded"),
        "DecodeStream decodes any length, a range decodes a part");
  }
  call.NoteModel(coding::ModelName(decoded->model));
  ContentToProto(decoded->content, out->mutable_content());
  response->SetPayload(out->mutable_data(), std::move(decoded->data));
  out->set_raw_bytes(decoded->raw_bytes);
  out->set_blocks_total(decoded->blocks_total);
  out->set_blocks_decoded(decoded->blocks_decoded);
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
  const auto info = coding::Inspect(call.context, request.Payload(m.coded()));
  if (!info.ok()) return RenameField(info.status(), "data", "coded");
  return StreamInfoToProto(call.context, *info, max_blocks, response->mutable_message());
}

}  // namespace

void RegisterCodingService(Registry* registry) {
  const std::string service = "trine.v1.CodingService";
  // What an inspection remembers of a block is a few times the size of the smallest one.
  const MethodTraits decode{.memory_factor = kDecodeMemoryFactor};
  registry->AddUnary<v1::EncodeRequest, v1::EncodeResponse>(service, "Encode", {}, Encode);
  registry->AddUnary<v1::DecodeRequest, v1::DecodeResponse>(service, "Decode", decode, Decode);
  registry->AddUnary<v1::InspectRequest, v1::InspectResponse>(service, "Inspect", decode, Inspect);
  registry->AddStream<v1::EncodeStreamRequest, v1::EncodeStreamResponse>(service, "EncodeStream",
                                                                         {}, MakeEncodeStream);
  registry->AddStream<v1::DecodeStreamRequest, v1::DecodeStreamResponse>(service, "DecodeStream",
                                                                         decode, MakeDecodeStream);
}

}  // namespace trine::server
