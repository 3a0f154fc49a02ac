// Slow, obvious references for the coders' statistics.
#pragma once

#include <cstdint>
#include <vector>

namespace trine::oracle {

// Length [bits] of the Huffman-coded message, by building the tree: the two lightest subtrees are
// joined until one is left, then each leaf's depth is counted.
uint64_t HuffmanBits(const std::vector<uint64_t>& counts);

// Bits that arithmetic coding needs at least: sum of c * log2(n / c), in long double.
double EntropyBits(const std::vector<uint64_t>& counts);

}  // namespace trine::oracle
