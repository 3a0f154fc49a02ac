find_package(JPEG REQUIRED)
find_package(TIFF REQUIRED)
find_package(ZLIB REQUIRED)  # the checksums of PNG

foreach(format bmp exif jpeg npy png pnm tiff webp)
  trine_fuzzer(image_${format}_fuzz
    SOURCE image/image_${format}.cc
    CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/image/${format}
    DEPS trine_image ZLIB::ZLIB)
endforeach()

# Writes seeds of the formats that other software's files do not cover; built on demand.
add_executable(make_image_seeds EXCLUDE_FROM_ALL
  image/make_image_seeds.cc ../core/image/image_testing.cc ../core/image/tiff/tiff_writing.cc)
target_compile_definitions(make_image_seeds PRIVATE
  TRINE_GOLDEN_IMAGE="${PROJECT_SOURCE_DIR}/tests/golden/image")
target_link_libraries(make_image_seeds PRIVATE
  trine_flags trine_image JPEG::JPEG TIFF::TIFF ZLIB::ZLIB PkgConfig::WEBP GTest::gmock)
