// What readers and writers of whole pictures share: forms, packed rows, what is said of a file.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/picture_form.h"
#include "core/base/tensor.h"
#include "core/image/image.h"
#include "core/image/palette.h"
#include "core/image/picture.h"
#include "core/runtime/context.h"

namespace trine::image::internal {

// Of gray (one channel) or RGB (three) with nothing else to say; `bits` 0: all that the type has.
PictureForm PlainForm(size_t channels, DType dtype, int bits = 0);
// Of numbers of `palette`, with what its entries' alpha is where `alpha` is not empty: of those
// behind its end 255.
PictureForm PaletteForm(const Palette& palette, int bits, ByteView alpha = {});

// What a reader gives: turns the picture upright (said where the whole was wanted) and packs its
// rows where the whole was wanted and the form has 1 bit; the samples have a byte each until then.
absl::StatusOr<Picture> FinishPicture(const Context& context, const ReaderOptions& options,
                                      Picture picture, int orientation);
// Adds the name of a part that is not kept, once; of a file that has any number of them only so
// many that JoinNotKept says there are more.
void AddNotKept(std::string name, std::vector<std::string>& parts);
std::string JoinNotKept(const std::vector<std::string>& parts);
// Says in one warning that these parts of the file are not kept; nothing where there are none.
void NoteNotKept(const std::vector<std::string>& parts, Picture& picture);
// Says of `bytes` behind the picture, where there are any, that they are not kept.
void NoteTrailer(uint64_t bytes, Picture& picture);

// Packs the rows of a picture of 0 and 1, a byte a sample.
absl::Status PackPicture(const Context& context, Tensor& samples);
// Whether the samples of a row, as the form stores them, are within its bits and its palette.
bool SamplesFit(const PictureForm& form, DType dtype, ByteView row);
// INVALID_ARGUMENT, field "picture": they are not.
absl::Status BeyondForm();
// Whether these numbers of a palette's entries are.
bool NumbersFit(ByteView numbers, size_t entries);

// A part of a palette's entry `i` on the scale of 0 to 255: 0 red, 1 green, 2 blue, 3 alpha.
uint8_t EntryPart(const PictureForm& form, size_t i, size_t part);
// The same on the scale of 0 to 65535.
uint16_t WideEntryPart(const PictureForm& form, size_t i, size_t part);
// Whether entries of 16 bits say no more than 8 bits do: as they are repeated, or zeros follow.
bool IsTableNarrow(const PictureForm& form);

}  // namespace trine::image::internal
