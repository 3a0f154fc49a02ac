// TLS and mutual TLS, with certificates made by openssl for the test.
#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "tests/server/harness.h"

namespace trine::server::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string ReadAll(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

// An authority, a certificate of it for localhost, one for a client, and a stranger's authority.
class Tls : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = ::testing::TempDir() + "trine_tls";
    std::filesystem::create_directories(folder_);
    const std::string script =
        "cd '" + folder_ +
        "' && {"
        " for ca in ca stranger; do"
        "  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        "   -subj /CN=$ca -keyout $ca.key -out $ca.pem;"
        " done;"
        " for who in server other client expired; do"
        "  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$who"
        "   -keyout $who.key -out $who.csr;"
        "  printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > ext;"
        "  days=2; [ $who = other ] && days=3; [ $who = expired ] && days=-1;"
        "  openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days $days"
        "   -extfile ext -out $who.pem;"
        " done; } > openssl.log 2>&1";
    ASSERT_EQ(std::system(script.c_str()), 0) << ReadAll(folder_ + "/openssl.log");
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(folder_); }

  static std::string File(const std::string& name) { return folder_ + "/" + name; }
  static Options TlsOptions() {
    Options options = TestOptions();
    options.tls_cert = File("server.pem");
    options.tls_key = File("server.key");
    return options;
  }
  static std::shared_ptr<grpc::ChannelCredentials> Credentials(const std::string& ca,
                                                               const std::string& client = "") {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = ReadAll(File(ca + ".pem"));
    if (!client.empty()) {
      options.pem_cert_chain = ReadAll(File(client + ".pem"));
      options.pem_private_key = ReadAll(File(client + ".key"));
    }
    return grpc::SslCredentials(options);
  }
  // The option that the error of a start with `options` names.
  static std::string RefusedOption(const Options& options) {
    const auto server = StartServer(options, Registry());
    if (server.ok()) return "started";
    const auto detail = GetErrorDetail(server.status());
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument);
    return detail ? detail->field : "no detail";
  }

  // Writes as an unwary operator would: in place, and one file after the other.
  static void Install(const std::string& who, const std::string& as) {
    for (const char* kind : {".pem", ".key"})
      std::ofstream(File(as + kind), std::ios::binary) << ReadAll(File(who + kind));
  }
  // TLS with files of their own, which hold the certificate of "server" and may change.
  static Options LiveOptions(const std::string& name) {
    Install("server", name);
    Options options = TestOptions();
    options.tls_cert = File(name + ".pem");
    options.tls_key = File(name + ".key");
    options.reload_interval_ms = 5;
    options.metrics_listen = "127.0.0.1:0";
    options.log_level = "info";
    return options;
  }
  // Who answers a call over `channel`: the common name of the certificate, or the call's status.
  static std::string Answerer(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
    grpc::ByteBuffer response;
    const grpc::Status status = Await(channel, kEcho, ToBuffer(Wrap("x")), &context, &response);
    if (!status.ok()) return "status " + std::to_string(status.error_code());
    const auto names = context.auth_context()->FindPropertyValues("x509_common_name");
    return names.empty() ? "nobody" : std::string(names[0].data(), names[0].size());
  }
  static std::string NewAnswerer(const TestServer& server) {
    return Answerer(server.Channel(Credentials("ca")));
  }
  static bool AwaitNewAnswerer(const TestServer& server, const std::string& name) {
    for (int i = 0; i < 10'000; ++i)
      if (NewAnswerer(server) == name) return true;
    return false;
  }

  static std::string folder_;
};
std::string Tls::folder_;

