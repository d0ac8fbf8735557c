#include <sys/resource.h>

#include <string>

#include "http/client_fixture.h"

namespace runwatch::http {
namespace {

using namespace runwatch::test;

// While it lives, this process may open `spare` descriptors more than it has.
class FewDescriptors {
 public:
  explicit FewDescriptors(int spare) {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(lowest_free() + spare);
    setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  static int lowest_free() {
    const int fd = ::dup(0);
    ::close(fd);
    return fd;
  }

  rlimit before_{};
};

std::string failure_with(int spare, const std::string& url) {
  const FewDescriptors few(spare);
  const auto answer = ask(url);
  return answer ? "an answer" : answer.error().text;
}

TEST_CASE("a client that is short of descriptors says so, whatever it lacked them for") {
  std::string port;
  {
    const ScriptedPeer peer({});
    port = std::to_string(peer.port());
  }
  for (const std::string host : {"127.0.0.1", "localhost", "nowhere.test"}) {
    const std::string url = "http://" + host + ":" + port + "/";
    CAPTURE(url);
    for (int spare = 0; spare < 12; ++spare) {
      CAPTURE(spare);
      const std::string text = failure_with(spare, url);
      CAPTURE(text);
      const bool told = text.find("too many open files; raise") != std::string::npos;
      // A refusal or a name without address that was really found out is as good a reason.
      const bool found_out = text.find(host == "nowhere.test" ? "no address" : "refused") != std::string::npos;
      CHECK((told || found_out));
      if (spare < 2) CHECK(told);
      if (spare > 10) CHECK(found_out);
    }
  }
}

TEST_CASE("a client goes on once there are descriptors again") {
  const ScriptedPeer peer({answer_each(http_answer("200 OK", "{}"))});
  const auto client = make_client();
  {
    const FewDescriptors few(1);
    CHECK_FALSE(client->send(request_for(peer.url()), {}).has_value());
  }
  CHECK(client->send(request_for(peer.url()), {}).has_value());
}

}  // namespace
}  // namespace runwatch::http
