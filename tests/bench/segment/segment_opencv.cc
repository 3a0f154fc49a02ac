#include <memory>
#include <opencv2/imgproc.hpp>
#include <sstream>

#include "tests/bench/segment/segment_peers.h"

namespace trine::bench {
namespace {

int TypeOf(DType dtype) {
  if (dtype == DType::kUint8) return CV_8U;
  return dtype == DType::kUint16 ? CV_16U : CV_32F;
}

cv::Mat Disk(int radius) {
  cv::Mat out(2 * radius + 1, 2 * radius + 1, CV_8U);
  for (int y = -radius; y <= radius; ++y)
    for (int x = -radius; x <= radius; ++x)
      out.at<uint8_t>(y + radius, x + radius) = x * x + y * y <= radius * radius ? 1 : 0;
  return out;
}

struct Pictures {
  cv::Mat in, out, wide, mean;
};

using Work = std::function<void(Pictures*)>;

Work Adaptive(int method, int window) {
  return [=](Pictures* p) {
    cv::adaptiveThreshold(p->in, p->out, 255, method, cv::THRESH_BINARY, window, 0);
  };
}

// What adaptiveThreshold does, for the types that it does not take.
Work AboveBlur(int window) {
  return [=](Pictures* p) {
    p->in.convertTo(p->wide, CV_32F);
    cv::blur(p->wide, p->mean, {window, window}, {-1, -1}, cv::BORDER_REPLICATE);
    cv::compare(p->wide, p->mean, p->out, cv::CMP_GT);
  };
}

Work WorkOf(const std::string& name, int number, DType dtype) {
  const bool is_u8 = dtype == DType::kUint8;
  if (name == "otsu" && dtype != DType::kFloat32) {
    return [](Pictures* p) {
      cv::threshold(p->in, p->out, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
    };
  }
  if (name == "mean" && is_u8) return Adaptive(cv::ADAPTIVE_THRESH_MEAN_C, number);
  if (name == "mean") return AboveBlur(number);
  if (name == "gaussian" && is_u8) return Adaptive(cv::ADAPTIVE_THRESH_GAUSSIAN_C, number);
  if (name == "median" && is_u8)
    return [=](Pictures* p) { cv::medianBlur(p->in, p->out, 2 * number + 1); };
  if (name == "smooth") return [=](Pictures* p) { cv::GaussianBlur(p->in, p->out, {}, number); };
  if (name == "top_hat") {
    return [kernel = Disk(number)](Pictures* p) {
      cv::morphologyEx(p->in, p->out, cv::MORPH_TOPHAT, kernel);
    };
  }
  return nullptr;
}

bool GivesGray(const std::string& name) {
  return name == "median" || name == "smooth" || name == "top_hat";
}

}  // namespace

std::optional<Peer> LinkedOpencv(const std::string& work, const Tensor& picture) {
  cv::setNumThreads(1);
  std::istringstream words(work);
  std::string name;
  int number = 0;
  words >> name >> number;
  const Work run = WorkOf(name, number, picture.dtype);
  if (run == nullptr) return std::nullopt;
  auto pictures = std::make_shared<Pictures>();
  pictures->in = cv::Mat(static_cast<int>(picture.shape[0]), static_cast<int>(picture.shape[1]),
                         TypeOf(picture.dtype), const_cast<uint8_t*>(picture.data.data()));
  Peer out;
  out.contender = {"opencv", CV_VERSION, Timed(Clock::kThisThread, [=] { run(pictures.get()); })};
  out.foreground = [=] {
    run(pictures.get());
    cv::Mat foreground;
    cv::compare(pictures->out, GivesGray(name) ? 128 : 0, foreground, cv::CMP_GT);
    return std::vector<bool>(foreground.begin<uint8_t>(), foreground.end<uint8_t>());
  };
  return out;
}

}  // namespace trine::bench
