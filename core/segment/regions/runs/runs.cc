#include "core/segment/regions/runs/runs.h"

#include <algorithm>
#include <cstring>

#include "core/segment/regions/grid.h"
#include "core/segment/regions/runs/run_kernels.h"

namespace trine::segment {
namespace {

// Runs between two polls of a sequential loop: below 0.1 ms.
constexpr int64_t kRunGrain = 4096;

constexpr size_t WordsOf(int64_t columns) {
  return (static_cast<size_t>(columns) + kBitsAWord - 1) / kBitsAWord;
}

// Calls body(y, begin, end) for pieces of rows, whole words of columns each, with polls between.
template <typename Body>
absl::Status ForPieces(const Context& context, size_t first_row, size_t last_row, int64_t width,
                       const Body& body) {
  static_assert(kPixelGrain % static_cast<int64_t>(kBitsAWord) == 0);
  Poller poll = PixelPoller(context);
  for (int64_t y = static_cast<int64_t>(first_row); y < static_cast<int64_t>(last_row); ++y) {
    for (int64_t begin = 0; begin < width; begin += kPixelGrain) {
      const int64_t end = std::min(width, begin + kPixelGrain);
      TRINE_RETURN_IF_ERROR(poll.Spend(end - begin));
      body(y, begin, end);
    }
  }
  return absl::OkStatus();
}

// Joins the runs of row y with those of the row above, in `root`: of each run itself or an earlier
// one of its component.
class Joiner {
 public:
  Joiner(const Runs& runs, Connectivity connectivity, int32_t* root)
      : runs_(runs), reach_(connectivity == Connectivity::k8 ? 1 : 0), root_(root) {}

  absl::Status JoinWithAbove(int64_t y, Poller& poll) const {
    const int32_t* const edges = runs_.edges();
    const int64_t above_end = runs_.First(y), end = runs_.First(y + 1);
    int64_t above = runs_.First(y - 1);
    for (int64_t run = above_end; run < end; ++run) {
      TRINE_RETURN_IF_ERROR(poll.Spend(4));
      const int32_t low = edges[2 * run] - reach_, high = edges[2 * run + 1] + reach_;
      for (; above < above_end && edges[2 * above + 1] <= low; ++above)
        TRINE_RETURN_IF_ERROR(poll.Spend(1));
      for (; above < above_end && edges[2 * above] < high; ++above) {
        TRINE_RETURN_IF_ERROR(poll.Spend(8));
        Join(static_cast<int32_t>(above), static_cast<int32_t>(run));
        if (edges[2 * above + 1] >= high) break;  // it may touch the next one too
      }
    }
    return absl::OkStatus();
  }

 private:
  void Join(int32_t above, int32_t run) const {
    const int32_t other = FindRoot(root_, above);
    if (root_[run] == run) {  // the first that it touches
      root_[run] = other;
      return;
    }
    const int32_t own = FindRoot(root_, run);
    if (own != other) root_[std::max(own, other)] = std::min(own, other);
  }

