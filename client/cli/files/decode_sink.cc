#include "client/cli/files/decode_sink.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/files/convert.h"
#include "client/cli/files/file_identity.h"
#include "client/cli/path_names.h"
#include "client/status.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/image/image.h"

namespace trine::cli {
namespace {

// What the stream says of its bytes would be gone with it.
absl::Status CannotRemove(std::string_view why) {
  return InputError(absl::StrCat("--rm needs an output that holds all of it; ", ToAbsl(why)));
}

absl::Status HoldsSeveral(std::string_view kind) {
  return InputError(absl::StrCat("holds several streams, and one ", ToAbsl(kind),
                                 " file holds one of them; under a name without such an "
                                 "extension, or with -o -, their bytes are written one after "
                                 "the other"));
}

class ByteSink : public DecodeSink {
 public:
  ByteSink(OutputFile* output, const char* form) : output_(output), form_(form) {}
  absl::Status Write(ByteView bytes) override { return output_->Write(bytes); }
  // Of a stream of bytes to which an array or a picture may have been joined: the kind of file that
  // the output's name promises, and whether the input is to be removed.
  void Expect(std::string_view promised, bool is_input_removed) {
    promised_ = promised;
    is_input_removed_ = is_input_removed;
  }
  absl::Status CheckStreams(uint64_t streams, uint64_t typed) override {
    if (streams < 2 || typed == 0) return absl::OkStatus();
    if (!promised_.empty()) return HoldsSeveral(promised_);
    if (!is_input_removed_) return absl::OkStatus();
    return CannotRemove(absl::StrCat("of its ", streams, " streams ", typed,
                                     typed == 1 ? " holds" : " hold",
                                     " an array or a picture, whose shape would be lost"));
  }
  absl::Status Finish() override { return absl::OkStatus(); }
  const char* form() const override { return form_; }

 private:
  OutputFile* output_;
  const char* form_;
  std::string promised_;
  bool is_input_removed_ = false;
};

// Packed rows to a byte of 0 or 1 a sample, as an .npy file of bool holds them.
class FlagSink : public DecodeSink {
 public:
  FlagSink(uint64_t row_samples, OutputFile* output) : row_samples_(row_samples), output_(output) {}

  absl::Status Write(ByteView bytes) override {
    std::vector<uint8_t> flags;
    flags.reserve(8 * bytes.size());
    for (const uint8_t byte : bytes) {
      const uint64_t n = std::min<uint64_t>(8, row_samples_ - column_);
      for (uint64_t i = 0; i < n; ++i) flags.push_back(byte >> (7 - i) & 1);
      column_ = column_ + n == row_samples_ ? 0 : column_ + n;
    }
    return output_->Write(flags);
  }
  absl::Status Finish() override { return absl::OkStatus(); }
  const char* form() const override { return "npy"; }

 private:
  uint64_t row_samples_;
  uint64_t column_ = 0;  // of the next sample
  OutputFile* output_;
};

// A file that holds one array or picture: of several streams it would hold the first, with the
// bytes of the others behind it.
class OneStreamSink : public DecodeSink {
 public:
  OneStreamSink(std::unique_ptr<DecodeSink> file, uint64_t bytes, std::string kind)
      : file_(std::move(file)), left_(bytes), kind_(std::move(kind)) {}

  absl::Status Write(ByteView bytes) override {
    if (bytes.size() > left_) return HoldsSeveral(kind_);
    left_ -= bytes.size();
    return file_->Write(bytes);
  }

  absl::Status CheckStreams(uint64_t streams, uint64_t) override {
    return streams > 1 ? HoldsSeveral(kind_) : absl::OkStatus();
  }

  absl::Status Finish() override {
    if (left_ != 0) return client::ProtocolError("the bytes do not fill the shape");
    return file_->Finish();
  }

  const char* form() const override { return file_->form(); }

