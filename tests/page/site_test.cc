#include "page/site.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "http/gzip.h"
#include "metrics/exposition_parser.h"
#include "support/snapshots.h"

using namespace runwatch;

namespace {

class FixedClock final : public core::Clock {
 public:
  core::WallTime wall_now() const override { return support::at(1100); }
  core::SteadyTime steady_now() const override { return {}; }
};

constexpr const char* kPrometheusAccept =
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

http::ServerRequest asking(std::string_view path, std::string_view host, std::string_view accept = "",
                           std::string_view accept_encoding = "") {
  http::ServerRequest request;
  request.path = path;
  request.host = host;
  request.accept = accept;
  request.accept_encoding = accept_encoding;
  return request;
}

struct Fixture {
  Fixture() { exposition.publish(support::sample_snapshot()); }

  page::Site site(bool loopback = true, std::vector<std::string> hosts = {}) const {
    hosts.emplace_back("127.0.0.2");
    return page::Site({exposition, clock, "1.2.3", [this] { return stuck; }, loopback, std::move(hosts), {}, {}});
  }
  http::ServerResponse get(const char* path, const char* host = "localhost:10321") const {
    return site().answer(asking(path, host));
  }

  FixedClock clock;
  metrics::Meters meters{{"1.2.3", "", ""}};
  metrics::Exposition exposition{{}, meters};
  std::optional<std::string> stuck;
};

std::string header(const http::ServerResponse& response, std::string_view name) {
  const auto found = std::ranges::find(response.headers, name, &http::Header::name);
  return found == response.headers.end() ? "" : found->value;
}

}  // namespace

TEST_CASE("/metrics is text unless OpenMetrics is asked for by name and no less than text") {
  using metrics::TextFormat;
  const struct {
    const char* accept;
    TextFormat format;
  } cases[] = {{"", TextFormat::prometheus},
               {"*/*", TextFormat::prometheus},
               {"application/*", TextFormat::prometheus},
               {"text/plain", TextFormat::prometheus},
               {"application/openmetrics-text", TextFormat::open_metrics},
               {"Application/OpenMetrics-Text; version=1.0.0; charset=utf-8", TextFormat::open_metrics},
               {kPrometheusAccept, TextFormat::open_metrics},
               {"application/openmetrics-text;q=0.5,text/plain", TextFormat::prometheus},
               {"application/openmetrics-text;q=0", TextFormat::prometheus},
               {"application/openmetrics-text;q=0,*/*", TextFormat::prometheus},
               {",,;;==", TextFormat::prometheus}};
  const Fixture f;
  for (const auto& c : cases) {
    CAPTURE(c.accept);
    const auto response = f.site().answer(asking("/metrics", "", c.accept));
    CHECK(response.status == 200);
    CHECK(response.content_type == metrics::content_type(c.format));
    CHECK(header(response, "Vary") == "Accept, Accept-Encoding");
    REQUIRE(response.body);
    CHECK_NOTHROW(exposition::read(*response.body, c.format == TextFormat::open_metrics));
  }
}

TEST_CASE("gzip is used when it is accepted and no less welcome than none") {
  const struct {
    const char* accept_encoding;
    bool packed;
  } cases[] = {{"", false},      {"gzip", true},        {"deflate, GZIP;q=0.5", true},   {"gzip;q=0", false},
               {"*", true},      {"identity", false},   {"gzip;q=0.5, identity", false}, {"br", false},
               {"*;q=0", false}, {"gzip;q=0, *", false}};
  const Fixture f;
  for (const auto& c : cases) {
    CAPTURE(c.accept_encoding);
    const auto response = f.site().answer(asking("/metrics", "", "", c.accept_encoding));
    CHECK((header(response, "Content-Encoding") == "gzip") == c.packed);
    std::string text = *response.body;
    if (c.packed) text = http::Inflater().gunzip(text, std::size_t{1} << 24, 0).value_or("damaged");
    CHECK_NOTHROW(exposition::read(text, false));
  }
}

TEST_CASE("health tells which loop is stuck") {
  Fixture f;
  CHECK(f.get("/-/healthy").status == 200);
  CHECK(*f.get("/-/healthy").body == "ok\n");
  f.stuck = "ledger";
  CHECK(f.get("/-/healthy").status == 503);
  CHECK(f.get("/-/healthy").body->find("ledger") != std::string::npos);
}

TEST_CASE("readiness is 503 with its reason until every space was tried") {
  Fixture f;
  CHECK(f.get("/-/ready").status == 503);
  CHECK(f.get("/-/ready").body->find("space sales was not tried yet") != std::string::npos);
  auto ready = support::sample_snapshot();
  ready->not_ready.clear();
  f.exposition.publish(ready);
  CHECK(f.get("/-/ready").status == 200);
}

