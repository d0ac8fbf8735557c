#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/timestamp.h"
#include "support/fake_client.h"
#include "support/manual_clock.h"
#include "watch/job.h"

using namespace runwatch;
using namespace runwatch::test;
using namespace std::chrono_literals;

namespace {

// The id of a run made so long after 1970.
std::string id_at(core::Duration time) {
  const auto steps = static_cast<std::uint64_t>(time.count()) * 10'000 + 0x01B21DD213814000;
  return fmt::format("R{:08x}{:04x}1{:03x}878d43cd8a99e069", steps & 0xffffffff, (steps >> 32) & 0xffff, steps >> 48);
}

// Four pages, newest first, of two rows a day each, and the page numbers that a discovery asks for.
class Discovery {
 public:
  std::string id(int day) const { return id_at(kFirst + day * 24h); }
  std::string row(int day, core::Duration off = 0ms) const {
    const auto created = core::format_timestamp(core::WallTime(kFirst + day * 24h + off));
    return fmt::format(R"({{"run_id":"{}","created":"{}"}})", id(day), created);
  }

  // How many pages are read.
  std::size_t pages(const watch::Job& job) {
    FakeClient client([this](const http::Request& request) {
      const auto first = (query_number(request, "page") - 1) * 2;
      return answer(200, fmt::format(R"({{"count":8,"data":[{},{}]}})", rows.at(first), rows.at(first + 1)));
    });
    unpod::Credentials credentials(core::Secret("t"), {});
    unpod::Api api({}, client, credentials, {}, clock);
    const auto fetched = watch::fetch({job, {}}, api, clock, {});
    REQUIRE(std::holds_alternative<watch::Discovered>(fetched.outcome));
    CHECK(std::get<watch::Discovered>(fetched.outcome).list.rows.size() == 2 * client.requests.size());
    return client.requests.size();
  }

  static constexpr core::Duration kFirst = 1'769'000'000s;
  ManualClock clock;  // between days 11 and 12
  std::vector<std::string> rows = {row(8), row(7), row(6), row(5), row(4), row(3), row(2), row(1)};
};

watch::Job discovery() {
  watch::Job job;
  job.kind = watch::JobKind::discovery;
  job.space_token = core::Secret("S");
  job.max_age = 30 * 24h;
  return job;
}

}  // namespace

TEST_CASE("a run list is read as far back as the age limit, and as the oldest watched run") {
  Discovery list;
  watch::Job job = discovery();
  CHECK(list.pages(job) == 4);
  job.max_age = 6 * 24h;  // back to the middle of day 5
  CHECK(list.pages(job) == 3);
  job.oldest_watched = core::WallTime(list.kFirst + 2 * 24h);
  CHECK(list.pages(job) == 4);
}

TEST_CASE("the row that lies about its age costs nobody else") {
  Discovery list;
  watch::Job job = discovery();
  job.max_age = 6 * 24h;
  for (const auto off : {-20 * 365 * 24h, 50 * 365 * 24h}) {
    list.rows[0] = list.row(8, off);
    CHECK(list.pages(job) == 3);
  }
}

TEST_CASE("runs that are named are looked for as far back as their ids say, and to the end where that cannot be") {
  Discovery list;
  const struct {
    const char* what;
    std::vector<std::string> ids;
    std::size_t pages;
  } cases[] = {
      {"made on day 6", {list.id(6)}, 3},
      {"the older one counts", {list.id(8), list.id(4)}, 4},
      {"no time in it", {"RUN_SPACE_987655"}, 4},
      {"no time in one of them", {list.id(8), "RUN_SPACE_987655"}, 4},
      {"made in a time to come", {id_at(list.kFirst + 400 * 24h)}, 4},
      {"one of them made in a time to come", {list.id(8), id_at(list.kFirst + 400 * 24h)}, 4},
      {"made before there were any", {id_at(10s)}, 4},
      {"made just now by a clock that is ahead", {id_at(list.clock.wall_now().time_since_epoch() + 10min)}, 1},
  };
  for (const auto& [what, ids, pages] : cases) {
    CAPTURE(what);
    watch::Job job = discovery();
    job.max_age = 1h;  // says nothing about runs that are named
    job.wanted_ids = ids;
    CHECK(list.pages(job) == pages);
  }
}
