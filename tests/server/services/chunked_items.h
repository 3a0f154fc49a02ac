// Items of NormalizeStream, NormalizeGradientStream and SegmentStream cut into chunks, and their
// answers put together.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "trine/v1/normalization.pb.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server {

// A head and its chunks, or an item as a whole.
inline v1::NormalizeStreamRequest Whole(const v1::NormalizeRequest& item) {
  v1::NormalizeStreamRequest request;
  *request.mutable_item() = item;
  return request;
}
inline v1::NormalizeGradientStreamRequest Whole(const v1::NormalizeGradientRequest& item) {
  v1::NormalizeGradientStreamRequest request;
  *request.mutable_item() = item;
  return request;
}
inline v1::SegmentStreamRequest Whole(const v1::SegmentRequest& item) {
  v1::SegmentStreamRequest request;
  *request.mutable_item() = item;
  return request;
}

// Takes the payloads out of an item and returns them, one after the other.
inline std::string TakePayloads(v1::NormalizeStreamRequest* head) {
  v1::NormalizeRequest* const item = head->mutable_item();
  std::string bytes;
  if (item->has_tensor()) bytes = std::exchange(*item->mutable_tensor()->mutable_data(), "");
  head->mutable_chunked()->set_tensor_bytes(bytes.size());
  return bytes;
}
inline std::string TakePayloads(v1::NormalizeGradientStreamRequest* head) {
  v1::NormalizeGradientRequest* const item = head->mutable_item();
  std::string tensor, gradient;
  if (item->has_tensor()) tensor = std::exchange(*item->mutable_tensor()->mutable_data(), "");
  if (item->has_output_gradient()) {
    gradient = std::exchange(*item->mutable_output_gradient()->mutable_data(), "");
  }
  head->mutable_chunked()->set_tensor_bytes(tensor.size());
  head->mutable_chunked()->set_output_gradient_bytes(gradient.size());
  return tensor + gradient;
}
inline std::string TakePayloads(v1::SegmentStreamRequest* head) {
  std::string all;
  const auto take = [&all](v1::Image* picture) -> size_t {
    if (picture->source_case() == v1::Image::SOURCE_NOT_SET) return 0;
    const std::string bytes =
        std::exchange(picture->has_tensor() ? *picture->mutable_tensor()->mutable_data()
                                            : *picture->mutable_encoded(),
                      "");
    all += bytes;
    return bytes.size();
  };
  v1::SegmentRequest* const item = head->mutable_item();
  v1::SegmentItemLengths* const lengths = head->mutable_chunked();
  if (item->has_image()) lengths->set_image_bytes(take(item->mutable_image()));
  if (item->has_mask()) lengths->set_mask_bytes(take(item->mutable_mask()));
  if (item->has_markers()) lengths->set_markers_bytes(take(item->mutable_markers()));
  if (item->has_ground_truth()) lengths->set_ground_truth_bytes(take(item->mutable_ground_truth()));
  return all;
}

template <typename Req>
Req Chunk(std::string bytes) {
  Req request;
  request.set_chunk(std::move(bytes));
  return request;
}

// The messages of an item in chunks of `chunk_bytes`, appended to `messages`.
template <typename Req>
void Cut(Req item, size_t chunk_bytes, std::vector<Req>* messages) {
  const std::string bytes = TakePayloads(&item);
  messages->push_back(std::move(item));
  for (size_t at = 0; at < bytes.size(); at += chunk_bytes) {
    messages->push_back(Chunk<Req>(bytes.substr(at, chunk_bytes)));
  }
}
template <typename Item>
auto InChunks(const Item& item, size_t chunk_bytes) {
  std::vector<decltype(Whole(item))> messages;
  Cut(Whole(item), chunk_bytes, &messages);
  return messages;
}

// The answer whose head is at *at, with its chunks, whose end *at becomes.
inline std::string* PayloadOf(v1::Image* picture) {
  return picture->has_tensor() ? picture->mutable_tensor()->mutable_data()
                               : picture->mutable_encoded();
}
template <typename Res>
void TakeChunks(const std::vector<Res>& responses, size_t bytes, std::string* to, size_t* at) {
  to->clear();
  while (to->size() < bytes) {
    ASSERT_LT(*at, responses.size());
    const std::string& chunk = responses[(*at)++].chunk();
    ASSERT_FALSE(chunk.empty());
    ASSERT_LE(chunk.size(), size_t{2} << 20);
    *to += chunk;
  }
  ASSERT_EQ(to->size(), bytes);
}
inline v1::NormalizeResponse Join(const std::vector<v1::NormalizeStreamResponse>& responses,
                                  size_t* at) {
  const v1::NormalizeStreamResponse& head = responses.at((*at)++);
  v1::NormalizeResponse item = head.item();
  if (!head.has_chunked()) return item;
  EXPECT_TRUE(item.tensor().data().empty());
  TakeChunks(responses, head.chunked().tensor_bytes(), item.mutable_tensor()->mutable_data(), at);
  return item;
}
inline v1::NormalizeGradientResponse Join(
    const std::vector<v1::NormalizeGradientStreamResponse>& responses, size_t* at) {
  const v1::NormalizeGradientStreamResponse& head = responses.at((*at)++);
  v1::NormalizeGradientResponse item = head.item();
  if (!head.has_chunked()) return item;
  EXPECT_TRUE(item.input_gradient().data().empty());
  TakeChunks(responses, head.chunked().input_gradient_bytes(),
             item.mutable_input_gradient()->mutable_data(), at);
  return item;
}
inline v1::SegmentResponse Join(const std::vector<v1::SegmentStreamResponse>& responses,
                                size_t* at) {
  const v1::SegmentStreamResponse& head = responses.at((*at)++);
  v1::SegmentResponse item = head.item();
  if (!head.has_chunked()) return item;
  const v1::SegmentAnswerLengths& lengths = head.chunked();
  if (item.has_mask()) {
    EXPECT_TRUE(PayloadOf(item.mutable_mask())->empty());
    TakeChunks(responses, lengths.mask_bytes(), PayloadOf(item.mutable_mask()), at);
  }
  if (item.has_labels()) {
    EXPECT_TRUE(PayloadOf(item.mutable_labels())->empty());
    TakeChunks(responses, lengths.labels_bytes(), PayloadOf(item.mutable_labels()), at);
  }
  if (item.has_distance()) {
    EXPECT_TRUE(item.distance().data().empty());
    TakeChunks(responses, lengths.distance_bytes(), item.mutable_distance()->mutable_data(), at);
  }
  if (item.has_cutout()) {
    EXPECT_TRUE(PayloadOf(item.mutable_cutout())->empty());
    TakeChunks(responses, lengths.cutout_bytes(), PayloadOf(item.mutable_cutout()), at);
  }
  return item;
}

}  // namespace trine::server
