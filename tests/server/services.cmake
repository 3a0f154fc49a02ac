# The services alone, without a network: their methods are called through the registry.
add_library(trine_service_harness STATIC service_harness.cc)
target_link_libraries(trine_service_harness
  PUBLIC trine_services GTest::gtest PRIVATE trine_flags)

trine_test(normalization_service_test
  SOURCES normalization_service_test.cc normalization_refusals_test.cc
  DEPS trine_service_harness LABELS server)
trine_test(segmentation_service_test
  SOURCES
    segmentation_service_test.cc segmentation_inputs_test.cc segmentation_refusals_test.cc
  DEPS trine_service_harness LABELS server)
trine_test(coding_service_test
  SOURCES coding_service_test.cc coding_streams_test.cc coding_refusals_test.cc
          coding_tables_test.cc
  DEPS trine_service_harness LABELS server)
trine_test(service_data_test SOURCES service_data_test.cc
  DEPS trine_service_harness LABELS "server;data")
trine_test(server_copies_test SOURCES copies_test.cc DEPS trine_service_harness LABELS server)
