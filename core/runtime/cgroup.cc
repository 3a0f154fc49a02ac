#include "core/runtime/cgroup.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace trine {
namespace {

constexpr char kMount[] = "/sys/fs/cgroup";

// The own group's path, from the line "0::PATH" (version 2, `controller` is "") or
// "N:CONTROLLER[,...]:PATH" (version 1) of /proc/self/cgroup; "/" where there is none.
std::string OwnPath(const std::string& controller) {
  std::ifstream lines("/proc/self/cgroup");
  std::string line;
  while (std::getline(lines, line)) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    std::stringstream names(line.substr(first + 1, second - first - 1) + ",");
    std::string name;
    while (std::getline(names, name, ','))
      if (name == controller) return line.substr(second + 1);
  }
  return "/";
}

// Inside a container the own path may not exist below the mount; the root then is the container's.
std::vector<std::string> ReadUpwards(const std::string& mount, std::string path,
                                     const std::string& file) {
  std::vector<std::string> found;
  while (true) {
    if (path == "/") path.clear();
    if (std::ifstream in(std::filesystem::path(mount + path) / file); in) {
      std::stringstream text;
      text << in.rdbuf();
      found.push_back(text.str());
    }
    if (path.empty()) return found;
    path = path.substr(0, path.rfind('/'));
  }
}

}  // namespace

std::vector<std::string> ReadCgroup2(const std::string& file) {
  return ReadUpwards(kMount, OwnPath(""), file);
}

std::vector<std::string> ReadCgroup1(const std::string& controller, const std::string& file) {
  return ReadUpwards(std::string(kMount) + "/" + controller, OwnPath(controller), file);
}

}  // namespace trine
