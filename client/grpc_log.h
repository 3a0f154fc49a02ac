// gRPC's own log lines: it writes them to stderr unless somebody takes them.
#pragma once

namespace trine::client {

// Takes the lines of this process from here on, and writes them to stderr only with `print`. Called
// once, before the first channel.
void TakeGrpcLog(bool print);

}  // namespace trine::client
