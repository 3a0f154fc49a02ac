// NPY: headers by the letter, and what the golden files do not say.
#include "tests/core/image/image_testing.h"

namespace trine::image::testing {
namespace {

using ::testing::EndsWith, ::testing::HasSubstr;

std::string Npy(const std::string& dict, const std::string& data, char version = 1) {
  std::string out = std::string("\x93NUMPY") + version + '\0';
  out += version == 1 ? Le(static_cast<uint16_t>(dict.size()))
                      : Le(static_cast<uint32_t>(dict.size()));
  return out + dict + data;
}

absl::StatusOr<Tensor> Decode(const std::string& file, const Context& context = {}) {
  return DecodeNpy(context, Exact(file));
}

std::string Dict(const std::string& descr, const std::string& shape,
                 const std::string& order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

TEST(NpyTest, HeadersThatAreRead) {
  for (const std::string& dict :
       {Dict("|u1", "(2,)"), Dict("u1", "(2,)"), Dict("<u1", "(2, )"), Dict(">u1", "( 2 , )"),
        Dict("|u1", "(2L,)"),
        std::string("{\"shape\":(2,),\"fortran_order\":True,\"descr\":\"|u1\"}"),
        std::string(" { 'fortran_order' : False , 'shape' : (2,) , 'descr' : '=u1' } \n\n")}) {
    for (const char version : {1, 2, 3}) {
      const auto array = Decode(Npy(dict, "ab", version));
      ASSERT_TRUE(array.ok()) << dict << ": " << array.status();
      EXPECT_TRUE(Same(*array, U8({2}, {'a', 'b'}))) << dict;
    }
  }
}

TEST(NpyTest, HeadersThatAreBroken) {
  const std::string good = Dict("|u1", "(2,)");
  for (const std::string& dict :
       {std::string(),
        std::string("{}"),
        good + "x",
        std::string("{'descr': '|u1'}"),
        Dict("|u1", "2"),
        Dict("|u1", "(2)"),
        Dict("|u1", "(2,"),
        Dict("|u1", "[2]"),
        Dict("|u1", "(-2,)"),
        Dict("|u1", "(2 2)"),
        Dict("|u1", "(,)"),
        Dict("|u1", "(2,,)"),
        Dict("|u1", "(99999999999999999999,)"),
        Dict("|u1", "(0x2,)"),
        Dict("|u1", "(2.0,)"),
        Dict("|u1", "(2,)", "0"),
        Dict("|u1", "(2,)", "__import__('os')"),
        Dict("|u1\\n", "(2,)"),
        std::string("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (2,)}"),
        std::string("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), 'more': 1}"),
        std::string("{'descr': '|u1' 'fortran_order': False, 'shape': (2,)}")}) {
    EXPECT_THAT(Decode(Npy(dict, "ab")), HasReason("CORRUPT_IMAGE")) << dict;
  }
}

TEST(NpyTest, WhatTheHeaderLacksIsNamed) {
  const auto said = [](const std::string& dict) {
    return std::string(Decode(Npy(dict, "ab")).status().message());
  };
  EXPECT_THAT(said("{'descr': '|u1', 'shape': (2,)}"),
              EndsWith("the NPY header has no 'fortran_order'"));
  EXPECT_THAT(said("{'fortran_order': False}"), EndsWith("the NPY header has no 'descr', 'shape'"));
}

TEST(NpyTest, TypesThatAreNotRead) {
  for (const std::string descr : {"|O", "<c8", "<U3", "|S2", "<f16", "<M8[ns]", ">V2", "", "<"}) {
    EXPECT_THAT(Decode(Npy(Dict(descr, "(2,)"), "ab")), HasCode(absl::StatusCode::kUnimplemented))
        << descr;
  }
  EXPECT_THAT(Decode(Npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", "")),
              HasCode(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(Decode(Npy(Dict("|u1", "(2,)"), "ab", 4)), HasCode(absl::StatusCode::kUnimplemented));
}

TEST(NpyTest, ShapesBeyondTheLimits) {
  EXPECT_THAT(Decode(Npy(Dict("<f8", "(4294967296, 4294967296, 4294967296)"), "ab")),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Decode(Npy(Dict("<f8", "(9223372036854775807,)"), "ab")),
              HasReason("LIMIT_EXCEEDED"));
  EXPECT_THAT(Decode(Npy(Dict("<f8", "(2147483648,)"), "ab")), HasReason("LIMIT_EXCEEDED"));
  EXPECT_THAT(Decode(Npy(Dict("|u1", "(1, 1, 1, 1, 1, 1, 1, 1, 1)"), "a")),
              HasReason("INVALID_FIELD"));
  EXPECT_TRUE(Decode(Npy(Dict("|u1", "(1, 1, 1, 1, 1, 1, 1, 1)"), "a")).ok());
  std::string many = "(";
  for (int i = 0; i < 20000; ++i) many += "1,";
  EXPECT_FALSE(Decode(Npy(Dict("|u1", many + ")"), "a")).ok());
}

TEST(NpyTest, DataMustFitTheShape) {
  for (const std::string data : {"", "a"}) {
    EXPECT_THAT(Decode(Npy(Dict("|u1", "(2,)"), data)), HasReason("CORRUPT_IMAGE")) << data;
  }
}

// As numpy.load does, which reads a second array from there.
TEST(NpyTest, BytesBehindTheArrayAreSaid) {
  for (const auto& [data, text] : std::vector<std::pair<std::string, std::string>>{
           {"ab", ""},
           {"abc", "1 byte behind the NPY array was not read"},
           {"abcde", "3 bytes behind the NPY array were not read"}}) {
    for (const char* const order : {"False", "True"}) {
      std::vector<std::string> warnings;
      const auto array = DecodeNpy({}, Exact(Npy(Dict("|u1", "(1, 2)", order), data)), &warnings);
      ASSERT_TRUE(array.ok()) << array.status();
      EXPECT_THAT(array->data, ::testing::ElementsAre('a', 'b'));
      EXPECT_THAT(warnings,
                  ::testing::ElementsAreArray(text.empty() ? std::vector<std::string>{}
                                                           : std::vector<std::string>{text}));
    }
  }
  std::vector<std::string> warnings;
  const auto none = DecodeNpy({}, Exact(Npy(Dict("<f4", "(0,)"), "ab")), &warnings);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ(warnings.size(), 1u);
  const std::string entry = Npy(Dict("|u1", "(2,)"), "abcd");
  for (const bool deflated : {false, true}) {
    warnings.clear();
    const auto array = DecodeNpy(
        {}, Exact(MakeNpz({{.name = "a.npy", .bytes = entry, .deflated = deflated}})), &warnings);
    ASSERT_TRUE(array.ok()) << array.status();
    EXPECT_THAT(warnings, ::testing::ElementsAre("2 bytes behind the NPY array were not read"));
  }
}

TEST(NpyTest, LongHeadersAreRefused) {
  const std::string padded = Dict("|u1", "(2,)") + std::string(70000, ' ');
  EXPECT_THAT(Decode(Npy(padded, "ab", 2)), HasReason("LIMIT_EXCEEDED"));
  const std::string largest = Dict("|u1", "(2,)");
  const std::string fits = largest + std::string(65535 - largest.size(), ' ');
  EXPECT_TRUE(Decode(Npy(fits, "ab", 2)).ok());
}

TEST(NpyTest, AnyByteButZeroIsTrue) {
  std::vector<std::string> warnings;
  const auto array =
      DecodeNpy({}, Exact(Npy(Dict("|b1", "(3,)"), std::string("\0\1\xFF", 3))), &warnings);
  ASSERT_TRUE(array.ok()) << array.status();
  EXPECT_EQ(array->dtype, DType::kBool);
  EXPECT_THAT(array->data, ::testing::ElementsAre(0, 1, 1));
  EXPECT_THAT(warnings,
              ::testing::ElementsAre("1 byte of bool that is neither 0 nor 1 was taken as 1"));
}

TEST(NpyTest, HeaderForPiecewiseReading) {
  const std::string file = Npy(Dict(">f4", "(2, 3)", "True"), "");
  const auto header = ParseNpyHeader(Bytes(file), DefaultLimits());
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->dtype, DType::kFloat32);
  EXPECT_EQ(header->shape, (Shape{2, 3}));
  EXPECT_TRUE(header->fortran_order);
  EXPECT_TRUE(header->big_endian);
  EXPECT_EQ(header->header_bytes, file.size());
}

TEST(NpyTest, MakeHeaderMatchesNumpy) {
  // numpy.lib.format.write_array_header_1_0 of float32 (3, 4); (3,); ().
  const std::vector<std::pair<Shape, std::string>> cases = {
      {{3, 4}, "(3, 4)"}, {{3}, "(3,)"}, {{}, "()"}};
  for (const auto& [shape, text] : cases) {
    const std::string header = MakeNpyHeader(DType::kFloat32, shape);
    EXPECT_EQ(header.size() % 64, 0u);
    EXPECT_EQ(header.substr(0, 8), std::string("\x93NUMPY\1\0", 8));
    EXPECT_EQ(header.back(), '\n');
    EXPECT_THAT(header,
                HasSubstr("{'descr': '<f4', 'fortran_order': False, 'shape': " + text + ", }"));
  }
  EXPECT_THAT(MakeNpyHeader(DType::kBfloat16, {}), HasSubstr("'<V2'"));
  EXPECT_THAT(MakeNpyHeader(DType::kBool, {}), HasSubstr("'|b1'"));
}

}  // namespace
}  // namespace trine::image::testing
