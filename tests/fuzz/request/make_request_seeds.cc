// Writes the seeds of the RPCs' fuzzers: valid requests, small. Usage: make_request_seeds FOLDER,
// where FOLDER is tests/fuzz/corpus/request. Run it again when a request gains a field.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/image/image.h"
#include "tests/server/services/chunked_items.h"
#include "tests/server/services/coding/coding_examples.h"
#include "tests/server/services/segmentation/segment_examples.h"
#include "tests/server/services/service_harness.h"
#include "trine/v1/normalization.pb.h"

namespace trine::server {
namespace {

class SeedWriter {
 public:
  explicit SeedWriter(std::filesystem::path folder) : folder_(std::move(folder)) {}

  template <typename Message>
  void Unary(std::string_view method, const Message& request) {
    Write(method, request.SerializeAsString());
  }
  template <typename Message>
  void Stream(std::string_view method, const std::vector<Message>& requests) {
    std::string bytes;
    for (const Message& request : requests) {
      const std::string message = request.SerializeAsString();
      bytes.push_back(static_cast<char>(message.size() & 0xFF));
      bytes.push_back(static_cast<char>(message.size() >> 8));
      bytes += message;
    }
    Write(method, bytes);
  }

 private:
  void Write(std::string_view method, const std::string& bytes) {
    const std::filesystem::path folder = folder_ / method;
    std::filesystem::create_directories(folder);
    std::ofstream out(folder / std::to_string(++numbers_[std::string(method)]), std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  std::filesystem::path folder_;
  std::map<std::string, int> numbers_;
};

void NormalizationSeeds(SeedWriter& seeds) {
  std::vector<v1::NormalizeStreamRequest> items;
  for (int preset = v1::LrnPreset_MIN; preset <= v1::LrnPreset_MAX; ++preset) {
    v1::NormalizeRequest request;
    const bool is_wide = preset % 2 == 0;
    *request.mutable_tensor() =
        is_wide ? MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 4, 2, 1}, {1, 2, 3, 4, 5, 6, 7, 8})
                : MakeTensor<double>(v1::DATA_TYPE_FLOAT64, {2, 3}, {1, -2, 3, 0.5, 0, 9});
    v1::LrnOptions* options = request.mutable_options();
    options->set_preset(static_cast<v1::LrnPreset>(preset));
    if (is_wide) {
      options->set_mode(v1::LRN_MODE_WITHIN_CHANNEL);
      options->set_layout(v1::LRN_LAYOUT_NHWC);
      options->set_activation(v1::LRN_ACTIVATION_RELU);
    }
    options->set_size(is_wide ? 4 : 3);
    options->set_even_window(v1::LRN_EVEN_WINDOW_HIGH);
    options->set_alpha_scaling(v1::LRN_ALPHA_SCALING_SIZE_POW_D);
    options->set_alpha(0.5);
    options->set_beta(0.75);
    options->set_bias(1);
    seeds.Unary("Normalize", request);
    v1::NormalizeGradientRequest gradient;
    *gradient.mutable_tensor() = request.tensor();
    *gradient.mutable_output_gradient() = request.tensor();
    *gradient.mutable_options() = request.options();
    seeds.Unary("NormalizeGradient", gradient);
    seeds.Stream("NormalizeGradientStream", InChunks(gradient, 40));
    *items.emplace_back().mutable_item() = request;
  }
  seeds.Stream("NormalizeStream", items);
  seeds.Stream("NormalizeStream", InChunks(items[0].item(), 20));
}

template <typename Request>
std::vector<Request> Chunks(const std::string& bytes, const Request& header, size_t chunk) {
  std::vector<Request> requests = {header};
  for (size_t begin = 0; begin < bytes.size(); begin += chunk) {
    requests.emplace_back().set_chunk(bytes.substr(begin, chunk));
  }
  return requests;
}

// A request, the stream that it makes, and both through the streams.
void CodingSeed(SeedWriter& seeds, ServiceHarness& services, const v1::EncodeRequest& request) {
  seeds.Unary("Encode", request);
  const auto encoded = services.Unary<v1::EncodeResponse>("Encode", request);
  if (!encoded.ok() || encoded->coded().empty()) return;
  v1::DecodeRequest decode;
  decode.set_coded(encoded->coded());
  seeds.Unary("Decode", decode);
  decode.mutable_range()->set_offset(1);
  decode.mutable_range()->set_length(2);
  seeds.Unary("Decode", decode);
  v1::InspectRequest inspect;
  inspect.set_coded(encoded->coded());
  inspect.set_max_blocks(2);
  seeds.Unary("Inspect", inspect);

  v1::DecodeStreamRequest decode_header;
  decode_header.mutable_header();
  seeds.Stream("DecodeStream", Chunks(encoded->coded(), decode_header, 50));
  *decode_header.mutable_header()->mutable_range() = decode.range();
  seeds.Stream("DecodeStream", Chunks(encoded->coded(), decode_header, 1000));
  v1::EncodeStreamRequest header;
  *header.mutable_header()->mutable_options() = request.options();
  if (request.has_bits())
    *header.mutable_header()->mutable_content()->mutable_bits() = request.bits();
  if (request.has_tensor()) {
    *header.mutable_header()->mutable_content()->mutable_tensor() = request.tensor();
    header.mutable_header()->mutable_content()->mutable_tensor()->clear_data();
  }
  const std::string& raw = request.has_tensor() ? request.tensor().data() : request.data();
  seeds.Stream("EncodeStream", Chunks(raw, header, 100));
}

void CodingSeeds(SeedWriter& seeds) {
  ServiceHarness services;
  for (const v1::CodingModel model :
       {v1::CODING_MODEL_AUTO, v1::CODING_MODEL_STATIC, v1::CODING_MODEL_ADAPTIVE}) {
    CodingSeed(seeds, services, TextRequest(700, model, 256));
  }
  v1::EncodeRequest request = TextRequest(300, v1::CODING_MODEL_ADAPTIVE, 256);
  request.mutable_options()->set_order(2);
  CodingSeed(seeds, services, request);
  request.mutable_options()->clear_order();
  request.mutable_options()->set_model(v1::CODING_MODEL_TABLE);
  v1::ProbabilityTable* table = request.mutable_options()->mutable_table();
  *table = BinaryTable();
  request.set_data("0110100110010110");
  CodingSeed(seeds, services, request);
  table->Clear();
  table->set_kind(v1::SYMBOL_KIND_INTEGERS);
  for (const uint64_t symbol : {3, 500, 70000}) {
    table->add_integers(symbol);
    table->add_counts(symbol);
  }
  *request.mutable_tensor() =
      MakeTensor<uint32_t>(v1::DATA_TYPE_UINT32, {2, 3}, {3, 500, 70000, 70000, 3, 3});
  CodingSeed(seeds, services, request);
  request.Clear();
  request.set_data(std::string(400, 'z'));
  request.mutable_bits()->set_height(40);
  request.mutable_bits()->set_width(75);
  CodingSeed(seeds, services, request);
  request.Clear();
  const Tensor picture{DType::kUint8, {2, 3}, {1, 2, 3, 4, 5, 6}};
  request.mutable_image()->set_encoded(
      image::EncodeImage({}, image::Format::kPng, picture.view()).value());
  CodingSeed(seeds, services, request);

  request = ExactRequest("0110");
  request.mutable_options()->set_max_steps(4);
  seeds.Unary("Encode", request);
  v1::DecodeRequest exact;
  exact.mutable_exact()->set_bits("0110");
  exact.mutable_exact()->set_count(3);
  *exact.mutable_exact()->mutable_table() = BinaryTable();
  seeds.Unary("Decode", exact);
}

// Several tables with an index, and two items in a call, of which the second names the first's
// table by its id.
void TableSeeds(SeedWriter& seeds) {
  ServiceHarness services;
  v1::ProbabilityTable tables[2];
  for (v1::ProbabilityTable& table : tables) {
    table.set_kind(v1::SYMBOL_KIND_BYTES);
    for (const uint64_t symbol : {48, 49}) table.add_integers(symbol);
    table.add_counts(&table == tables ? 9 : 1);
    table.add_counts(5);
  }
  v1::EncodeRequest request;
  request.mutable_options()->set_model(v1::CODING_MODEL_TABLE);
  for (const v1::ProbabilityTable& table : tables) *request.mutable_options()->add_tables() = table;
  for (int i = 0; i < 64; ++i) {
    request.mutable_data()->push_back(static_cast<char>('0' + i * i % 3 % 2));
    request.mutable_table_index()->push_back(static_cast<char>(i % 2));
  }
  for (const bool by_id : {false, true}) {
    request.mutable_options()->set_tables_by_id(by_id);
    seeds.Unary("Encode", request);
    v1::DecodeRequest decode;
    decode.set_coded(services.Unary<v1::EncodeResponse>("Encode", request)->coded());
    decode.set_table_index(request.table_index());
    for (const v1::ProbabilityTable& table : tables) *decode.add_tables() = table;
    seeds.Unary("Decode", decode);
  }
  request.mutable_options()->clear_tables();
  request.clear_table_index();
  *request.mutable_options()->mutable_table() = tables[0];
  const auto by_id = services.Unary<v1::EncodeResponse>("Encode", request);
  v1::EncodeStreamRequest header;
  *header.mutable_header()->mutable_options() = request.options();
  auto items = Chunks(request.data(), header, 50);
  header.mutable_header()->mutable_options()->clear_table();
  header.mutable_header()->mutable_options()->add_table_ids(by_id->statistics().table_ids(0));
  for (auto& part : Chunks(request.data(), header, 20)) items.push_back(part);
  seeds.Stream("EncodeStream", items);
  v1::DecodeStreamRequest decode_header;
  *decode_header.mutable_header()->add_tables() = tables[0];
  auto streams = Chunks(by_id->coded(), decode_header, 100);
  decode_header.mutable_header()->clear_tables();
  for (auto& part : Chunks(by_id->coded(), decode_header, 30)) streams.push_back(part);
  seeds.Stream("DecodeStream", streams);
  // A damaged stream to recover.
  decode_header.mutable_header()->mutable_recover();
  std::string damaged = by_id->coded();
  damaged[damaged.size() / 2] ^= 1;
  *decode_header.mutable_header()->add_tables() = tables[0];
  seeds.Stream("DecodeStream", Chunks(damaged, decode_header, 100));
}

v1::SegmentRequest SmallPicture() {
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() = MakeTensor<uint8_t>(
      v1::DATA_TYPE_UINT8, {3, 5}, {9, 9, 1, 1, 9, 9, 9, 1, 9, 9, 1, 1, 1, 9, 1});
  request.mutable_outputs()->set_mask(true);
  return request;
}

void SegmentationSeeds(SeedWriter& seeds) {
  std::vector<v1::SegmentRequest> requests(7, SmallPicture());
  for (const char* steps :
       {"otsu", "fill_holes", "components", "distance", "watershed", "contours", "measure"}) {
    v1::SegmentStep* step = requests[1].add_steps();
    step->GetReflection()->MutableMessage(step, step->GetDescriptor()->FindFieldByName(steps));
  }
  requests[1].mutable_outputs()->set_labels(true);
  requests[1].mutable_outputs()->set_distance(true);
  requests[1].mutable_outputs()->set_format(v1::IMAGE_FORMAT_PNG);
  requests[2].add_steps()->mutable_multi_otsu()->set_classes(3);
  requests[2].add_steps()->mutable_invert();
  requests[2].set_profile(v1::SEGMENT_PROFILE_SKIMAGE);
  requests[2].mutable_outputs()->set_labels(true);
  requests[2].mutable_outputs()->set_format(v1::IMAGE_FORMAT_TIFF);
  v1::LocalThresholdStep* local = requests[3].add_steps()->mutable_local_threshold();
  local->set_method(v1::LOCAL_METHOD_GAUSSIAN);
  local->set_window(3);
  local->set_offset(1);
  local->set_sigma(0.8);
  requests[3].add_steps()->mutable_threshold()->add_thresholds(4.5);
  *requests[4].mutable_markers()->mutable_tensor() = MakeTensor<int16_t>(
      v1::DATA_TYPE_INT16, {3, 5}, {1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0});
  *requests[4].mutable_mask()->mutable_tensor() = MakeTensor<uint8_t>(
      v1::DATA_TYPE_BOOL, {3, 5}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0});
  requests[4].add_steps()->mutable_watershed()->set_lines(true);
  v1::BackgroundStep* background = requests[6].add_steps()->mutable_background();
  background->set_method(v1::BACKGROUND_METHOD_CLOSING);
  background->set_radius(2);
  background->set_remove(v1::BACKGROUND_REMOVAL_DIVIDE);
  requests[6].add_steps()->mutable_edges()->set_high(40);
  requests[6].add_steps()->mutable_masked_threshold()->set_window(3);
  requests[6].add_steps()->mutable_keep_overlap()->set_threshold(4.5);
  *requests[5].mutable_image()->mutable_tensor() =
      MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 2, 3}, {0.5f, 1, 0, 0.25f, 0, 1});
  requests[5].set_channel(2);
  std::vector<v1::SegmentStreamRequest> items;
  for (const v1::SegmentRequest& request : requests) {
    seeds.Unary("Segment", request);
    *items.emplace_back().mutable_item() = request;
  }
  seeds.Stream("SegmentStream", items);
  requests[4].mutable_outputs()->set_labels(true);
  seeds.Stream("SegmentStream", InChunks(requests[4], 20));
}

