#include "core/normalize/presets.h"

namespace trine::normalize {
namespace {

constexpr std::nullopt_t kRequired = std::nullopt;
constexpr std::nullopt_t kRefused = std::nullopt;

constexpr PresetRow kPresets[] = {
    // Krizhevsky et al. 2012, section 3.3: alpha multiplies the plain sum; i runs from c - n/2 to
    // c + n/2, which for an even n is n + 1 taps.
    {Preset::kAlexnet, "alexnet", 5, 1e-4, 0.75, 2.0, AlphaScaling::kSum, EvenWindow::kWiden,
     Layout::kChannelsFirst},
    // Caffe lrn_layer.cpp: CHECK_EQ(size_ % 2, 1); within a channel an average pool with the full
    // n * n divisor. There Caffe ignores its k (always 1), which is the default here.
    {Preset::kCaffe, "caffe", 5, 1.0, 0.75, 1.0, AlphaScaling::kSizePowD, kRefused,
     Layout::kChannelsFirst},
    // torch.nn.functional.local_response_norm: pads n/2 before and (n-1)/2 after.
    {Preset::kPytorch, "pytorch", kRequired, 1e-4, 0.75, 1.0, AlphaScaling::kSizePowD,
     EvenWindow::kLow, Layout::kChannelsFirst},
    // ONNX operator LRN-13: floor((n-1)/2) below, ceil((n-1)/2) above.
    {Preset::kOnnx, "onnx", kRequired, 1e-4, 0.75, 1.0, AlphaScaling::kSizePowD, EvenWindow::kHigh,
     Layout::kChannelsFirst},
    // tf.nn.local_response_normalization: depth_radius 5, alpha never divided, NHWC.
    {Preset::kTensorflow, "tensorflow", 11, 1.0, 0.5, 1.0, AlphaScaling::kSum, kRefused,
     Layout::kChannelsLast},
    // cudnnSetLRNDescriptor: CUDNN_LRN_MIN_N, _MAX_N, _MIN_K, _MIN_BETA.
    {Preset::kCudnn, "cudnn", 5, 1e-4, 0.75, 2.0, AlphaScaling::kSizePowD, EvenWindow::kHigh,
     Layout::kChannelsFirst, /*max_size=*/16, /*min_beta=*/0.01, /*min_bias=*/1e-5},
    // oneDNN ref_lrn.cpp: half_size = (size - 1) / 2 on both sides, still divided by size.
    {Preset::kOnednn, "onednn", 5, 1e-4, 0.75, 1.0, AlphaScaling::kSizePowD, EvenWindow::kTruncate,
     Layout::kChannelsFirst},
    // OpenVINO LRN-1: every attribute is required; size/2 on both sides; alpha / size^axes.
    {Preset::kOpenvino, "openvino", kRequired, kRequired, kRequired, kRequired,
     AlphaScaling::kSizePowD, EvenWindow::kWiden, Layout::kChannelsFirst},
};

}  // namespace

absl::Span<const PresetRow> PresetTable() { return kPresets; }

const PresetRow* FindPreset(Preset preset) {
  for (const PresetRow& row : kPresets)
    if (row.preset == preset) return &row;
  return nullptr;
}

std::string_view PresetName(Preset preset) {
  const PresetRow* row = FindPreset(preset);
  return row == nullptr ? std::string_view("unknown") : row->name;
}

std::optional<Preset> ParsePreset(std::string_view name) {
  for (const PresetRow& row : kPresets)
    if (row.name == name) return row.preset;
  return std::nullopt;
}

}  // namespace trine::normalize
