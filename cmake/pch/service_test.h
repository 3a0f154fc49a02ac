// For tests of what speaks gRPC.
#include "cmake/pch/service.h"
#include "cmake/pch/test.h"
