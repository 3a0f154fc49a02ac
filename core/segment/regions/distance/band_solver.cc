#include "core/segment/regions/distance/band_solver.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/segment/regions/distance/distance_kernels.h"

namespace trine::segment {
namespace {

// Pixels between two polls, and of a call of the kernels: whole vectors.
constexpr int64_t kPiece = 8192;
// Of a pixel whose page is touched first, and of one whose distance may be a large one.
constexpr int64_t kFirstTouch = 16;
constexpr int64_t kSearch = 16;

// What a row by its parabolas takes, in neighbours that pixels could look at meanwhile: for each
// pixel, and for each column that has background.
constexpr int64_t kFarPixel = 8;
constexpr int64_t kFarSite = 64;
constexpr int64_t kMostUntried = 16;

// The column distances in the row before a band's first.
void StartColumns(const int32_t* distances, int64_t width, uint8_t* column) {
  for (int64_t x = 0; x < width; ++x)
    column[x] = static_cast<uint8_t>(std::min<int32_t>(distances[x] - 1, kFarColumn));
}

}  // namespace

BandSolver::BandSolver(int64_t width)
    : width_(width),
      column_(MakeScratch<uint8_t>(width + static_cast<int64_t>(kColumnSpare))),
      squares_(MakeScratch<uint16_t>(width + 2 * static_cast<int64_t>(kSquareGuard))),
      sites_(MakeScratch<int32_t>(width)),
      far_row_(width) {
  std::fill_n(column_.data() + width, kColumnSpare, kFarColumn);
  std::fill_n(squares_.data(), kSquareGuard, kFarSquare);
  std::fill_n(Squares() + width, kSquareGuard, kFarSquare);
}

uint64_t BandSolver::BytesOf(int64_t width) {
  const uint64_t columns = static_cast<uint64_t>(width);
  return columns + kColumnSpare + sizeof(uint16_t) * (columns + 2 * kSquareGuard) +
         (sizeof(int32_t) + FarRow::kBytesAColumn) * columns;
}

uint16_t* BandSolver::Squares() { return squares_.data() + kSquareGuard; }
const uint16_t* BandSolver::Squares() const { return squares_.data() + kSquareGuard; }

absl::Status BandSolver::Solve(const Bands& bands, int64_t band, Poller& poll, float* distance) {
  site_count_ = -1;
  untried_ = 0;
  next_untried_ = 1;
  TRINE_RETURN_IF_ERROR(StepDownAll(bands, band, poll, distance));
  StartColumns(bands.Below(band), width_, column_.data());
  for (int64_t row = bands.Rows(band) - 1; row >= 0; --row)
    TRINE_RETURN_IF_ERROR(SolveRow(bands, band, row, poll, distance));
  return absl::OkStatus();
}

absl::Status BandSolver::StepDownAll(const Bands& bands, int64_t band, Poller& poll,
                                     float* distance) {
  StartColumns(bands.Above(band), width_, column_.data());
  TRINE_RETURN_IF_ERROR(poll.Spend(2 * width_));
  const int64_t rows = bands.Rows(band), first = bands.First(band);
  const int64_t stride = width_ * static_cast<int64_t>(sizeof(float));
  // Several rows of a narrow picture at once, pieces of a row of a wide one.
  const int64_t group = std::clamp(kPiece / width_, int64_t{1}, rows);
  for (int64_t row = 0; row < rows; row += group) {
    const int64_t height = std::min(group, rows - row);
    for (int64_t x = 0; x < width_; x += kPiece) {
      const int64_t count = std::min(kPiece, width_ - x), i = (first + row) * width_ + x;
      TRINE_RETURN_IF_ERROR(poll.Spend(kFirstTouch * height * count));
      StepDown(bands.mask() + i, width_, height, static_cast<size_t>(count), column_.data() + x,
               reinterpret_cast<uint8_t*>(distance + (first + row) * width_) + x, stride);
    }
  }
  return absl::OkStatus();
}

absl::Status BandSolver::SolveRow(const Bands& bands, int64_t band, int64_t row, Poller& poll,
                                  float* distance) {
  float* const out = distance + (bands.First(band) + row) * width_;
  const uint8_t* const stored = reinterpret_cast<const uint8_t*>(out);
  for (int64_t x = 0; x < width_; x += kPiece) {
    const int64_t count = std::min(kPiece, width_ - x);
    TRINE_RETURN_IF_ERROR(poll.Spend(count));
    StepUp(stored + x, static_cast<size_t>(count), column_.data() + x, Squares() + x);
  }
  if (untried_ > 0) {
    --untried_;
    return SolveFar(bands, band, row, poll, out);
  }
  int64_t effort = EffortOfFar();
  for (int64_t x = 0; x < width_; x += kPiece) {
    const int64_t count = std::min(kPiece, width_ - x);
    TRINE_RETURN_IF_ERROR(poll.Spend(kSearch * count));
    if (SolveNear(Squares() + x, static_cast<size_t>(count), &effort, out + x) ==
        static_cast<size_t>(count))
      continue;
    untried_ = next_untried_;
    next_untried_ = std::min(2 * next_untried_, kMostUntried);
    return SolveFar(bands, band, row, poll, out);
  }
  next_untried_ = 1;
  return absl::OkStatus();
}

int64_t BandSolver::EffortOfFar() const {
  return kFarPixel * width_ + kFarSite * (site_count_ < 0 ? width_ : site_count_);
}

absl::Status BandSolver::FindSites(const Bands& bands, int64_t band, Poller& poll) {
  const int32_t* const above = bands.Above(band);
  const int32_t* const below = bands.Below(band);
  int64_t found = 0;
  for (int64_t x = 0; x < width_; ++x) {
    if (x % kPiece == 0) TRINE_RETURN_IF_ERROR(poll.Spend(2 * kPiece));
    // What lies within the band is near to all of its rows.
    if (Squares()[x] == kFarSquare && above[x] == kNoBackground && below[x] == kNoBackground)
      continue;
    sites_[static_cast<size_t>(found++)] = static_cast<int32_t>(x);
  }
  site_count_ = found;
  return absl::OkStatus();
}

absl::Status BandSolver::SolveFar(const Bands& bands, int64_t band, int64_t row, Poller& poll,
                                  float* distance) {
  if (site_count_ < 0) TRINE_RETURN_IF_ERROR(FindSites(bands, band, poll));
  const int32_t* const above = bands.Above(band);
  const int32_t* const below = bands.Below(band);
  const int32_t to_first = static_cast<int32_t>(row);
  const int32_t to_last = static_cast<int32_t>(bands.Rows(band) - 1 - row);
  far_row_.Clear();
  for (int64_t i = 0; i < site_count_; ++i) {
    if (i % 1024 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(8 * 1024));
    const int32_t x = sites_[static_cast<size_t>(i)];
    int64_t squared = Squares()[x];
    if (squared == kFarSquare) {
      // The background is outside the band.
      const int64_t column = std::min(above[x] + to_first, below[x] + to_last);
      squared = column * column;
    }
    TRINE_RETURN_IF_ERROR(far_row_.Add(x, squared, poll));
  }
  return far_row_.Solve(poll, distance);
}

}  // namespace trine::segment
