// Writes the golden streams: coding_golden_make FOLDER. Run by hand when the encoder's bytes change
// by intent.
#include <cstdio>
#include <fstream>

#include "core/coding/container/checksum.h"
#include "core/coding/models/table/table_params.h"
#include "tests/core/coding/golden/golden_cases.h"
#include "tests/core/coding/golden/golden_variants.h"

namespace {

using namespace trine;          // NOLINT: a program of one page
using namespace trine::coding;  // NOLINT

void Save(const std::string& folder, const std::string& name, const std::string& coded,
          const std::string& raw) {
  std::ofstream(folder + "/" + name + ".trn", std::ios::binary) << coded;
  char line[64];
  std::snprintf(line, sizeof line, "%zu %016llx\n", raw.size(),
                static_cast<unsigned long long>(Checksum(AsBytes(raw))));
  std::ofstream(folder + "/" + name + ".xxh3") << line;
}

// What decoding needs beside the stream: tables that it names by id, as params by value, and the
// table index.
void SaveSides(const std::string& folder, const std::string& name,
               const std::vector<TablePtr>& by_id, const std::string& table_index) {
  if (!by_id.empty()) {
    std::vector<TableRef> refs;
    for (const TablePtr& table : by_id) refs.push_back({TableId(table), false, table});
    std::string bytes;
    AppendTableParams(refs, &bytes);
    std::ofstream(folder + "/" + name + ".tables", std::ios::binary) << bytes;
  }
  if (!table_index.empty()) {
    std::ofstream(folder + "/" + name + ".index", std::ios::binary) << table_index;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (const GoldenCase& c : GoldenCases()) {
    const auto coded = Encode({}, c.content, AsBytes(c.raw), c.encode_options());
    if (!coded.ok()) {
      std::fprintf(stderr, "%s: %s\n", c.name.c_str(), coded.status().ToString().c_str());
      return 1;
    }
    Save(argv[1], c.name, *coded, c.raw);
    SaveSides(argv[1], c.name, c.decode_options().tables, c.table_index);
  }
  for (const GoldenVariant& v : GoldenVariants()) {
    Save(argv[1], v.name, v.coded, v.raw);
    SaveSides(argv[1], v.name, v.tables, v.table_index);
  }
  return 0;
}