  const Runs& runs_;
  int32_t reach_;
  int32_t* root_;
};

}  // namespace

Runs::Runs(int64_t height, int64_t width)
    : height_(height), width_(width), first_(MakeScratch<int32_t>(height + 1)) {}

absl::StatusOr<Runs> Runs::Of(const Context& context, const uint8_t* mask, bool set, int64_t height,
                              int64_t width, uint64_t a_run_beside) {
  const size_t words_a_row = WordsOf(width);
  const uint64_t word_bytes = static_cast<uint64_t>(height) * words_a_row * sizeof(uint64_t);
  const uint64_t row_bytes = static_cast<uint64_t>(height + 1) * sizeof(int32_t);
  TRINE_RETURN_IF_ERROR(context.Reserve(word_bytes + row_bytes));
  Runs out(height, width);
  Scratch<uint64_t> words =
      Scratch<uint64_t>::ForOverwrite(static_cast<size_t>(height) * words_a_row);
  const auto before = [&](const uint64_t* row, int64_t begin) {
    const size_t word = WordsOf(begin);
    return word == 0 ? uint64_t{0} : row[word - 1] >> (kBitsAWord - 1);
  };
  TRINE_RETURN_IF_ERROR(ParallelFor(
      context, static_cast<size_t>(height), RowGrain(width), [&](size_t first, size_t last) {
        for (size_t y = first; y < last; ++y) out.first_[y + 1] = 0;
        return ForPieces(context, first, last, width, [&](int64_t y, int64_t begin, int64_t end) {
          uint64_t* const row = words.data() + static_cast<size_t>(y) * words_a_row;
          out.first_[static_cast<size_t>(y) + 1] += static_cast<int32_t>(
              BitsOf(mask + y * width + begin, static_cast<size_t>(end - begin), set,
                     before(row, begin), row + WordsOf(begin)));
        });
      }));
  out.first_[0] = 0;
  Poller poll = PixelPoller(context);
  for (size_t y = 0; y < static_cast<size_t>(height); ++y) {
    if (y % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    out.first_[y + 1] += out.first_[y];
  }
  const uint64_t a_run = 3 * sizeof(int32_t) + a_run_beside;
  TRINE_RETURN_IF_ERROR(
      context.Reserve(word_bytes + row_bytes + static_cast<uint64_t>(out.count()) * a_run));
  out.edges_ = MakeScratch<int32_t>(2 * out.count());
  TRINE_RETURN_IF_ERROR(ParallelFor(
      context, static_cast<size_t>(height), RowGrain(width), [&](size_t first, size_t last) {
        int32_t* to = out.edges_.data() + 2 * out.First(static_cast<int64_t>(first));
        return ForPieces(context, first, last, width, [&](int64_t y, int64_t begin, int64_t end) {
          const uint64_t* const row = words.data() + static_cast<size_t>(y) * words_a_row;
          const uint64_t last_bit = before(row, begin);
          to += EdgesOf(row + WordsOf(begin), WordsOf(end - begin), static_cast<int32_t>(begin),
                        last_bit, to);
          // A run that reaches the border ends there: within the last word it has an edge.
          const bool is_open = end == width && end % static_cast<int64_t>(kBitsAWord) == 0 &&
                               row[WordsOf(end) - 1] >> (kBitsAWord - 1) != 0;
          if (is_open) *to++ = static_cast<int32_t>(width);
        });
      }));
  return out;
}

absl::StatusOr<Scratch<int32_t>> JoinRuns(const Context& context, const Runs& runs,
                                          Connectivity connectivity) {
  Scratch<int32_t> root = MakeScratch<int32_t>(runs.count());
  const Joiner joiner(runs, connectivity, root.data());
  const size_t grain = RowGrain(runs.width());
  const absl::Status joined =
      ParallelFor(context, static_cast<size_t>(runs.height()), grain,
                  [&](size_t first, size_t last) -> absl::Status {
                    Poller poll = PixelPoller(context);
                    const int64_t begin = runs.First(static_cast<int64_t>(first));
                    const int64_t end = runs.First(static_cast<int64_t>(last));
                    for (int64_t run = begin; run < end; ++run) {
                      if (run % kRunGrain == 0) TRINE_RETURN_IF_ERROR(poll.Spend(kRunGrain));
                      root[static_cast<size_t>(run)] = static_cast<int32_t>(run);
                    }
                    for (size_t y = first + 1; y < last; ++y)
                      TRINE_RETURN_IF_ERROR(joiner.JoinWithAbove(static_cast<int64_t>(y), poll));
                    return absl::OkStatus();
                  });
  TRINE_RETURN_IF_ERROR(joined);
  // Between the bands, whose roots stay the first of their components: the lower of two wins.
  Poller poll = PixelPoller(context);
  for (int64_t y = static_cast<int64_t>(grain); y < runs.height(); y += static_cast<int64_t>(grain))
    TRINE_RETURN_IF_ERROR(joiner.JoinWithAbove(y, poll));
  for (int64_t run = 0; run < runs.count(); ++run) {
    if (run % kRunGrain == 0) TRINE_RETURN_IF_ERROR(poll.Spend(kRunGrain));
    int32_t& own = root[static_cast<size_t>(run)];
    own = root[static_cast<size_t>(own)];
  }
  return root;
}

absl::StatusOr<RunComponents> FindComponents(const Context& context, const Runs& runs,
                                             Connectivity connectivity) {
  RunComponents out;
  TRINE_ASSIGN_OR_RETURN(out.number, JoinRuns(context, runs, connectivity));
  Poller poll = PixelPoller(context);
  for (int64_t run = 0; run < runs.count(); ++run) {
    if (run % kRunGrain == 0) TRINE_RETURN_IF_ERROR(poll.Spend(kRunGrain));
    int32_t& own = out.number[static_cast<size_t>(run)];
    // Roots come before what hangs on them, and have their numbers already.
    own = own == run ? static_cast<int32_t>(++out.count) : out.number[static_cast<size_t>(own)];
  }
  return out;
}

absl::StatusOr<Scratch<int32_t>> AreasOf(const Context& context, const Runs& runs,
                                         const RunComponents& components) {
  Scratch<int32_t> areas = Scratch<int32_t>::Zeros(static_cast<size_t>(components.count) + 1);
  Poller poll = PixelPoller(context);
  for (int64_t run = 0; run < runs.count(); ++run) {
    if (run % kRunGrain == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * kRunGrain));
    areas[static_cast<size_t>(components.number[static_cast<size_t>(run)])] +=
        static_cast<int32_t>(runs.Length(run));
  }
  return areas;
}

absl::Status PaintLabels(const Context& context, const Runs& runs, const int32_t* values,
                         int32_t* labels) {
  // As many stay in the caches with the runs that they are made of.
  constexpr int64_t kPiece = 2048;
  return ParallelFor(
      context, static_cast<size_t>(runs.height()), RowGrain(runs.width()),
      [&](size_t first, size_t last) -> absl::Status {
        Poller poll = PixelPoller(context);
        alignas(64) int32_t piece[kPiece + kPaintSpare];
        for (int64_t y = static_cast<int64_t>(first); y < static_cast<int64_t>(last); ++y) {
          int64_t run = runs.First(y);
          const int64_t row_end = runs.First(y + 1);
          for (int64_t begin = 0; begin < runs.width(); begin += kPiece) {
            const int64_t end = std::min(runs.width(), begin + kPiece);
            TRINE_RETURN_IF_ERROR(poll.Spend(end - begin));
            while (run < row_end && runs.End(run) <= begin) ++run;
            int64_t after = run;
            while (after < row_end && runs.Begin(after) < end) ++after;
            PaintRuns(runs.edges() + 2 * run, values + run, static_cast<size_t>(after - run),
                      static_cast<int32_t>(begin), static_cast<int32_t>(end), piece);
            CopyStreamed(piece, static_cast<size_t>(end - begin),
                         labels + y * runs.width() + begin);
          }
        }
        return absl::OkStatus();
      });
}

absl::Status ForRuns(const Context& context, const Runs& runs,
                     absl::FunctionRef<void(int64_t run, int64_t begin, int64_t end)> body) {
  return ParallelFor(context, static_cast<size_t>(runs.height()), RowGrain(runs.width()),
                     [&](size_t first, size_t last) -> absl::Status {
                       Poller poll = PixelPoller(context);
                       for (size_t row = first; row < last; ++row) {
                         const int64_t y = static_cast<int64_t>(row), origin = y * runs.width();
                         for (int64_t run = runs.First(y); run < runs.First(y + 1); ++run) {
                           for (int64_t x = runs.Begin(run); x < runs.End(run); x += kPixelGrain) {
                             const int64_t end = std::min<int64_t>(runs.End(run), x + kPixelGrain);
                             TRINE_RETURN_IF_ERROR(poll.Spend(8 + end - x));
                             body(run, origin + x, origin + end);
                           }
                         }
                       }
                       return absl::OkStatus();
                     });
}

absl::Status FillRuns(const Context& context, const Runs& runs, uint8_t value,
                      absl::FunctionRef<bool(int64_t run)> is_chosen, uint8_t* mask) {
  return ForRuns(context, runs, [&](int64_t run, int64_t begin, int64_t end) {
    if (is_chosen(run)) std::memset(mask + begin, value, static_cast<size_t>(end - begin));
  });
}

}  // namespace trine::segment
