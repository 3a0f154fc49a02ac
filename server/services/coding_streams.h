// The two streams of CodingService: any length, in bounded memory.
#pragma once

#include <memory>

#include "server/wire/rpc.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {

std::unique_ptr<StreamHandler<v1::EncodeStreamRequest, v1::EncodeStreamResponse>>
MakeEncodeStream();
std::unique_ptr<StreamHandler<v1::DecodeStreamRequest, v1::DecodeStreamResponse>>
MakeDecodeStream();

}  // namespace trine::server
