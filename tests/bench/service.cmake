# The service's data path against a raw echo and against a plain protobuf service.
find_package(gRPC REQUIRED)

add_executable(raw_echo_server service/raw_echo_server.cc)
target_link_libraries(raw_echo_server PRIVATE trine_flags gRPC::grpc++)

add_executable(plain_proto_server service/plain_proto_server.cc)
target_link_libraries(plain_proto_server PRIVATE trine_flags trine_services trine_proto gRPC::grpc++)

add_executable(service_bench service/service_bench.cc service/service_calls.cc service/server_process.cc)
target_link_libraries(service_bench PRIVATE trine_flags trine_proto trine_base gRPC::grpc++)
