// A server in a process of its own, ended with this object.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace trine::bench {

class ServerProcess {
 public:
  // Starts `command` with a pipe as its standard input and reads lines of its output until one
  // ends in a port number. Ends this program with a message where there is none.
  explicit ServerProcess(const std::vector<std::string>& command);
  ~ServerProcess();  // closes the pipe, asks with SIGTERM, waits
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const std::string& address() const { return address_; }
  // Processor time that it has used so far [s].
  double CpuSeconds() const;

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  std::string address_;
};

}  // namespace trine::bench
