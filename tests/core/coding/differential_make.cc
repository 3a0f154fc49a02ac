// Writes damaged streams and what our decoder makes of each, for another decoder to be compared
// with (trine_decode.py --compare). Usage: coding_differential_make GOLDEN_FOLDER OUT.
//
// The golden streams of up to kMostBytes, each damaged in many ways: a byte changed, bytes left out
// or doubled, the end cut off; with checksums as they were, put right for the container, or put
// right down to the raw bytes, so that what decodes to other bytes is valid. A case in OUT:
// u32 length, the stream, u8 whether it was decoded, and if so u64 XXH3 of the raw bytes.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/coding/block.h"
#include "core/coding/coding.h"
#include "tests/core/coding/golden_cases.h"
#include "tests/core/coding/mend_checksums.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

constexpr size_t kMostBytes = 700;
constexpr int kCasesAStream = 60;

std::string Damage(std::string bytes, Lcg& random) {
  const size_t at = random.Next() % bytes.size();
  switch (random.Next() % 8) {
    case 0:
      bytes.erase(at, 1 + random.Next() % 3);
      break;
    case 1:
      bytes.insert(at, bytes.substr(at, 1 + random.Next() % 3));
      break;
    case 2:
      bytes.resize(at);
      break;
    default:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 + random.Next() % 255));
  }
  return bytes;
}

// The first block's checksum as what its payload decodes to wants it, where it decodes.
std::string MendRaw(std::string bytes) {
  Header header;
  const auto parsed = ParseHeader(ViewOf(bytes), 0, &header);
  if (!parsed.ok() || !parsed->complete()) return bytes;
  BlockHead head = header.compact_block;
  size_t head_bytes = 0;
  if (!header.is_compact) {
    const auto block =
        ParseBlockHead(ViewOf(bytes).subspan(parsed->consumed), header, 0, 0, 0, &head);
    if (!block.ok() || !block->complete() || head.is_end()) return bytes;
    head_bytes = block->consumed;
  }
  const size_t begin = parsed->consumed + head_bytes;
  if (head.raw_bytes == 0 || head.raw_bytes > 65536 || head.coded_bytes > bytes.size() - begin) {
    return bytes;
  }
  const auto plan = PlanOf(header, DefaultLimits(), 0);
  if (!plan.ok()) return bytes;
  std::vector<uint8_t> raw(static_cast<size_t>(head.raw_bytes));
  const ByteView payload = ViewOf(bytes).subspan(begin, static_cast<size_t>(head.coded_bytes));
  const absl::Status status = DecodeBlock({}, *plan, head, payload, 0, 0, absl::MakeSpan(raw));
  if (status.message().find("checksum of the block") == absl::string_view::npos) return bytes;
  head.checksum = Checksum(raw);
  std::string right;
  if (header.is_compact) {
    AppendCompact(header, head, &right);
    bytes.replace(0, begin, right);
  } else {
    AppendBlockHead(head, header.is_excerpt(), &right);
    bytes.replace(parsed->consumed, head_bytes, right);
  }
  return MendChecksums(ViewOf(bytes));
}

void Write(const std::string& bytes, std::ofstream& out) {
  std::string record;
  AppendLE(static_cast<uint32_t>(bytes.size()), &record);
  record += bytes;
  const auto decoded = Decode({}, AsBytes(bytes));
  record.push_back(decoded.ok());
  if (decoded.ok()) AppendLE(Checksum(decoded->data), &record);
  out << record;
}

int Make(const char* golden, const char* to) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(golden)) {
    if (entry.path().extension() == ".trn" && entry.file_size() <= kMostBytes) {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::ofstream out(to, std::ios::binary);
  Lcg random(11);
  for (const auto& path : paths) {
    // Those with an index beside them want it; the others are alone.
    if (std::filesystem::exists(std::filesystem::path(path).replace_extension(".index"))) continue;
    std::ifstream in(path, std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(in)), {});
    for (int k = 0; k < kCasesAStream; ++k) {
      std::string bytes = Damage(whole, random);
      if (k % 3 != 0) bytes = MendChecksums(ViewOf(bytes));
      if (k % 3 == 2) bytes = MendRaw(bytes);
      Write(bytes, out);
    }
  }
  return out.good() ? 0 : 1;
}

}  // namespace
}  // namespace trine::coding

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: coding_differential_make GOLDEN_FOLDER OUT\n");
    return 2;
  }
  return trine::coding::Make(argv[1], argv[2]);
}
