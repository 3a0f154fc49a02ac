#include "core/image/tiff/stated/description.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/checked.h"
#include "core/base/polled.h"
#include "core/base/strings.h"
#include "core/image/picture.h"

namespace trine::image::internal {
namespace {

constexpr uint64_t kMostPages = std::numeric_limits<int64_t>::max();

// The number that `text` begins with; 0 where it is none, or beyond 18 digits.
uint64_t LeadingNumber(std::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[digits]))) {
    ++digits;
  }
  uint64_t number = 0;
  return digits <= 18 && absl::SimpleAtoi(ToAbsl(text.substr(0, digits)), &number) ? number : 0;
}

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

StatedPages OfImageJ(std::string_view text) {
  constexpr std::string_view kImages = "\nimages=";
  const size_t at = text.find(kImages);
  if (at == std::string_view::npos) return {};
  return {static_cast<int64_t>(LeadingNumber(text.substr(at + kImages.size()))), "ImageJ", true,
          false};
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
    uint64_t length = 0;
    if (!absl::SimpleAtoi(side, &length)) return std::nullopt;
    product = SaturatingMul(product, length);
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
  if (!all.has_value() || elements == 0 || *all % elements != 0) return {};
  return {static_cast<int64_t>(std::min(*all / elements, kMostPages)), "tifffile", true, false};
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

uint64_t NumberOf(const Element& element, std::string_view name) {
  return LeadingNumber(Attribute(element, name));
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
  StatedPages stated{0, "OME-XML", false, false};
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
      planes = {SaturatingMul(NumberOf(*element, "SizeZ"), NumberOf(*element, "SizeT")),
                NumberOf(*element, "SizeC")};
    } else if (element->name == "Channel") {
      ++planes.channels;
      planes.channel_samples += std::max<uint64_t>(1, NumberOf(*element, "SamplesPerPixel"));
    } else if (element->name == "UUID") {
      const std::string_view uuid = Trimmed(element->text);
      if (file.empty()) file = uuid;
      stated.in_other_files = stated.in_other_files || uuid != file;
    }
  }
  if (!is_ome) return StatedPages();
  pages = SaturatingAdd(pages, planes.count(samples));
  stated.pages = static_cast<int64_t>(std::min(pages, kMostPages));
  return stated;
}

}  // namespace

absl::StatusOr<StatedPages> ReadDescription(const Context& context, std::string_view text,
                                            uint64_t samples, uint64_t elements) {
  text = Trimmed(text);
  if (absl::StartsWith(ToAbsl(text), "ImageJ=")) return OfImageJ(text);
  if (absl::StartsWith(ToAbsl(text), "<")) return OfOme(context, text, samples);
  if (absl::StartsWith(ToAbsl(text), "{") || absl::StartsWith(ToAbsl(text), "shape=")) {
    return OfTifffile(text, elements);
  }
  return StatedPages();
}

}  // namespace trine::image::internal
