// Inputs and requests for the tests of the coding service.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/server/services/service_harness.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {

// Text with the letters' usual frequencies, near enough: bytes that a model gains on.
inline std::string SomeText(size_t bytes) {
  static constexpr std::string_view kLetters = "eeeeeeeetttttaaaaooooiiinnnsshhrrdlu \n";
  std::string text(bytes, ' ');
  uint32_t state = 12345;
  for (char& c : text) {
    state = state * 1664525u + 1013904223u;
    c = kLetters[(state >> 16) % kLetters.size()];
  }
  return text;
}

// The textbook's source: '0' with probability 0.7, '1' with 0.3.
inline v1::ProbabilityTable BinaryTable() {
  v1::ProbabilityTable table;
  table.add_text("0");
  table.add_text("1");
  table.add_decimals("0.7");
  table.add_decimals("0.3");
  return table;
}

inline v1::EncodeRequest ExactRequest(const std::string& message) {
  v1::EncodeRequest request;
  request.set_message(message);
  request.mutable_options()->set_model(v1::CODING_MODEL_EXACT);
  *request.mutable_options()->mutable_table() = BinaryTable();
  return request;
}

// A table of every byte, as counts: the more, the smaller the byte.
inline v1::ProbabilityTable ByteTable() {
  v1::ProbabilityTable table;
  table.set_kind(v1::SYMBOL_KIND_BYTES);
  for (uint64_t i = 0; i < 256; ++i) {
    table.add_integers(i);
    table.add_counts(300 - i);
  }
  return table;
}

// The same for the tensor values 0 to 999.
inline v1::ProbabilityTable IntegerTable() {
  v1::ProbabilityTable table;
  table.set_kind(v1::SYMBOL_KIND_INTEGERS);
  for (uint64_t i = 0; i < 1000; ++i) {
    table.add_integers(i);
    table.add_weights(0.001);
  }
  return table;
}

// The blocks are small, so that short inputs have several.
inline v1::EncodeRequest TextRequest(size_t bytes, v1::CodingModel model,
                                     uint64_t block_bytes = 4096) {
  v1::EncodeRequest request;
  request.set_data(SomeText(bytes));
  request.mutable_options()->set_model(model);
  request.mutable_options()->set_block_bytes(block_bytes);
  return request;
}

}  // namespace trine::server
