// What threads work with, kept from one piece of a picture to the next: fresh memory for each would
// go to and fro between the program and the system.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace trine::segment {

// Thread safety: Take and Give.
template <typename T>
class Spares {
 public:
  // One that no thread uses now, else what make() returns, a std::unique_ptr.
  template <typename Make>
  std::unique_ptr<T> Take(const Make& make) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<T> spare = std::move(idle_.back());
        idle_.pop_back();
        return spare;
      }
    }
    return make();
  }
  void Give(std::unique_ptr<T> spare) {
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(std::move(spare));
  }
  // REQUIRES: all were given back, and no thread takes one.
  const std::vector<std::unique_ptr<T>>& all() const { return idle_; }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace trine::segment