TEST_F(Tls, ServesWhoTrustsItsAuthority) {
  TestServer server(TlsOptions());
  EXPECT_TRUE(CallUnary(server.Channel(Credentials("ca")), kEcho, "x").status.ok());
  EXPECT_EQ(CallUnary(server.Channel(Credentials("stranger")), kEcho, "x").status.error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(CallUnary(server.Channel(), kEcho, "x").status.error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(Tls, MutualTlsWantsACertificateOfItsAuthority) {
  Options options = TlsOptions();
  options.tls_client_ca = File("ca.pem");
  options.health_listen = "127.0.0.1:0";
  TestServer server(options);
  EXPECT_TRUE(CallUnary(server.Channel(Credentials("ca", "client")), kEcho, "x").status.ok());
  EXPECT_EQ(CallUnary(server.Channel(Credentials("ca")), kEcho, "x").status.error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(
      CallUnary(server.Channel(Credentials("ca", "stranger")), kEcho, "x").status.error_code(),
      grpc::StatusCode::UNAVAILABLE);
  // Probes have no certificate: the health port is plaintext.
  const auto health =
      grpc::CreateChannel(server.server->health_address(), grpc::InsecureChannelCredentials());
  EXPECT_TRUE(CallRaw(health, "/grpc.health.v1.Health/Check", "").status.ok());
}

TEST_F(Tls, MayListenBeyondThisMachineWithoutAWarning) {
  Options options = TlsOptions();
  options.log_level = "info";
  // 127.0.0.1 as one number, which does not look like this machine's own address.
  options.listen = {"2130706433:0"};
  TestServer server(options);
  for (const std::string& line : server.log->lines())
    EXPECT_THAT(line, Not(HasSubstr("without TLS")));
}

TEST_F(Tls, MistakesAreNamedAtTheStart) {
  Options options = TlsOptions();
  options.tls_key = File("client.key");
  EXPECT_EQ(RefusedOption(options), "tls-key");
  options.tls_key = File("nothing.key");
  EXPECT_EQ(RefusedOption(options), "tls-key");
  options.tls_key = File("server.pem");
  EXPECT_EQ(RefusedOption(options), "tls-key");
  options.tls_key = "";
  EXPECT_EQ(RefusedOption(options), "tls-key");
  options = TlsOptions();
  options.tls_cert = "";
  EXPECT_EQ(RefusedOption(options), "tls-cert");
  options.tls_cert = File("server.key");
  EXPECT_EQ(RefusedOption(options), "tls-cert");
  options = TlsOptions();
  options.tls_client_ca = File("server.key");
  EXPECT_EQ(RefusedOption(options), "tls-client-ca");
  options = TestOptions();
  options.tls_client_ca = File("ca.pem");
  EXPECT_EQ(RefusedOption(options), "tls-client-ca");
}

TEST_F(Tls, ServesEveryAddressOfAName) {
  Options options = TlsOptions();
  options.listen = {"localhost:0", "127.0.0.1:0"};
  TestServer server(options);
  ASSERT_EQ(server.server->addresses().size(), 2u);
  for (const std::string& address : server.server->addresses()) {
    EXPECT_EQ(Answerer(grpc::CreateChannel(address, Credentials("ca"))), "server") << address;
  }
}

TEST_F(Tls, CertificatesChangeWhileCallsComeAndGo) {
  TestServer server(LiveOptions("live"));
  const std::string& metrics = server.server->metrics_address();
  const auto standing = server.Channel(Credentials("ca"));
  std::atomic<bool> end{false};
  std::atomic<int> calls{0};
  std::vector<std::string> wrong;
  std::thread caller([&] {
    while (!end.load()) {
      for (const std::string& who : {Answerer(standing), NewAnswerer(server)})
        if (who != "server" && who != "other") wrong.push_back(who);
      calls.fetch_add(2);
    }
  });
  constexpr int kChanges = 100;
  double expiry = 0;
  for (int i = 0; i < kChanges; ++i) {
    const std::string who = i % 2 == 0 ? "other" : "server";
    Install(who, "live");
    ASSERT_TRUE(AwaitNewAnswerer(server, who)) << "change " << i;
    const double now =
        Sample(Get(metrics, "/metrics"), "trine_tls_certificate_expiry_seconds").value_or(0);
    EXPECT_GT(now, static_cast<double>(std::time(nullptr)));
    EXPECT_NE(now, expiry);
    expiry = now;
  }
  end.store(true);
  caller.join();
  EXPECT_THAT(wrong, ::testing::IsEmpty()) << "of " << calls.load();
  // A connection keeps the certificate that it was made with.
  EXPECT_EQ(Answerer(standing), "server");
  AwaitSample(metrics, "trine_tls_reloads_total{result=\"ok\"}", kChanges);
  EXPECT_EQ(Sample(Get(metrics, "/metrics"), "trine_tls_reloads_total{result=\"ok\"}"), kChanges);
}

TEST_F(Tls, FilesThatMakeNoSenseLeaveTheOldCertificate) {
  TestServer server(LiveOptions("kept"));
  const std::string& metrics = server.server->metrics_address();
  int failures = 0;
  const auto refuse = [&](const std::string& what) {
    AwaitSample(metrics, "trine_tls_reloads_total{result=\"failed\"}", ++failures);
    EXPECT_EQ(NewAnswerer(server), "server") << what;
  };
  std::ofstream(File("kept.key")) << "nonsense";
  refuse("a broken key");
  const auto line = server.log->Await("make no sense");
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, HasSubstr("tls-key"));
  std::ofstream(File("kept.key")) << ReadAll(File("client.key"));
  refuse("a key of another");
  std::filesystem::remove(File("kept.key"));
  refuse("no key");
  std::ofstream(File("kept.pem")) << ReadAll(File("server.pem")).substr(0, 300);
  std::ofstream(File("kept.key")) << ReadAll(File("server.key"));
  refuse("half a certificate");
  EXPECT_EQ(Sample(Get(metrics, "/metrics"), "trine_tls_reloads_total{result=\"ok\"}"), 0);
  Install("other", "kept");
  EXPECT_TRUE(AwaitNewAnswerer(server, "other"));
}

TEST_F(Tls, ACertificateWhoseTimeIsOverIsNotTaken) {
  TestServer server(LiveOptions("lasting"));
  Install("expired", "lasting");
  ASSERT_TRUE(server.log->Await("the time of a certificate in the file is over"));
  EXPECT_EQ(NewAnswerer(server), "server");
}

TEST_F(Tls, AuthoritiesOfClientsChange) {
  Options options = LiveOptions("mutual");
  options.tls_client_ca = File("mutual_ca.pem");
  std::ofstream(options.tls_client_ca) << ReadAll(File("ca.pem"));
  TestServer server(options);
  const auto as = [&](const std::string& client) {
    return CallUnary(server.Channel(Credentials("ca", client)), kEcho, "x").status.ok();
  };
  EXPECT_TRUE(as("client"));
  EXPECT_FALSE(as("stranger"));
  // An empty file is no leave to come without a certificate.
  std::ofstream(options.tls_client_ca) << "";
  ASSERT_TRUE(server.log->Await("make no sense"));
  EXPECT_TRUE(as("client"));
  EXPECT_FALSE(as("stranger"));
  EXPECT_EQ(NewAnswerer(server), "status 14");
  std::ofstream(options.tls_client_ca) << ReadAll(File("stranger.pem"));
  ASSERT_TRUE(server.log->Await("files were read again"));
  EXPECT_TRUE(as("stranger"));
  EXPECT_FALSE(as("client"));
}

TEST_F(Tls, StaysAsItIsWhereReloadingIsOff) {
  Options options = LiveOptions("fixed");
  options.reload_interval_ms = 0;
  TestServer server(options);
  Install("other", "fixed");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(NewAnswerer(server), "server");
}

}  // namespace
}  // namespace trine::server::testing
