# A fuzzer an RPC: any bytes as its request, or as the messages of its stream. What they share is
# compiled once.
if(NOT TARGET trine_services)
  return()
endif()

foreach(kind unary stream)
  add_library(trine_request_${kind}_fuzz OBJECT request/request_${kind}_fuzz.cc)
  target_link_libraries(trine_request_${kind}_fuzz PUBLIC trine_services PRIVATE trine_flags)
  trine_precompiled(trine_request_${kind}_fuzz service)
endforeach()
foreach(method Normalize NormalizeGradient Encode Decode Inspect Segment
               NormalizeStream NormalizeGradientStream EncodeStream DecodeStream SegmentStream)
  set(kind unary)
  if(method MATCHES "Stream$")
    set(kind stream)
  endif()
  trine_fuzzer(request_${method}_fuzz PRECOMPILED none
    SOURCE request/request_method.cc
    CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/request/${method}
    DEPS trine_request_${kind}_fuzz)
  target_compile_definitions(request_${method}_fuzz PRIVATE TRINE_FUZZ_METHOD="${method}")
endforeach()

# Writes the seeds anew; built on demand.
add_executable(make_request_seeds EXCLUDE_FROM_ALL request/make_request_seeds.cc)
target_link_libraries(make_request_seeds PRIVATE trine_flags trine_service_harness GTest::gtest)

# The payload scanner against protobuf.
trine_fuzzer(wire_fuzz PRECOMPILED service
  SOURCE request/wire_fuzz.cc
  CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/wire
  DEPS trine_services)
