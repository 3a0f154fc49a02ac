# A fuzzer an RPC: any bytes as its request, or as the messages of its stream.
if(NOT TARGET trine_services)
  return()
endif()

foreach(method Normalize NormalizeGradient Encode Decode Inspect Segment
               NormalizeStream NormalizeGradientStream EncodeStream DecodeStream SegmentStream)
  set(kind unary)
  if(method MATCHES "Stream$")
    set(kind stream)
  endif()
  trine_fuzzer(request_${method}_fuzz
    SOURCE request/request_${kind}_fuzz.cc
    CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/request/${method}
    DEPS trine_services)
  target_compile_definitions(request_${method}_fuzz PRIVATE TRINE_FUZZ_METHOD="${method}")
endforeach()

# Writes the seeds anew; built on demand.
add_executable(make_request_seeds EXCLUDE_FROM_ALL request/make_request_seeds.cc)
target_link_libraries(make_request_seeds PRIVATE trine_flags trine_service_harness GTest::gtest)

# The payload scanner against protobuf.
trine_fuzzer(wire_fuzz
  SOURCE request/wire_fuzz.cc
  CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/wire
  DEPS trine_services)
