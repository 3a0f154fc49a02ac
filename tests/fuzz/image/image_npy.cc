// NPY files; what is read is written and read again.
#include "tests/fuzz/image/image_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace trine;
  static const Limits limits = image::FuzzLimits();
  Context context;
  context.limits = &limits;
  const auto array = image::DecodeNpy(context, {data, size});
  image::CheckResult(array, limits);
  if (!array.ok()) return 0;
  const auto file = image::EncodeImage(context, image::Format::kNpy, array->view());
  if (!file.ok()) std::abort();
  const auto back =
      image::DecodeNpy(context, {reinterpret_cast<const uint8_t*>(file->data()), file->size()});
  if (!back.ok() || back->dtype != array->dtype || back->shape != array->shape ||
      back->data != array->data) {
    std::abort();
  }
  return 0;
}