// Each step with each of its methods, as the protocol lists them, after one that makes a mask and
// labels.
void StepSeeds(SeedWriter& seeds) {
  std::vector<v1::SegmentStreamRequest> items;
  const auto* const steps = v1::SegmentStep::descriptor();
  for (int i = 0; i < steps->field_count(); ++i) {
    const auto* const method = steps->field(i)->message_type()->FindFieldByName("method");
    // 0 is the default.
    const int methods = method == nullptr ? 1 : method->enum_type()->value_count() - 1;
    for (int number = 1; number <= methods; ++number) {
      v1::SegmentRequest request = SmallPicture();
      request.add_steps()->mutable_otsu();
      request.add_steps()->mutable_components();
      v1::SegmentStep& step = *request.add_steps();
      auto* const parameters = step.GetReflection()->MutableMessage(&step, steps->field(i));
      if (method != nullptr) parameters->GetReflection()->SetEnumValue(parameters, method, number);
      if (step.has_threshold()) step.mutable_threshold()->add_thresholds(4.5);
      if (step.has_hysteresis()) {
        step.mutable_hysteresis()->set_low(2);
        step.mutable_hysteresis()->set_high(5);
      }
      seeds.Unary("Segment", request);
      *items.emplace_back().mutable_item() = request;
    }
  }
  seeds.Stream("SegmentStream", items);
}

}  // namespace
}  // namespace trine::server

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_request_seeds FOLDER\n");
    return 2;
  }
  trine::server::SeedWriter seeds(argv[1]);
  trine::server::NormalizationSeeds(seeds);
  trine::server::CodingSeeds(seeds);
  trine::server::TableSeeds(seeds);
  trine::server::SegmentationSeeds(seeds);
  trine::server::StepSeeds(seeds);
  return 0;
}
