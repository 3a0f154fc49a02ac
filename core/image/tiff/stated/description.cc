#include "core/image/tiff/stated/description.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/checked.h"
#include "core/base/polled.h"
#include "core/base/strings.h"
#include "core/image/picture.h"

namespace trine::image::internal {
namespace {

constexpr uint64_t kMostPages = std::numeric_limits<int64_t>::max();

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() &&
         (absl::ascii_isspace(static_cast<unsigned char>(text.back())) || text.back() == '\0')) {
    text.remove_suffix(1);
  }
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  return text;
}

// A number of 1 or more in digits, the most where it is beyond 64 bits; ".0" may follow.
std::optional<uint64_t> CountOf(std::string_view text) {
  text = Trimmed(text);
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view rest = text.substr(digits);
  const bool is_whole =
      rest.empty() || (rest.front() == '.' && rest.find_first_not_of('0', 1) == rest.npos);
  if (digits == 0 || !is_whole) return std::nullopt;
  uint64_t count = 0;
  for (const char c : text.substr(0, digits)) {
    count = SaturatingAdd(SaturatingMul(count, 10), static_cast<uint64_t>(c - '0'));
  }
  return count == 0 ? std::nullopt : std::optional(count);
}

// "images is 'x'"; the text of a file is shown where it is short and printable.
std::string NoCount(std::string_view name, std::string_view text) {
  constexpr size_t kMostShown = 32;
  const bool shown = text.size() <= kMostShown && std::all_of(text.begin(), text.end(), [](char c) {
                       return c >= ' ' && c <= '~';
                     });
  return shown ? absl::StrCat(ToAbsl(name), " is '", ToAbsl(text), "'")
               : absl::StrCat(ToAbsl(name), " is no number");
}

int64_t PagesOf(uint64_t count) { return static_cast<int64_t>(std::min(count, kMostPages)); }

StatedPages OfImageJ(std::string_view text, uint64_t samples) {
  StatedPages stated{0, "ImageJ", true};
  // The value of a line; nullopt where there is no such line or it is no count.
  const auto count = [&](std::string_view name) -> std::optional<uint64_t> {
    const std::string key = absl::StrCat("\n", ToAbsl(name), "=");
    const size_t at = text.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view rest = text.substr(at + key.size());
    const std::string_view value = Trimmed(rest.substr(0, rest.find('\n')));
    const std::optional<uint64_t> number = CountOf(value);
    if (!number.has_value() && stated.unread.empty()) stated.unread = NoCount(name, value);
    return number;
  };
  const std::optional<uint64_t> images = count("images");
  if (images.has_value()) {
    stated.pages = PagesOf(*images);
    return stated;
  }
  uint64_t channels = count("channels").value_or(1);
  if (samples > 1 && channels == samples) channels = 1;  // side by side in one page
  const uint64_t slices = count("slices").value_or(1), frames = count("frames").value_or(1);
  stated.pages = PagesOf(SaturatingMul(SaturatingMul(channels, slices), frames));
  return stated;
}

// The numbers between the brackets that `text` begins with, multiplied; nullopt where there is
// anything else.
std::optional<uint64_t> ProductOf(std::string_view text) {
  const size_t end = text.find_first_of("])");
  if (end == std::string_view::npos) return std::nullopt;
  uint64_t product = 1;
  size_t sides = 0;
  for (const absl::string_view part : absl::StrSplit(ToAbsl(text.substr(1, end - 1)), ',')) {
    const absl::string_view side = absl::StripAsciiWhitespace(part);
    if (side.empty()) continue;  // behind the last, of a tuple of one
    const bool is_none = side.find_first_not_of('0') == side.npos;
    const std::optional<uint64_t> length = is_none ? 0 : CountOf({side.data(), side.size()});
    if (!length.has_value()) return std::nullopt;
    product = SaturatingMul(product, *length);
    ++sides;
  }
  return sides == 0 ? std::nullopt : std::optional(product);
}

StatedPages OfTifffile(std::string_view text, uint64_t elements) {
  const std::string_view key = text.front() == '{' ? "\"shape\":" : "shape=";
  const size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  const std::string_view list = Trimmed(text.substr(at + key.size()));
  if (list.empty() || (list.front() != '[' && list.front() != '(')) return {};
  const std::optional<uint64_t> all = ProductOf(list);
  StatedPages stated{0, kTifffile, true};
  if (!all.has_value() || elements == 0) return stated;
  const bool is_beyond = *all == UINT64_MAX;
  if (is_beyond || *all % elements == 0) stated.pages = PagesOf(is_beyond ? *all : *all / elements);
  return stated;
}

// A start tag.
struct Element {
  std::string_view name;  // without the namespace's prefix
  std::string_view attributes;
  std::string_view text;  // up to the next tag
};

// Gives the start tags of XML one after the other; what is no XML has none.
class Elements {
 public:
  Elements(const Context& context, std::string_view xml)
      : xml_(xml), poll_(context.cancel, kPollBytes) {}

