// For tests of core: core.h and GoogleTest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "cmake/pch/core.h"