 private:
  std::unique_ptr<DecodeSink> file_;
  uint64_t left_;
  std::string kind_;
};

class PictureSink : public DecodeSink {
 public:
  // `bilevel`: gray of 0 and 255 becomes a picture of 1 bit, as .pbm asks for, and rows of 1 bit
  // stay so.
  PictureSink(image::PictureView head, bool plain, bool bilevel, image::Format format,
              uint64_t max_bytes, OutputFile* output)
      : head_(std::move(head)),
        plain_(plain),
        bilevel_(bilevel),
        format_(format),
        max_bytes_(max_bytes),
        output_(output) {}

  absl::Status Write(ByteView bytes) override {
    if (bytes.size() > max_bytes_ - data_.size()) {
      return LimitExceeded("picture", data_.size() + bytes.size(), "max_output_bytes", max_bytes_);
    }
    data_.insert(data_.end(), bytes.begin(), bytes.end());
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    head_.data = data_;
    const image::EncodeOptions options{.bilevel = bilevel_};
    absl::StatusOr<std::string> file =
        plain_ ? image::EncodeImage(Context(), format_, {head_.dtype, head_.shape, head_.data},
                                    options)
               : image::WritePicture(Context(), format_, head_, options);
    TRINE_RETURN_IF_ERROR(file.status());
    TRINE_RETURN_IF_ERROR(CheckPnmName(output_->path(), *file));
    return output_->Write(AsBytes(*file));
  }

  const char* form() const override { return "picture"; }

