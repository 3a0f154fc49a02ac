// The committed golden streams and the files beside them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/coding/coding.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/checksum.h"
#include "core/coding/container/format.h"
#include "core/coding/container/index.h"
#include "core/coding/models/table/dictionary.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Dictionaries by value, one after the other, which unlike those of a header may be of different
// kinds. Empty where there is no such file, or where it is malformed.
inline std::vector<TablePtr> ReadTables(const std::filesystem::path& path) {
  std::vector<TablePtr> tables;
  const std::string bytes = ReadFile(path);
  ByteReader in(ViewOf(bytes));
  for (uint64_t left = in.Varint(); left > 0 && !in.failed(); --left) {
    if (in.Byte() != format::kTableByValue) return {};
    const ByteView dictionary = in.Take(in.Varint());
    auto parsed = FrequencyDictionary::Parse(dictionary, DefaultLimits());
    if (!parsed.ok()) return {};
    tables.push_back(std::make_shared<const FrequencyDictionary>(*std::move(parsed)));
  }
  return tables;
}

struct GoldenFile {
  std::filesystem::path path;
  std::string coded;
  std::vector<TablePtr> tables;  // that the stream names by id
  std::string table_index;

  std::string name() const { return path.stem().string(); }
  std::string hash_line() const {
    return ReadFile(std::filesystem::path(path).replace_extension(".xxh3"));
  }
  DecodeOptions decode_options() const {
    DecodeOptions options;
    options.tables = tables;
    options.table_index = AsBytes(table_index);
    return options;
  }
};

// Length and XXH3 as the file beside a stream holds them.
inline std::string HashLine(ByteView raw) {
  std::ostringstream line;
  line << raw.size() << ' ' << std::hex;
  line.width(16);
  line.fill('0');
  line << Checksum(raw) << '\n';
  return line.str();
}

// All that a file holds; of an excerpt, the blocks that are there, each by a range of its own.
inline absl::StatusOr<std::string> DecodeAll(const GoldenFile& file) {
  DecodeOptions options = file.decode_options();
  TRINE_ASSIGN_OR_RETURN(const StreamInfo info, Inspect({}, AsBytes(file.coded)));
  if (!info.is_excerpt) {
    TRINE_ASSIGN_OR_RETURN(const Decoded decoded, Decode({}, AsBytes(file.coded), options));
    return AsString(decoded.data);
  }
  std::string raw;
  for (const BlockInfo& block : info.blocks) {
    options.range = ByteRange{block.raw_offset, block.raw_bytes};
    const auto decoded = Decode({}, AsBytes(file.coded), options);
    if (absl::IsInvalidArgument(decoded.status())) continue;  // not there
    TRINE_RETURN_IF_ERROR(decoded.status());
    raw += AsString(decoded->data);
  }
  return raw;
}

// All of a folder, by name.
inline std::vector<GoldenFile> ReadGoldenFiles(const std::filesystem::path& folder) {
  std::vector<GoldenFile> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".trn") continue;
    const auto beside = [&](const char* extension) {
      return std::filesystem::path(entry.path()).replace_extension(extension);
    };
    files.push_back({entry.path(), ReadFile(entry.path()), ReadTables(beside(".tables")),
                     ReadFile(beside(".index"))});
  }
  std::sort(files.begin(), files.end(),
            [](const GoldenFile& a, const GoldenFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace trine::coding
