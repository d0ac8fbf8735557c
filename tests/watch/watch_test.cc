// The threads together: fetchers, ledger and their queues, against the simulated platform over real sockets.
#include "watch/watch.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <thread>

#include "sim/simulator.h"
#include "support/directory.h"

using namespace runwatch;
using namespace std::chrono_literals;

namespace {

class Scene {
 public:
  explicit Scene(const std::string& token = "simulated-token") : credentials(core::Secret(token), reader(token)) {
    options.runs = 3;
    options.tasks = 25;
    options.speed = 50;
    platform = sim::simulate(options, {}, clock).value();
    store = store::Store::open(folder.database()).value();
    settings.interval = 100ms;
    settings.discovery_interval = 200ms;
    for (const auto& space : platform->spaces()) {
      settings.spaces.push_back({});
      settings.spaces.back().token = core::Secret(space.token);
      settings.spaces.back().name = space.name;
    }
  }
  std::unique_ptr<watch::Watch> start() {
    auto watching = std::make_unique<watch::Watch>(
        settings, api(), limits(),
        watch::Watch::Deps{clock, *store, meters, exposition, credentials, [] { return http::make_client(); },
                           [] { return 0.5; }, [](const auto&, const auto&) { return http::make_client(); }});
    REQUIRE(watching->load());
    watching->run();
    return watching;
  }

  unpod::ApiOptions api() const {
    unpod::ApiOptions api;
    api.base_url = platform->base_url();
    api.org_handle = options.org_handle;
    api.page_size = 10;
    return api;
  }
  static watch::Limits limits() { return {.rate = 1000, .burst = 100, .concurrency = 3}; }

  // Polls a condition of the published state; fails after a minute.
  template <class F>
  void wait_for(F holds) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (!holds(*exposition.snapshot())) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      std::this_thread::yield();
    }
  }

  static unpod::Credentials::Reader reader(const std::string& token) {
    if (token == "simulated-token") return {};
    return [] { return core::Secret("simulated-token"); };
  }

  core::SystemClock clock;
  runwatch::test::Directory folder;
  sim::Options options;
  std::unique_ptr<sim::Simulator> platform;
  std::unique_ptr<store::Store> store;
  metrics::Meters meters{{"0", "test", "test"}};
  metrics::Exposition exposition{{}, meters};
  unpod::Credentials credentials;
  watch::Settings settings;
};

std::uint64_t all_tasks(const view::Snapshot& snapshot) {
  std::uint64_t sum = 0;
  for (const auto& space : snapshot.spaces) {
    for (const auto n : space->tasks) sum += n;
  }
  return sum;
}

}  // namespace

TEST_CASE("every run of every space is polled, by several fetchers at once") {
  Scene scene;
  const auto watching = scene.start();
  scene.wait_for([](const view::Snapshot& s) { return all_tasks(s) >= 150 && s.ready(); });
  CHECK_FALSE(watching->stuck_loop());
  CHECK_FALSE(watching->failure());
}

TEST_CASE("loops that there are tell their progress, and a courier that a reload takes away tells none") {
  Scene scene;
  scene.settings.alerts.receivers.push_back({});
  scene.settings.alerts.receivers.back().options.name = "ops";
  const auto watching = scene.start();
  const auto loops = [&] {
    watching->report_progress();
    const auto text = scene.exposition.render(metrics::TextFormat::prometheus);
    std::string found;
    for (const auto* loop : {"ledger", "fetch", "courier"}) {
      if (text.contains(fmt::format("runwatch_loop_last_progress_timestamp_seconds{{loop=\"{}\"}} 1", loop)))
        found += fmt::format("{} ", loop);
    }
    return found;
  };
  CHECK(loops() == "ledger fetch courier ");
  scene.settings.alerts.receivers.clear();
  REQUIRE(watching->reconfigure(scene.settings, scene.api(), scene.limits()));
  CHECK(loops() == "ledger fetch ");
}

TEST_CASE("a watch that is taken down in mid-walk leaves a store from which the next one goes on") {
  Scene scene;
  for (int round = 0; round < 5; ++round) {
    auto watching = scene.start();
    scene.wait_for([&](const view::Snapshot& s) { return all_tasks(s) >= 25U * static_cast<unsigned>(round); });
  }
  const auto watching = scene.start();
  scene.wait_for([](const view::Snapshot& s) { return all_tasks(s) >= 150; });
}

TEST_CASE("a token that was refused and is right in its source by now costs no pause") {
  Scene scene("stale-token");
  const auto watching = scene.start();
  scene.wait_for([](const view::Snapshot& s) { return all_tasks(s) >= 150; });
}

TEST_CASE("a question that throws fails for its asker alone, and the ledger goes on from the store") {
  Scene scene;
  const auto watching = scene.start();
  const auto answer = watching->ask_ledger<int>(
      [](watch::Ledger&) -> core::Result<int> { throw std::runtime_error("no memory for this"); });
  REQUIRE(!answer);
  CHECK(answer.error().text == "no memory for this");
  scene.wait_for([](const view::Snapshot& s) { return all_tasks(s) >= 150; });
  CHECK(!watching->failure());
}

TEST_CASE("a question that was not begun in time is never asked; one that was says so") {
  Scene scene;
  const auto watching = scene.start();
  std::promise<void> release;
  const auto released = release.get_future().share();
  watching->tell_ledger([released](watch::Ledger&) { released.wait(); });
  std::atomic<bool> asked = false;
  const std::function<core::Result<int>(watch::Ledger&)> question = [&](watch::Ledger&) -> core::Result<int> {
    return asked = true, 1;
  };
  const auto late = watching->ask_ledger<int>(question, 1ms);
  REQUIRE(!late);
  CHECK(late.error().text.ends_with("ask again"));
  release.set_value();
  CHECK(watching->ask_ledger<int>([](watch::Ledger&) -> core::Result<int> { return 2; }) == 2);
  CHECK(!asked);

  std::promise<void> end;
  const auto ended = end.get_future().share();
  std::string text;
  for (std::atomic<bool> begun = false; !begun;) {
    const auto slow = watching->ask_ledger<int>(
        [&begun, ended](watch::Ledger&) -> core::Result<int> { return begun = true, ended.wait(), 3; }, 50ms);
    REQUIRE(!slow);
    text = slow.error().text;
  }
  end.set_value();
  CHECK(text.find("see what became of it") != std::string::npos);
}
