#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include "tests/bench/segment/segment_peers.h"

namespace trine::bench {

PythonPeers::PythonPeers(const std::string& python, const std::string& script, std::string folder)
    : folder_(std::move(folder)) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) Die("no pipes");
  pid_ = fork();
  if (pid_ < 0) Die("cannot fork");
  if (pid_ == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    setenv("OMP_NUM_THREADS", "1", 1);
    execlp(python.c_str(), python.c_str(), script.c_str(), nullptr);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  to_ = fdopen(in[1], "w");
  from_ = fdopen(out[0], "r");
}

PythonPeers::~PythonPeers() {
  fclose(to_);
  waitpid(pid_, nullptr, 0);
  fclose(from_);
}

std::string PythonPeers::Ask(const std::string& line) {
  std::fprintf(to_, "%s\n", line.c_str());
  std::fflush(to_);
  std::string out;
  for (int c = std::fgetc(from_); c != '\n'; c = std::fgetc(from_)) {
    if (c == EOF) Die("the Python peers ended at: " + line);
    out += static_cast<char>(c);
  }
  return out;
}

void PythonPeers::Load(const std::string& name, const Tensor& picture) {
  if (std::find(loaded_.begin(), loaded_.end(), name) != loaded_.end()) return;
  loaded_.push_back(name);
  const std::string path = folder_ + "/" + name;
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(picture.data.data()),
             static_cast<std::streamsize>(picture.data.size()));
  Ask("load " + name + " " + std::string(DTypeName(picture.dtype)) + " " +
      std::to_string(picture.shape[0]) + " " + std::to_string(picture.shape[1]) + " " + path);
}

std::vector<Peer> PythonPeers::Find(const Given& given) {
  std::vector<Peer> out;
  std::istringstream libraries(Ask("libraries"));
  std::string library;
  while (std::getline(libraries, library, ',')) {
    const std::string name = library.substr(0, library.find(' '));
    std::istringstream words(given.work);
    std::string function;
    int number = 0;
    words >> function >> number;
    for (const std::string& picture : {given.picture, given.mask, std::string("markers")})
      if (!picture.empty()) Load(picture, given.pictures.Named(picture));
    const std::string what = " " + name + " " + function + " " + std::to_string(number) + " " +
                             given.picture + " " + (given.mask.empty() ? "none" : given.mask);
    if (Ask("has" + what) != "yes") continue;
    Peer peer;
    peer.contender = {name, library.substr(name.size() + 1) + " in Python",
                      [this, what] { return std::atof(Ask("run" + what).c_str()); }};
    peer.output = [this, what] {
      const std::string path = folder_ + "/output";
      Ask("write" + what + " " + path);
      std::ifstream file(path, std::ios::binary);
      return Output(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    };
    out.push_back(std::move(peer));
  }
  return out;
}

}  // namespace trine::bench
