#include <memory>
#include <opencv2/imgproc.hpp>
#include <sstream>

#include "tests/bench/segment/segment_peers.h"

namespace trine::bench {
namespace {

int TypeOf(DType dtype) {
  if (dtype == DType::kUint8) return CV_8U;
  if (dtype == DType::kInt32) return CV_32S;
  return dtype == DType::kUint16 ? CV_16U : CV_32F;
}

cv::Mat Disk(int radius) {
  cv::Mat out(2 * radius + 1, 2 * radius + 1, CV_8U);
  for (int y = -radius; y <= radius; ++y)
    for (int x = -radius; x <= radius; ++x)
      out.at<uint8_t>(y + radius, x + radius) = x * x + y * y <= radius * radius ? 1 : 0;
  return out;
}

struct Mats {
  cv::Mat in, out, wide, mean;
  // Of works on regions.
  cv::Mat mask, markers, color, centres;
  std::vector<std::vector<cv::Point>> contours;
  std::vector<cv::Vec4i> hierarchy;
};

using Work = std::function<void(Mats*)>;

Work Adaptive(int method, int window) {
  return [=](Mats* p) {
    cv::adaptiveThreshold(p->in, p->out, 255, method, cv::THRESH_BINARY, window, 0);
  };
}

// What adaptiveThreshold does, for the types that it does not take.
Work AboveBlur(int window) {
  return [=](Mats* p) {
    p->in.convertTo(p->wide, CV_32F);
    cv::blur(p->wide, p->mean, {window, window}, {-1, -1}, cv::BORDER_REPLICATE);
    cv::compare(p->wide, p->mean, p->out, cv::CMP_GT);
  };
}

Work WorkOf(const std::string& name, int number, DType dtype) {
  const bool is_u8 = dtype == DType::kUint8;
  if (name == "otsu" && dtype != DType::kFloat32) {
    return
        [](Mats* p) { cv::threshold(p->in, p->out, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU); };
  }
  if (name == "mean" && is_u8) return Adaptive(cv::ADAPTIVE_THRESH_MEAN_C, number);
  if (name == "mean") return AboveBlur(number);
  if (name == "gaussian" && is_u8) return Adaptive(cv::ADAPTIVE_THRESH_GAUSSIAN_C, number);
  if (name == "median" && is_u8)
    return [=](Mats* p) { cv::medianBlur(p->in, p->out, 2 * number + 1); };
  if (name == "smooth") return [=](Mats* p) { cv::GaussianBlur(p->in, p->out, {}, number); };
  if (name == "top_hat") {
    return [kernel = Disk(number)](Mats* p) {
      cv::morphologyEx(p->in, p->out, cv::MORPH_TOPHAT, kernel);
    };
  }
  return nullptr;
}

// In the mask and, for watershed, the picture, which must be of colours.
Work RegionWorkOf(const std::string& name) {
  if (name == "components")
    return [](Mats* p) { cv::connectedComponents(p->mask, p->out, 8, CV_32S); };
  if (name == "boxes") {
    return [](Mats* p) {
      cv::connectedComponentsWithStats(p->mask, p->out, p->wide, p->centres, 8, CV_32S);
    };
  }
  if (name == "distance")
    return
        [](Mats* p) { cv::distanceTransform(p->mask, p->out, cv::DIST_L2, cv::DIST_MASK_PRECISE); };
  if (name == "watershed") {
    return [](Mats* p) {
      p->markers.copyTo(p->out);
      cv::watershed(p->color, p->out);
    };
  }
  if (name == "contours") {
    return [](Mats* p) {
      cv::findContours(p->mask, p->contours, p->hierarchy, cv::RETR_TREE, cv::CHAIN_APPROX_NONE);
    };
  }
  return nullptr;
}

template <typename T>
void Put(T value, Output* out) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
  out->insert(out->end(), bytes, bytes + sizeof(T));
}

Output BoxesOf(const Mats& mats) {
  Output out;
  for (int i = 1; i < mats.wide.rows; ++i) {
    const int* const box = mats.wide.ptr<int>(i);
    const int x = box[cv::CC_STAT_LEFT], y = box[cv::CC_STAT_TOP];
    for (const int number :
         {box[cv::CC_STAT_AREA], y, x, y + box[cv::CC_STAT_HEIGHT], x + box[cv::CC_STAT_WIDTH]})
      Put(static_cast<double>(number), &out);
    Put(mats.centres.at<double>(i, 1), &out);
    Put(mats.centres.at<double>(i, 0), &out);
  }
  return out;
}

Output ContoursOf(const Mats& mats) {
  Output out;
  for (size_t i = 0; i < mats.contours.size(); ++i) {
    for (int k = 0; k < 4; ++k) Put(int32_t{mats.hierarchy[i][k]}, &out);
    Put(static_cast<int32_t>(mats.contours[i].size()), &out);
    for (const cv::Point& point : mats.contours[i]) {
      Put(int32_t{point.y}, &out);
      Put(int32_t{point.x}, &out);
    }
  }
  return out;
}

Output OutputOf(const std::string& name, const Mats& mats) {
  if (name == "boxes") return BoxesOf(mats);
  if (name == "contours") return ContoursOf(mats);
  return {mats.out.datastart, mats.out.dataend};
}

cv::Mat MatOf(const Tensor& tensor) {
  return cv::Mat(static_cast<int>(tensor.shape[0]), static_cast<int>(tensor.shape[1]),
                 TypeOf(tensor.dtype), const_cast<uint8_t*>(tensor.data.data()));
}

bool GivesGray(const std::string& name) {
  return name == "median" || name == "smooth" || name == "top_hat";
}

}  // namespace

std::optional<Peer> LinkedOpencv(const Given& given) {
  cv::setNumThreads(1);
  std::istringstream words(given.work);
  std::string name;
  int number = 0;
  words >> name >> number;
  const Tensor& picture = given.pictures.Named(given.picture);
  const Work region_work = RegionWorkOf(name);
  const Work run = region_work != nullptr ? region_work : WorkOf(name, number, picture.dtype);
  if (run == nullptr) return std::nullopt;
  auto mats = std::make_shared<Mats>();
  mats->in = MatOf(picture);
  if (!given.mask.empty()) mats->mask = MatOf(given.pictures.Named(given.mask));
  if (name == "watershed") {
    mats->markers = MatOf(given.pictures.markers);
    cv::cvtColor(mats->in, mats->color, cv::COLOR_GRAY2BGR);
  }
  Peer out;
  out.contender = {"opencv", CV_VERSION, Timed(Clock::kThisThread, [=] { run(mats.get()); })};
  out.output = [=] {
    run(mats.get());
    if (region_work != nullptr) return OutputOf(name, *mats);
    cv::Mat foreground;
    cv::compare(mats->out, GivesGray(name) ? 128 : 0, foreground, cv::CMP_GT);
    return Output(foreground.datastart, foreground.dataend);
  };
  return out;
}

}  // namespace trine::bench
