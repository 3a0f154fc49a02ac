// Writes damaged streams and what our decoder makes of each, for another decoder to be compared
// with (trine_decode.py --compare). Usage: coding_differential_make GOLDEN_FOLDER OUT [SEED].
//
// All golden streams, each damaged in many ways (golden_damage.h), those that take long to decode
// in fewer. Each case is decoded with every instruction set of this machine, which must all agree.
// A case in OUT: u32 length, the stream; u32 length, the tables that it is decoded with, as params
// by value; u32 length, the table index; u8 whether it was decoded, and if so u64 XXH3 of the raw
// bytes. At most kMostRaw of them are decoded.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "core/coding/coding.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/checksum.h"
#include "tests/core/coding/each_target.h"
#include "tests/core/coding/golden/golden_damage.h"
#include "tests/core/coding/golden/golden_files.h"

namespace trine::coding {
namespace {

constexpr uint64_t kMostRaw = uint64_t{1} << 22;
// What the slower decoder may spend on the cases of a file, about: nanoseconds in all, and of a
// byte. Nibbles that are learned take longest.
constexpr uint64_t kFileTime = 2'500'000'000;
constexpr uint64_t kLearnedByteTime = 40'000;
constexpr uint64_t kOtherByteTime = 7'000;
constexpr uint64_t kFewestCases = 6;
constexpr uint64_t kMostCases = 100;

uint64_t CasesOf(const GoldenFile& file) {
  const auto info = Inspect({}, ViewOf(file.coded));
  if (!info.ok()) return 0;
  uint64_t time = 1;
  for (const ModeInfo& mode : info->modes) {
    const bool learned = mode.mode.starts_with("adaptive");
    time += mode.raw_bytes * (learned ? kLearnedByteTime : kOtherByteTime);
  }
  return std::clamp(kFileTime / time, kFewestCases, kMostCases);
}

void AppendSized(const std::string& bytes, std::string* out) {
  AppendLE(static_cast<uint32_t>(bytes.size()), out);
  *out += bytes;
}

// False where the targets differ.
bool Write(const GoldenFile& file, const std::string& tables, std::ofstream& out) {
  DecodeOptions options = file.decode_options();
  options.max_output_bytes = kMostRaw;
  std::optional<absl::StatusCode> code;
  uint64_t checksum = 0;
  for (const int64_t target : Targets()) {
    const OnlyTarget only(target);
    const auto decoded = Decode({}, AsBytes(file.coded), options);
    const uint64_t of_target = decoded.ok() ? Checksum(decoded->data) : 0;
    if (!code.has_value()) {
      code = decoded.status().code();
      checksum = of_target;
    }
    if (decoded.status().code() != *code || of_target != checksum) {
      std::fprintf(stderr, "%s, damaged: %s differs: %s\n", file.name().c_str(),
                   hwy::TargetName(target), decoded.status().ToString().c_str());
      return false;
    }
  }
  std::string record;
  AppendSized(file.coded, &record);
  AppendSized(tables, &record);
  AppendSized(file.table_index, &record);
  const bool decoded = code == absl::StatusCode::kOk;
  record.push_back(decoded);
  if (decoded) AppendLE(checksum, &record);
  out << record;
  return code.has_value();
}

int Make(const char* golden, const char* to, uint64_t seed) {
  std::ofstream out(to, std::ios::binary);
  Lcg random(seed);
  for (const GoldenFile& file : ReadGoldenFiles(golden)) {
    const std::string tables =
        ReadFile(std::filesystem::path(file.path).replace_extension(".tables"));
    const std::vector<GoldenStream> streams = SplitStreams(file);
    for (uint64_t left = CasesOf(file); left > 0; --left) {
      if (!Write(DamagedFile(file, streams, random), tables, out)) return 1;
    }
  }
  return out.good() ? 0 : 1;
}

}  // namespace
}  // namespace trine::coding

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr, "usage: coding_differential_make GOLDEN_FOLDER OUT [SEED]\n");
    return 2;
  }
  return trine::coding::Make(argv[1], argv[2],
                             argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 11);
}
