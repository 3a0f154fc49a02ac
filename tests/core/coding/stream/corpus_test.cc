// Real files: sizes against what the format promises and against other coders.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <vector>

#include "core/coding/coding.h"
#include "core/runtime/thread_pool.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

struct File {
  std::string name;
  std::string raw;
  double h0_bytes = 0;        // order-0 entropy of the file
  double arith_o1_bytes = 0;  // htscodecs, arith_dynamic of order 1
};

class Corpus : public testing::Test {
 protected:
  void SetUp() override {
    const char* const root = std::getenv("TRINE_TEST_DATA");
    if (root == nullptr) {
      std::cout << "TRINE_TEST_DATA is not set\n";
      GTEST_SKIP();
    }
    const std::filesystem::path folder = std::filesystem::path(root) / "corpus";
    std::ifstream peers(folder / "PEERS.tsv");
    std::string line;
    ASSERT_TRUE(std::getline(peers, line));
    ASSERT_EQ(line.rfind("file\tbytes\tH0_bytes\thtscodecs_arith_o0\thtscodecs_arith_o1", 0), 0u);
    while (std::getline(peers, line)) {
      std::istringstream fields(line);
      File file;
      double bytes = 0, arith_o0 = 0;
      fields >> file.name >> bytes >> file.h0_bytes >> arith_o0 >> file.arith_o1_bytes;
      std::ifstream in(folder / file.name, std::ios::binary);
      file.raw.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
      ASSERT_EQ(static_cast<double>(file.raw.size()), bytes) << file.name;
      files_.push_back(std::move(file));
    }
    ASSERT_EQ(files_.size(), 24u);
  }

  std::vector<File> files_;
};

TEST_F(Corpus, EveryFileComesBackFromEveryModel) {
  ThreadPool pool(2);
  Context context;
  context.pool = &pool;
  for (const File& file : files_) {
    for (const NamedOptions& model : kModels) {
      for (uint64_t block : {uint64_t{0}, uint64_t{20000}}) {
        SCOPED_TRACE(file.name + " " + model.name);
        EncodeStats stats;
        const auto coded = Encode(context, {}, AsBytes(file.raw), Options(model, block), &stats);
        ASSERT_TRUE(coded.ok()) << coded.status();
        EXPECT_EQ(stats.coded_bytes, coded->size());
        const auto decoded = Decode(context, AsBytes(*coded));
        ASSERT_TRUE(decoded.ok()) << decoded.status();
        ASSERT_TRUE(AsString(decoded->data) == file.raw);
      }
    }
  }
}

TEST_F(Corpus, StaticIsNearTheEntropy) {
  for (const File& file : files_) {
    if (file.raw.size() <= 100000) continue;
    EncodeOptions options;
    options.model = Model::kStatic;
    EncodeStats stats;
    const auto coded = Encode({}, {}, AsBytes(file.raw), options, &stats);
    ASSERT_TRUE(coded.ok());
    EXPECT_LE(static_cast<double>(coded->size()),
              1.002 * file.h0_bytes + 512 * static_cast<double>(stats.blocks))
        << file.name;
  }
}

TEST_F(Corpus, AdaptiveOfOrder1IsAsSmallAsItsPeer) {
  double ours = 0, theirs = 0;
  for (const File& file : files_) {
    EncodeOptions options;
    options.model = Model::kAdaptive;
    const auto coded = Encode({}, {}, AsBytes(file.raw), options);
    ASSERT_TRUE(coded.ok());
    ours += static_cast<double>(coded->size());
    theirs += file.arith_o1_bytes;
  }
  std::cout << "adaptive-1 " << ours << ", htscodecs arith o1 " << theirs << "\n";
  EXPECT_LE(ours, 1.02 * theirs);
}

// AUTO takes about the smallest of what it tries.
TEST_F(Corpus, AutoIsNearTheBestOfItsModels) {
  double best_sum = 0, auto_sum = 0;
  for (const File& file : files_) {
    double best = 1e18, by_auto = 0;
    std::vector<NamedOptions> models(std::begin(kModels), std::end(kModels));
    models.push_back({"static1", Model::kStatic, 1});
    for (const NamedOptions& model : models) {
      if (model.model == Model::kTable) continue;
      const auto coded = Encode({}, {}, AsBytes(file.raw), Options(model));
      ASSERT_TRUE(coded.ok());
      const auto bytes = static_cast<double>(coded->size());
      if (model.model == Model::kAuto) {
        by_auto = bytes;
      } else {
        best = std::min(best, bytes);
      }
    }
    EXPECT_LE(by_auto, 1.005 * best) << file.name;
    auto_sum += by_auto;
    best_sum += best;
  }
  std::cout << "auto " << auto_sum << ", best " << best_sum << "\n";
}

}  // namespace
}  // namespace trine::coding