 private:
  image::PictureView head_;
  bool plain_;
  bool bilevel_;
  image::Format format_;
  uint64_t max_bytes_;
  OutputFile* output_;
  std::vector<uint8_t> data_;
};

// What the stream holds, as a picture. Tensors and images are `plain`; their form is that of gray
// or RGB where their shape is one of these.
struct Head {
  image::PictureView picture;
  bool plain = true;
  bool is_picture = true;
};

// An array that a stream calls a picture.
Head HeadOfImage(TensorView head) {
  PictureForm form;
  form.bit_depth = 8 * static_cast<int>(DTypeSize(head.dtype));
  const bool gray = head.shape.size() == 2 || (head.shape.size() == 3 && head.shape[2] == 1);
  const bool colour = head.shape.size() == 3 && head.shape[2] == 3;
  if (colour) form.color = PictureColor::kRgb;
  // Flags are written as gray of 1 bit; no format has them as colour.
  const bool is_picture = (gray || (colour && head.dtype != DType::kBool)) &&
                          std::find(head.shape.begin(), head.shape.end(), 0) == head.shape.end();
  return {{head.dtype, std::move(head.shape), {}, std::move(form)}, true, is_picture};
}

absl::StatusOr<Head> HeadOfContent(const v1::Content& content) {
  if (content.has_picture()) {
    TRINE_ASSIGN_OR_RETURN(image::PictureView picture, PictureOf(content.picture()));
    return Head{std::move(picture), false, true};
  }
  if (content.has_bits()) {
    image::PictureView bits{
        DType::kUint8, {content.bits().height(), content.bits().width()}, {}, {}};
    bits.form.bit_depth = 1;
    if (!PictureProblem(bits.form, bits.dtype, bits.shape).empty()) {
      return client::ProtocolError("the answer's bits have no size");
    }
    return Head{std::move(bits), false, true};
  }
  if (content.has_image()) {
    TRINE_ASSIGN_OR_RETURN(TensorView head, HeadOf(content.image(), "content"));
    return HeadOfImage(std::move(head));
  }
  TRINE_ASSIGN_OR_RETURN(TensorView head, HeadOf(content.tensor(), "content"));
  return Head{{head.dtype, std::move(head.shape), {}, {}}, true, false};
}

// Why what the stream holds is no picture of the kind that the output's name promises, and which
// names are right; empty where it is one. `format` is absent for a kind that is never written.
std::string NamingProblem(const Head& head, std::optional<image::Format> format,
                          std::string_view foreign) {
  const image::PictureView& picture = head.picture;
  if (!head.is_picture) {
    return absl::StrCat("the stream holds an array of ", ToAbsl(DTypeName(picture.dtype)), " ",
                        ShapeToString(picture.shape),
                        ", which is no picture; name the output .npy, or without an extension for "
                        "its bytes alone");
  }
  if (!format.has_value()) {
    return absl::StrCat(ToAbsl(foreign),
                        " is not written; PNG, TIFF, PNM and NPY are (name the output so)");
  }
  Shape shape = picture.shape;
  DType dtype = picture.dtype;
  if (head.plain) {
    // One channel is gray, not a page; flags become gray of 1 bit.
    if (shape.size() == 3 && shape[2] == 1) shape.pop_back();
    if (dtype == DType::kBool) dtype = DType::kUint8;
  }
  const std::string problem = image::WritingProblem(*format, picture.form, dtype, shape);
  return problem.empty() ? "" : absl::StrCat(problem, " (name the output so)");
}

// What an .npy file does not keep of a picture; empty where that is all.
std::string_view NotInNpy(const PictureForm& form) {
  if (form.color == PictureColor::kRgbPremultiplied ||
      form.color == PictureColor::kGrayPremultiplied) {
    return "an .npy file does not say that the samples were multiplied by alpha";
  }
  if (form.table.empty()) return "";
  return form.color == PictureColor::kPalette
             ? "an .npy file holds the numbers of the palette's colours without the palette"
             : "an .npy file does not say which value is transparent";
}

absl::StatusOr<std::unique_ptr<DecodeSink>> MakeNpySink(const image::PictureView& head, bool packed,
                                                        OutputFile* output) {
  const DType dtype = packed ? DType::kBool : head.dtype;
  TRINE_RETURN_IF_ERROR(output->Write(AsBytes(image::MakeNpyHeader(dtype, head.shape))));
  if (!packed) return std::make_unique<ByteSink>(output, "npy");
  const auto grid = PictureGridOf(head.form.color, head.shape);
  return std::make_unique<FlagSink>(grid->width * grid->channels, output);
}

// "NAME.tif, .png or .npy": the names under which all of it is kept.
std::string NamesOfAll(const Head& head) {
  const bool is_packed = head.picture.dtype == DType::kBool || head.picture.form.is_packed();
  const bool is_gray = head.picture.form.color == PictureColor::kGray;
  const std::pair<image::Format, std::string_view> kinds[] = {
      {image::Format::kTiff, ".tif"},
      {image::Format::kPng, ".png"},
      {image::Format::kPnm, is_packed ? ".pbm" : (is_gray ? ".pgm" : ".ppm")},
      {image::Format::kNpy, ".npy"}};
  std::vector<std::string_view> names;
  for (const auto& [format, name] : kinds) {
    const bool is_kept = format == image::Format::kNpy ? NotInNpy(head.picture.form).empty()
                                                       : NamingProblem(head, format, "").empty();
    if (is_kept) names.push_back(name);
  }
  std::string text = "NAME";
  for (size_t i = 0; i < names.size(); ++i) {
    const bool is_last = i + 1 == names.size();
    absl::StrAppend(&text, i == 0 ? "" : (is_last ? " or " : ", "), ToAbsl(names[i]));
  }
  return text;
}

// Of elements or samples that are written alone: what a reader of them must know, and the way out.
// `were` or "would be".
std::string BareSamples(const v1::Content& content, const Head& head, std::string_view were) {
  const image::PictureView& picture = head.picture;
  const PictureForm& form = picture.form;
  const bool is_palette = form.color == PictureColor::kPalette;
  std::string what =
      absl::StrCat(ToAbsl(DTypeName(picture.dtype)), " ", ShapeToString(picture.shape));
  if (!content.has_tensor()) {
    absl::StrAppend(&what, ", ", ToAbsl(PictureColorName(form.color)), " of ", form.bit_depth,
                    form.bit_depth == 1 ? " bit" : " bits");
  }
  if (!form.table.empty())
    what += is_palette ? ", without the palette" : ", without the transparent value";
  return absl::StrCat("the bare ", content.has_tensor() ? "elements" : "samples", " ", ToAbsl(were),
                      " written (", what, "), and nothing that says so; -o ", NamesOfAll(head),
                      " keeps all of it");
}

// Whether it is no surprise that samples or elements are written alone: who pipes them on knows
// what they are, but for what is not among them; and beside NAME.trine the rows of bits NAME, which
// only a --shape can have told of, come back as they were. Elements may have come from a file that
// said their type and shape.
bool IsMeant(const v1::Content& content, const Head& head, const DecodeTo& to,
             const OutputFile& output) {
  return (IsStdout(output.path()) && head.picture.form.table.empty()) ||
         (content.has_bits() && to.is_named_after_input);
}

// The bytes as they are, with a warning where that is not what a name or a picture lets expect.
absl::StatusOr<std::unique_ptr<DecodeSink>> MakeByteSink(const v1::Content& content,
                                                         const DecodeTo& to,
                                                         std::string_view promised,
                                                         OutputFile* output) {
  auto sink = std::make_unique<ByteSink>(output, "bytes");
  if (content.has_bytes() || content.kind_case() == v1::Content::KIND_NOT_SET) {
    if (to.whole) sink->Expect(promised, to.is_input_removed);
    return sink;
  }
  if (!promised.empty()) {
    sink->Warn(absl::StrCat("raw bytes of elements were written; '", output->path(), "' is no ",
                            ToAbsl(promised), " file"));
  } else if (to.whole) {
    TRINE_ASSIGN_OR_RETURN(const Head head, HeadOfContent(content));
    if (to.is_input_removed) return CannotRemove(BareSamples(content, head, "would be"));
    if (!IsMeant(content, head, to, *output)) sink->Warn(BareSamples(content, head, "were"));
  }
  return sink;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DecodeSink>> MakeDecodeSink(const v1::Content& content,
                                                           const DecodeTo& to, OutputFile* output) {
  const std::optional<image::Format> format = image::FormatOfExtension(output->path());
  const std::string_view foreign = ForeignPictureOf(output->path());
  const std::string_view promised = format.has_value() ? image::FormatName(*format) : foreign;
  const bool is_bytes = content.has_bytes() || content.kind_case() == v1::Content::KIND_NOT_SET;
  if (!to.whole || promised.empty() || is_bytes) return MakeByteSink(content, to, promised, output);
  TRINE_ASSIGN_OR_RETURN(Head head, HeadOfContent(content));
  const std::optional<uint64_t> bytes = BytesOfOne(content);
  if (!bytes.has_value()) return client::ProtocolError("the answer's content has no size");
  const auto of_one = [&](std::unique_ptr<DecodeSink> file) {
    return std::make_unique<OneStreamSink>(std::move(file), *bytes, std::string(promised));
  };
  if (format == image::Format::kNpy) {
    const std::string lost(NotInNpy(head.picture.form));
    if (!lost.empty() && to.is_input_removed) return CannotRemove(lost);
    const bool is_packed = !head.plain && head.picture.form.is_packed();
    TRINE_ASSIGN_OR_RETURN(std::unique_ptr<DecodeSink> file,
                           MakeNpySink(head.picture, is_packed, output));
    std::unique_ptr<DecodeSink> sink = of_one(std::move(file));
    if (!lost.empty()) sink->Warn(lost);
    return sink;
  }
  const std::string problem = NamingProblem(head, format, foreign);
  if (!problem.empty()) return UsageError(absl::StrCat("'", output->path(), "': ", problem));
  const bool is_bilevel = head.picture.dtype == DType::kBool || head.picture.form.is_packed();
  const bool bilevel = absl::EndsWithIgnoreCase(output->path(), ".pbm") ||
                       (is_bilevel && !IsGrayName(output->path()));
  return of_one(std::make_unique<PictureSink>(std::move(head.picture), head.plain, bilevel, *format,
                                              to.max_picture_bytes, output));
}

}  // namespace trine::cli
