// ServerService: what the server is and allows.
#include <google/protobuf/descriptor.h>

#include <chrono>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "core/base/strings.h"
#include "core/coding/coding.h"
#include "core/segment/steps.h"
#include "server/base/build_info.h"
#include "server/options/option_table.h"
#include "server/server_impl.h"
#include "trine/v1/normalization.pb.h"
#include "trine/v1/segmentation.pb.h"
#include "trine/v1/server.pb.h"

namespace trine::server {
namespace {

// The names of an enum's values without their common prefix and without _UNSPECIFIED.
void AddEnumNames(const google::protobuf::EnumDescriptor* e, std::string_view prefix,
                  google::protobuf::RepeatedPtrField<std::string>* out) {
  for (int i = 0; i < e->value_count(); ++i) {
    if (e->value(i)->number() == 0) continue;
    *out->Add() = e->value(i)->name().substr(prefix.size());
  }
}

void DescribeStep(const segment::StepSpec& step, v1::SegmentStepInfo* out) {
  out->set_name(std::string(step.name));
  out->set_about(std::string(step.about));
  for (const std::string_view map : segment::MapNames(step.needs | step.uses)) {
    out->add_reads(std::string(map));
  }
  for (const std::string_view map : segment::MapNames(step.makes)) {
    out->add_writes(std::string(map));
  }
  for (const segment::Parameter& parameter : step.parameters) {
    v1::SegmentParameterInfo* info = out->add_parameters();
    info->set_name(std::string(parameter.name));
    info->set_range(segment::RangeText(parameter));
    info->set_default_value(segment::DefaultText(step, parameter));
    info->set_about(std::string(parameter.about));
  }
}

v1::GetServerInfoResponse Describe(const Options& options, int threads) {
  v1::GetServerInfoResponse info;
  info.set_version(Version());
  info.set_build(Build());
  info.set_simd_target(SimdTarget());
  info.set_threads(threads);
  for (const OptionSpec& spec : AllOptions()) {
    if (!spec.is_limit) continue;
    v1::Limit* limit = info.add_limits();
    limit->set_name(spec.limit_name());
    limit->set_value(GetNumber(spec, options));
    limit->set_unit(spec.unit_name());
  }
  AddEnumNames(v1::LrnPreset_descriptor(), "LRN_PRESET_", info.mutable_presets());
  for (const coding::ModelInfo& model : coding::OfferedModels()) {
    info.add_models(absl::AsciiStrToUpper(ToAbsl(model.name)));
  }
  info.add_models("EXACT");  // codes messages, not streams: not one of core's list
  AddEnumNames(v1::SegmentProfile_descriptor(), "SEGMENT_PROFILE_", info.mutable_profiles());
  for (const segment::StepSpec& step : segment::AllSteps()) {
    info.add_methods(std::string(step.name));
    DescribeStep(step, info.add_steps());
  }
  return info;
}

}  // namespace

void RegisterServerService(Registry* registry, const Options& options, int threads) {
  const auto started = std::chrono::steady_clock::now();
  registry->AddUnary<v1::GetServerInfoRequest, v1::GetServerInfoResponse>(
      "trine.v1.ServerService", "GetServerInfo", {.immediate = true},
      [started, fixed = Describe(options, threads)](const Call&,
                                                    const Request<v1::GetServerInfoRequest>&,
                                                    Response<v1::GetServerInfoResponse>* response) {
        *response->mutable_message() = fixed;
        response->mutable_message()->set_uptime_ms(
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                  started)
                .count());
        return absl::OkStatus();
      });
}

}  // namespace trine::server
