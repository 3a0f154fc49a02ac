#include "tests/bench/coding/coding_cli.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "core/coding/coding.h"
#include "core/runtime/cpu_quota.h"
#include "tests/bench/coding/coding_codecs.h"
#include "tests/bench/coding/coding_measure.h"

namespace trine::bench {
namespace {

void Run(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  // Standard output is this program's rows.
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (failed != 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
      WEXITSTATUS(status) != 0)
    Die(command[0] + " " + command[1] + " failed");
}

void WriteRepeated(const std::vector<uint8_t>& raw, uint64_t bytes, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  for (uint64_t done = 0; done < bytes && file; done += raw.size())
    file.write(reinterpret_cast<const char*>(raw.data()),
               static_cast<std::streamsize>(std::min<uint64_t>(raw.size(), bytes - done)));
  file.close();
  if (!file) Die("cannot write " + path);
}

// Reads both to their ends, so that both are in the page cache then.
bool SameBytes(const std::string& a_path, const std::string& b_path) {
  std::ifstream a(a_path, std::ios::binary), b(b_path, std::ios::binary);
  std::vector<char> a_bytes(kBlockBytes), b_bytes(kBlockBytes);
  while (a && b) {
    a.read(a_bytes.data(), static_cast<std::streamsize>(a_bytes.size()));
    b.read(b_bytes.data(), static_cast<std::streamsize>(b_bytes.size()));
    if (a.gcount() != b.gcount() ||
        std::memcmp(a_bytes.data(), b_bytes.data(), static_cast<size_t>(a.gcount())) != 0)
      return false;
  }
  return a.eof() && b.eof();
}

std::string SizeName(uint64_t bytes) {
  for (const auto& [unit, shift] : {std::pair("GiB", 30), {"MiB", 20}, {"KiB", 10}})
    if (bytes >> shift != 0 && bytes % (uint64_t{1} << shift) == 0)
      return std::to_string(bytes >> shift) + unit;
  return std::to_string(bytes);
}

struct CliCase {
  std::string name;
  std::vector<std::string> flags;
  coding::EncodeOptions options;
};

}  // namespace

void RunCli(const std::string& trine, const std::string& folder, uint64_t bytes, const Input& all) {
  if (!IsWanted("cli.encode") && !IsWanted("cli.decode")) return;
  unsetenv("TRINE_SERVER");  // the embedded server is measured
  const std::string raw = folder + "/raw", coded = folder + "/coded", out = folder + "/out";
  const auto remove = [](const std::string& path) { std::filesystem::remove(path); };
  WriteRepeated(all.raw, bytes, raw);
  const CliCase cases[] = {{"static", {"--model", "static"}, {.model = coding::Model::kStatic}},
                           {"adaptive-1",
                            {"--model", "adaptive", "--order", "1"},
                            {.model = coding::Model::kAdaptive, .order = 1}}};
  for (const CliCase& one : cases) {
    const auto encode = [&](const std::string& to) {
      std::vector<std::string> command{trine, "encode", "--quiet", "-o", to};
      command.insert(command.end(), one.flags.begin(), one.flags.end());
      command.push_back(raw);
      Run(command);
    };
    const auto decode = [&] { Run({trine, "decode", "--quiet", "-o", out, coded}); };
    encode(coded);
    decode();
    if (!SameBytes(raw, out)) Die("cli " + one.name + ": the round trip changed the bytes");
    const auto made = OurCodec::Create({}, one.options, all.raw);
    if (!made.ok()) Die("cli " + one.name + ": " + std::string(made.status().message()));
    OurCodec* const kernel = made->get();
    const std::string what = SizeName(bytes) + "/" + one.name;
    const int threads = AvailableCpus();  // as the embedded server takes them
    const auto remove_out = [&] { remove(out); };
    if (IsWanted("cli.encode"))
      CompareSpeeds({"cli.encode", what, threads},
                    {"trine", bytes, [&] { encode(out); }, remove_out},
                    {{"kernel", all.raw.size(), [&] { kernel->Encode(); }}});
    if (IsWanted("cli.decode"))
      CompareSpeeds({"cli.decode", what, threads}, {"trine", bytes, decode, remove_out},
                    {{"kernel", all.raw.size(), [&] { kernel->Decode(); }}});
    remove(coded);
    remove(out);
  }
  remove(raw);
}

}  // namespace trine::bench
