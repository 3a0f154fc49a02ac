// Requests for the tests of the normalization service.
#pragma once

#include <vector>

#include "tests/server/services/service_harness.h"
#include "trine/v1/normalization.pb.h"

namespace trine::server {

// The example of TensorRT's documentation of LRN.
inline v1::NormalizeRequest TensorRtExample() {
  v1::NormalizeRequest request;
  *request.mutable_tensor() =
      MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 5, 1, 1}, {0, 1, 2, 3, 4});
  v1::LrnOptions* options = request.mutable_options();
  options->set_preset(v1::LRN_PRESET_ONNX);
  options->set_size(3);
  options->set_alpha(1);
  options->set_beta(1);
  options->set_bias(0.1);
  return request;
}
inline const std::vector<double> kTensorRtOutput = {0.0, 0.56603775, 0.4195804, 0.3071672,
                                                    0.47430828};

inline v1::NormalizeGradientRequest GradientExample() {
  v1::NormalizeGradientRequest request;
  *request.mutable_tensor() = MakeTensor<double>(v1::DATA_TYPE_FLOAT64, {1, 4}, {1, -2, 3, 0.5});
  *request.mutable_output_gradient() =
      MakeTensor<double>(v1::DATA_TYPE_FLOAT64, {1, 4}, {0.5, 1, -1, 2});
  v1::LrnOptions* options = request.mutable_options();
  options->set_size(3);
  options->set_alpha(0.7);
  return request;
}

}  // namespace trine::server
