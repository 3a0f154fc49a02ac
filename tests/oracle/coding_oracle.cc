#include "tests/oracle/coding_oracle.h"

#include <cmath>
#include <cstddef>

namespace trine::oracle {

uint64_t HuffmanBits(const std::vector<uint64_t>& counts) {
  struct Tree {
    uint64_t weight;
    std::vector<size_t> leaves;
  };
  std::vector<Tree> trees;
  std::vector<uint64_t> depth(counts.size(), 0);
  for (size_t s = 0; s < counts.size(); ++s) {
    if (counts[s] != 0) trees.push_back({counts[s], {s}});
  }
  if (trees.size() == 1) depth[trees[0].leaves[0]] = 1;
  while (trees.size() > 1) {
    Tree joined{0, {}};
    for (int k = 0; k < 2; ++k) {
      size_t lightest = 0;
      for (size_t t = 1; t < trees.size(); ++t) {
        if (trees[t].weight < trees[lightest].weight) lightest = t;
      }
      joined.weight += trees[lightest].weight;
      for (size_t leaf : trees[lightest].leaves) {
        ++depth[leaf];
        joined.leaves.push_back(leaf);
      }
      trees.erase(trees.begin() + static_cast<ptrdiff_t>(lightest));
    }
    trees.push_back(joined);
  }
  uint64_t bits = 0;
  for (size_t s = 0; s < counts.size(); ++s) bits += counts[s] * depth[s];
  return bits;
}

double EntropyBits(const std::vector<uint64_t>& counts) {
  long double n = 0;
  for (uint64_t c : counts) n += static_cast<long double>(c);
  long double bits = 0;
  for (uint64_t c : counts) {
    if (c != 0) bits -= static_cast<long double>(c) * std::log2(static_cast<long double>(c) / n);
  }
  return static_cast<double>(bits);
}

}  // namespace trine::oracle
