// Several tables and an index of them, for the tests of the coding service.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "tests/server/services/service_harness.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {

// Bytes about `likely`.
inline v1::ProbabilityTable PeakTable(uint64_t likely) {
  v1::ProbabilityTable table;
  table.set_kind(v1::SYMBOL_KIND_BYTES);
  for (uint64_t b = 0; b < 256; ++b) {
    table.add_integers(b);
    table.add_counts(b == likely ? 5000 : 10);
  }
  return table;
}

// 6000 symbols; table 0 is of 'a', table 1 of 'b'.
inline v1::EncodeRequest IndexedRequest() {
  v1::EncodeRequest request;
  request.mutable_options()->set_model(v1::CODING_MODEL_TABLE);
  request.mutable_options()->set_block_bytes(1000);
  *request.mutable_options()->add_tables() = PeakTable('a');
  *request.mutable_options()->add_tables() = PeakTable('b');
  for (size_t i = 0; i < 6000; ++i) {
    const bool second = i * i % 7 < 3;
    request.mutable_table_index()->push_back(second ? '\1' : '\0');
    request.mutable_data()->push_back(i % 50 == 0 ? '?' : second ? 'b' : 'a');
  }
  return request;
}

class CodingTablesTest : public testing::Test {
 protected:
  absl::StatusOr<v1::EncodeResponse> Encode(const v1::EncodeRequest& request) {
    return services_.Unary<v1::EncodeResponse>("Encode", request);
  }
  absl::StatusOr<v1::DecodeResponse> Decode(const v1::DecodeRequest& request) {
    return services_.Unary<v1::DecodeResponse>("Decode", request);
  }
  ServiceHarness services_;
};

}  // namespace trine::server