TEST_CASE("an unknown path is a 404 that repeats nothing of the request") {
  const Fixture f;
  for (const char* path : {"/nowhere-xyz", "", "/metrics/", "/api/v1/nowhere-xyz", "/-/", "/%00", "/../etc/passwd",
                           "/index.html", "/API/v1/status", "//metrics"}) {
    CAPTURE(path);
    const auto response = f.get(path);
    CHECK(response.status == 404);
    CHECK(response.body->find("xyz") == std::string::npos);
  }
}

TEST_CASE("on loopback the page and the API refuse a foreign host, /metrics and health never do") {
  const Fixture f;
  const auto site = f.site(true, {"Monitor.example:8443"});
  const struct {
    const char* host;
    bool ours;
  } cases[] = {{"localhost", true},
               {"LOCALHOST:10321", true},
               {"localhost.", true},
               {"127.0.0.1:10321", true},
               {"[::1]:10321", true},
               {"[::1]", true},
               {"127.0.0.2", true},
               {"monitor.example", true},
               {"monitor.example:1", true},
               {"evil.example", false},
               {"", false},
               {"localhost.evil.example", false},
               {"evil.example:localhost", false},
               {"127.0.0.1.evil.example", false},
               {"[::1", false},
               {"[::1]evil", false},
               {"[localhost].evil.com", false},
               {"localhost:evil", false},
               {"localhost:1@evil", false},
               {"localhost:", true},
               {"[evil]", false},
               {"127.0.0.3", false}};
  for (const auto& c : cases) {
    CAPTURE(c.host);
    for (const char* path : {"/", "/style.css", "/script.js", "/icon.svg", "/api/v1/status", "/api/v1/runs"}) {
      const auto response = site.answer(asking(path, c.host));
      CHECK(response.status == (c.ours ? 200 : 403));
      if (!c.ours) CHECK(response.body->find("evil") == std::string::npos);
    }
    for (const char* path : {"/metrics", "/-/healthy"}) {
      CHECK(site.answer(asking(path, c.host)).status == 200);
    }
  }
}

TEST_CASE("beyond loopback every host is answered") {
  const Fixture f;
  CHECK(f.site(false).answer(asking("/", "anything.example")).status == 200);
}

TEST_CASE("every answer forbids foreign and inline scripts, frames, sniffing and caching, and allows no other origin") {
  const Fixture f;
  for (const char* path : {"/", "/style.css", "/api/v1/status", "/api/v1/runs", "/metrics", "/-/ready", "/nowhere"}) {
    CAPTURE(path);
    const auto response = f.get(path);
    CHECK(header(response, "Content-Security-Policy").starts_with("default-src 'none'; style-src 'self';"));
    CHECK(header(response, "Content-Security-Policy").find("unsafe") == std::string::npos);
    CHECK(header(response, "X-Content-Type-Options") == "nosniff");
    CHECK(header(response, "X-Frame-Options") == "DENY");
    CHECK(header(response, "Cache-Control") == "no-store");
    CHECK(header(response, "Access-Control-Allow-Origin").empty());
  }
}

TEST_CASE("a run has a page, and one that is not watched is told so with a way back, repeating nothing") {
  const Fixture f;
  const auto get = [&](const char* query) {
    auto request = asking("/run", "localhost");
    request.query = query;
    return f.site().answer(request);
  };
  for (const char* query :
       {"space=sales&run=R40fe5eface1511f082ac156368e7acc4", "run=R40fe5eface1511f082ac156368e7acc4"}) {
    const auto response = get(query);
    CHECK(response.status == 200);
    CHECK(response.body->find("R40fe5eface1511f082ac156368e7acc4") != std::string::npos);
  }
  for (const char* query : {"", "run=", "run=Rxyz", "space=xyz&run=R40fe5eface1511f082ac156368e7acc4", "%%&=&run"}) {
    const auto response = get(query);
    CHECK(response.status == 404);
    CHECK(response.content_type == "text/html; charset=utf-8");
    CHECK(response.body->find("href=\"./\"") != std::string::npos);
    CHECK(response.body->find("xyz") == std::string::npos);
  }
}

TEST_CASE("script and icon are served as what they are, and an unknown level has an icon, too") {
  const Fixture f;
  CHECK(f.get("/script.js").content_type == "text/javascript; charset=utf-8");
  const auto icon = [&](const char* query) {
    auto request = asking("/icon.svg", "localhost");
    request.query = query;
    return *f.site().answer(request).body;
  };
  CHECK(f.get("/icon.svg").content_type == "image/svg+xml");
  CHECK(icon("level=bad") != icon("level=good"));
  CHECK(icon("level=x\"><script>") == icon("level=none"));
}

TEST_CASE("an answer is of the snapshot last published") {
  Fixture f;
  CHECK(f.get("/").body->find("fresh-name") == std::string::npos);
  auto next = support::sample_snapshot();
  auto space = support::sample_space();
  space->name = "fresh-name";
  next->spaces = {space};
  f.exposition.publish(next);
  for (const char* path : {"/", "/api/v1/status", "/api/v1/runs", "/metrics"}) {
    CHECK(f.get(path).body->find("fresh-name") != std::string::npos);
  }
}