  absl::StatusOr<std::optional<Element>> Next() {
    while (true) {
      const size_t begin = xml_.find('<', at_);
      if (begin == std::string_view::npos) return std::nullopt;
      const bool is_comment = xml_.substr(begin, 4) == "<!--";
      const std::string_view close = is_comment ? "-->" : ">";
      const size_t end = xml_.find(close, begin);
      if (end == std::string_view::npos) return std::nullopt;
      TRINE_RETURN_IF_ERROR(poll_.Spend(end + close.size() - at_));
      at_ = end + close.size();
      if (!is_comment && absl::ascii_isalpha(static_cast<unsigned char>(xml_[begin + 1]))) {
        return Of(xml_.substr(begin + 1, end - begin - 1));
      }
    }
  }

 private:
  Element Of(std::string_view tag) const {
    Element element;
    const size_t blank = std::min(tag.find_first_of(" \t\r\n/"), tag.size());
    element.name = tag.substr(0, blank);
    element.attributes = tag.substr(blank);
    element.name.remove_prefix(element.name.rfind(':') + 1);  // of none npos, which is -1
    element.text = xml_.substr(at_, xml_.find('<', at_) - at_);
    return element;
  }

  std::string_view xml_;
  Poller poll_;
  size_t at_ = 0;
};

// The value of an attribute; empty where there is none.
std::string_view Attribute(const Element& element, std::string_view name) {
  std::string_view rest = element.attributes;
  while (true) {
    const size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return "";
    const std::string_view key = Trimmed(rest.substr(0, equals));
    rest = Trimmed(rest.substr(equals + 1));
    if (rest.empty() || (rest.front() != '"' && rest.front() != '\'')) return "";
    const size_t end = rest.find(rest.front(), 1);
    if (end == std::string_view::npos) return "";
    if (key == name) return rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
  }
}

// An attribute that must be there; 1 where it is none, which `unread` then says.
uint64_t SizeOf(const Element& element, std::string_view name, std::string& unread) {
  const std::string_view value = Attribute(element, name);
  const std::optional<uint64_t> size = CountOf(value);
  if (!size.has_value() && unread.empty()) {
    unread = value.empty() ? absl::StrCat(ToAbsl(name), " is missing") : NoCount(name, value);
  }
  return size.value_or(1);
}

// The planes of one Pixels.
struct Planes {
  uint64_t stacks = 0;  // SizeZ * SizeT
  uint64_t size_c = 0;
  uint64_t channels = 0, channel_samples = 0;  // of its Channel elements

  uint64_t count(uint64_t samples) const {
    if (channels > 0 && channel_samples == size_c) return SaturatingMul(stacks, channels);
    const bool together = samples > 1 && size_c % samples == 0;
    return SaturatingMul(stacks, together ? size_c / samples : size_c);
  }
};

absl::StatusOr<StatedPages> OfOme(const Context& context, std::string_view text, uint64_t samples) {
  Elements elements(context, text);
  StatedPages stated{0, "OME-XML"};
  Planes planes;
  uint64_t pages = 0;
  std::string_view file;  // the UUID of this one
  bool is_ome = false;
  while (true) {
    TRINE_ASSIGN_OR_RETURN(const std::optional<Element> element, elements.Next());
    if (!element.has_value()) break;
    if (element->name == "OME") {
      is_ome = true;
      file = Attribute(*element, "UUID");
    } else if (element->name == "Pixels") {
      pages = SaturatingAdd(pages, planes.count(samples));
      const uint64_t size_z = SizeOf(*element, "SizeZ", stated.unread);
      const uint64_t size_c = SizeOf(*element, "SizeC", stated.unread);
      planes = {SaturatingMul(size_z, SizeOf(*element, "SizeT", stated.unread)), size_c};
    } else if (element->name == "Channel") {
      ++planes.channels;
      planes.channel_samples = SaturatingAdd(
          planes.channel_samples, CountOf(Attribute(*element, "SamplesPerPixel")).value_or(1));
    } else if (element->name == "UUID") {
      const std::string_view uuid = Trimmed(element->text);
      if (file.empty()) file = uuid;
      stated.in_other_files = stated.in_other_files || uuid != file;
    }
  }
  if (!is_ome) return StatedPages();
  pages = SaturatingAdd(pages, planes.count(samples));
  stated.pages = PagesOf(pages);
  return stated;
}

}  // namespace

absl::StatusOr<StatedPages> ReadDescription(const Context& context, std::string_view text,
                                            uint64_t samples, uint64_t elements) {
  constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
  if (absl::StartsWith(ToAbsl(text), ToAbsl(kUtf8Mark))) text.remove_prefix(kUtf8Mark.size());
  text = Trimmed(text);
  if (absl::StartsWith(ToAbsl(text), "ImageJ=")) return OfImageJ(text, samples);
  if (absl::StartsWith(ToAbsl(text), "<")) return OfOme(context, text, samples);
  if (absl::StartsWith(ToAbsl(text), "{") || absl::StartsWith(ToAbsl(text), "shape=")) {
    return OfTifffile(text, elements);
  }
  return StatedPages();
}

}  // namespace trine::image::internal
