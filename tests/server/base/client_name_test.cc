#include "server/base/client_name.h"

#include <gtest/gtest.h>

namespace trine::server {
namespace {

TEST(Client, IsThePeersAddress) {
  const auto namer = ClientNamer::Create({});
  ASSERT_TRUE(namer.ok());
  EXPECT_EQ(namer->Name("ipv4:10.0.0.7:51234", ""), "ipv4:10.0.0.7");
  EXPECT_EQ(namer->Name("ipv6:%5B::1%5D:443", ""), "ipv6:[::1]");
  EXPECT_EQ(namer->Name("ipv6:%5B::ffff:10.0.0.7%5D:443", ""), "ipv4:10.0.0.7");
  EXPECT_EQ(namer->Name("unix:/run/trine.sock", ""), "unix:");
  EXPECT_EQ(namer->Name("unix:", ""), "unix:");
  EXPECT_EQ(namer->Name("ipv4:10.0.0.7:51234", "1.2.3.4"), "ipv4:10.0.0.7");
}

TEST(Client, IsWhatATrustedProxySays) {
  const auto namer = ClientNamer::Create({"10.0.0.0/8", "fd00::/8", "192.168.1.1"});
  ASSERT_TRUE(namer.ok());
  EXPECT_EQ(namer->Name("ipv4:10.9.8.7:1", "1.2.3.4"), "ipv4:1.2.3.4");
  // What comes before the last untrusted address was written by who has that address.
  EXPECT_EQ(namer->Name("ipv4:10.9.8.7:1", "9.9.9.9, 1.2.3.4, 192.168.1.1"), "ipv4:1.2.3.4");
  EXPECT_EQ(namer->Name("ipv6:%5Bfd00::2%5D:1", "[2001:db8::1]:99"), "ipv6:[2001:db8::1]");
  EXPECT_EQ(namer->Name("ipv4:10.9.8.7:1", "1.2.3.4:5678"), "ipv4:1.2.3.4");
  EXPECT_EQ(namer->Name("ipv4:10.9.8.7:1", "nonsense"), "ipv4:10.9.8.7");
  EXPECT_EQ(namer->Name("ipv4:10.9.8.7:1", ""), "ipv4:10.9.8.7");
  EXPECT_EQ(namer->Name("ipv4:11.9.8.7:1", "1.2.3.4"), "ipv4:11.9.8.7");
  for (const char* bad : {"", "x", "10.0.0.0/33", "10.0.0.0/-1", "fd00::/129", "10.0.0.0/"}) {
    EXPECT_FALSE(ClientNamer::Create({bad}).ok()) << bad;
  }
}

}  // namespace
}  // namespace trine::server
