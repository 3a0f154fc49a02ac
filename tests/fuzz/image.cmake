find_package(ZLIB REQUIRED)  # the checksums of PNG

foreach(format bmp exif jpeg npy png pnm tiff)
  trine_fuzzer(image_${format}_fuzz
    SOURCE image/image_${format}.cc
    CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/image/${format}
    DEPS trine_image ZLIB::ZLIB)
endforeach()
