// Options, contents and results of coding from messages and back.
#pragma once

#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/error.h"
#include "core/coding/coding.h"
#include "core/coding/exact.h"
#include "core/coding/stream/recover.h"
#include "core/coding/table_store.h"
#include "core/runtime/context.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {

// The dictionary. What the message alone can say wrong (several of decimals, counts and weights,
// symbols of the other kind, too many) is refused here, naming "<field>.<part>"; the rest is core's
// (see TableNames).
absl::StatusOr<coding::ProbabilityTable> TableFromProto(const v1::ProbabilityTable& table,
                                                        const Limits& limits,
                                                        std::string_view field);

// From core's names, whose one table is "table", to those of the table at `field` in a request.
std::vector<FieldName> TableNames(std::string_view field);

// From core's names of the options' tables to those of whichever field of the message gives them.
std::vector<FieldName> OptionTableNames(const v1::EncodeOptions& options);

// The places, from 0, of those of the given tables whose ids are not among `used`.
void UnusedTablesToProto(const std::vector<coding::TablePtr>& given, const std::set<uint64_t>& used,
                         google::protobuf::RepeatedField<int32_t>* out);

// The tables of a list, made and remembered. Errors name "<field>[i]" and its parts.
absl::StatusOr<std::vector<coding::TablePtr>> TablesFromProto(
    const Context& context, const google::protobuf::RepeatedPtrField<v1::ProbabilityTable>& tables,
    std::string_view field, coding::TableStore* store);

// Options of every model but EXACT, which is INVALID_ARGUMENT naming "<field>.model" here. Tables
// are found in `store` and remembered there; null where nothing is: then table_ids are refused.
absl::StatusOr<coding::EncodeOptions> EncodeOptionsFromProto(const Context& context,
                                                             const v1::EncodeOptions& options,
                                                             std::string_view field,
                                                             coding::TableStore* store);

void ReportToProto(const coding::RecoverReport& report, v1::DecodeStreamSummary* out);
void StatsToProto(const coding::EncodeStats& stats, v1::EncodeStatistics* out);
void ExactCodeToProto(coding::ExactCode code, uint64_t symbols, v1::ExactCode* out);
absl::Status StreamInfoToProto(const Context& context, const coding::StreamInfo& info,
                               v1::InspectResponse* out);

}  // namespace trine::server
