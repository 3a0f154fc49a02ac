#include "client/item_chunks.h"

namespace trine::client {
namespace {

// The payload of a picture; null where it has none.
std::string* PayloadOf(v1::Image* picture) {
  if (picture->has_tensor()) return picture->mutable_tensor()->mutable_data();
  return picture->has_encoded() ? picture->mutable_encoded() : nullptr;
}

}  // namespace

std::vector<std::string*> MakeHead(v1::NormalizeStreamRequest* request) {
  std::vector<std::string*> fields;
  v1::NormalizeItemLengths* const lengths = request->mutable_chunked();
  if (request->item().has_tensor()) {
    fields.push_back(request->mutable_item()->mutable_tensor()->mutable_data());
    lengths->set_tensor_bytes(fields.back()->size());
  }
  return fields;
}

std::vector<std::string*> MakeHead(v1::NormalizeGradientStreamRequest* request) {
  std::vector<std::string*> fields;
  v1::NormalizeGradientItemLengths* const lengths = request->mutable_chunked();
  v1::NormalizeGradientRequest* const item = request->mutable_item();
  if (item->has_tensor()) {
    fields.push_back(item->mutable_tensor()->mutable_data());
    lengths->set_tensor_bytes(fields.back()->size());
  }
  if (item->has_output_gradient()) {
    fields.push_back(item->mutable_output_gradient()->mutable_data());
    lengths->set_output_gradient_bytes(fields.back()->size());
  }
  return fields;
}

std::vector<std::string*> MakeHead(v1::SegmentStreamRequest* request) {
  std::vector<std::string*> fields;
  v1::SegmentItemLengths* const lengths = request->mutable_chunked();
  v1::SegmentRequest* const item = request->mutable_item();
  const auto add = [&](v1::Image* picture) -> uint64_t {
    std::string* const field = PayloadOf(picture);
    if (field == nullptr) return 0;
    fields.push_back(field);
    return field->size();
  };
  if (item->has_image()) lengths->set_image_bytes(add(item->mutable_image()));
  if (item->has_mask()) lengths->set_mask_bytes(add(item->mutable_mask()));
  if (item->has_markers()) lengths->set_markers_bytes(add(item->mutable_markers()));
  if (item->has_ground_truth()) lengths->set_ground_truth_bytes(add(item->mutable_ground_truth()));
  return fields;
}

std::vector<ItemPayload> PayloadsOf(v1::NormalizeStreamResponse* head) {
  return {{head->mutable_item()->mutable_tensor()->mutable_data(), head->chunked().tensor_bytes()}};
}

std::vector<ItemPayload> PayloadsOf(v1::NormalizeGradientStreamResponse* head) {
  return {{head->mutable_item()->mutable_input_gradient()->mutable_data(),
           head->chunked().input_gradient_bytes()}};
}

std::vector<ItemPayload> PayloadsOf(v1::SegmentStreamResponse* head) {
  const v1::SegmentAnswerLengths& lengths = head->chunked();
  v1::SegmentResponse* const item = head->mutable_item();
  return {
      {item->has_mask() ? PayloadOf(item->mutable_mask()) : nullptr, lengths.mask_bytes()},
      {item->has_labels() ? PayloadOf(item->mutable_labels()) : nullptr, lengths.labels_bytes()},
      {item->has_distance() ? item->mutable_distance()->mutable_data() : nullptr,
       lengths.distance_bytes()},
      {item->has_cutout() ? PayloadOf(item->mutable_cutout()) : nullptr, lengths.cutout_bytes()}};
}

}  // namespace trine::client
