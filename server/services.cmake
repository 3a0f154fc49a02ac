# The services' handlers. What walks a call to them (server/rpc.cc) links this library, and gives
# it ParseMessage, SerializeMessage and Call::WithThreads.
if(NOT TARGET trine_services)
  trine_library(trine_services
    SOURCES
      coding_service.cc coding_streams.cc
      convert_coding.cc convert_enum.cc convert_error.cc convert_image.cc convert_lrn.cc
      convert_segment.cc convert_segment_inputs.cc convert_segment_outputs.cc convert_tensor.cc
      normalization_service.cc segmentation_service.cc
    DEPS trine_proto trine_normalize trine_coding trine_segment trine_image trine_runtime
         trine_base)
endif()
