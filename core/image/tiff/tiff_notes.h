// What a TIFF directory says beside the pixels of its page: the names of what a reader leaves.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/image/tiff/tiff_handle.h"

namespace trine::image::internal {

// How many pictures the page's SubIFDs name: reduced ones of a pyramid, or any others; nullopt
// where it has none, 0 where their tag is there and cannot be read.
std::optional<size_t> CountTiffSubPictures(const TiffFile& file);
// "2 pictures in SubIFDs".
std::string NameTiffSubPictures(size_t count);

// GDAL's value of no data as the page's directory says it, "-9999"; empty where it says none.
std::string TiffNoData(TIFF* tiff);

// Adds the names of the metadata of the handle's current directory, known ones in the order of one
// table and then the numbers of others, as far as a file may have any number of them. Not the tags
// that say how the pixels lie, none with the value that holds without it, and not a resolution of 1
// by 1, which writers put for none.
void NameTiffMetadata(const TiffFile& file, std::vector<std::string>& names);

}  // namespace trine::image::internal
