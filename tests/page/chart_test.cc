#include "page/chart.h"

#include <doctest/doctest.h>

#include <regex>
#include <string>
#include <vector>

#include "support/snapshots.h"

using namespace runwatch;
using namespace std::chrono_literals;
using support::at;
using task::Status;

namespace {

task::StatusCounts counts(std::uint64_t pending, std::uint64_t completed, std::uint64_t failed) {
  task::StatusCounts made{};
  made[index(Status::pending)] = pending;
  made[index(Status::completed)] = completed;
  made[index(Status::failed)] = failed;
  return made;
}

view::HistoryPoint point(std::int64_t seconds, const task::StatusCounts& tasks) {
  view::HistoryPoint made{};
  made.at = at(seconds);
  made.tasks = tasks;
  return made;
}

// {class, x, width} of each part.
std::vector<std::tuple<std::string, int, int>> parts_of(const std::string& bar) {
  static const std::regex kRect(R"re(<rect class="([a-z_-]+)" x="(\d+)" width="(\d+)")re");
  std::vector<std::tuple<std::string, int, int>> parts;
  for (std::sregex_iterator m(bar.begin(), bar.end(), kRect), end; m != end; ++m) {
    parts.emplace_back((*m)[1], std::stoi((*m)[2]), std::stoi((*m)[3]));
  }
  return parts;
}

}  // namespace

TEST_CASE("a bar shows each status in proportion, the failed first, and says it in words") {
  const auto bar = page::stacked_bar(counts(50, 25, 25));
  CHECK(parts_of(bar) == std::vector<std::tuple<std::string, int, int>>{
                             {"s-failed", 0, 250}, {"s-completed", 250, 250}, {"s-pending", 500, 500}});
  CHECK(bar.find(R"(aria-label="25 failed, 25 completed, 50 pending")") != std::string::npos);
  CHECK(page::stacked_bar({}).find(R"(aria-label="no tasks")") != std::string::npos);
}

TEST_CASE("one failed task of very many can be seen in the bar, and no part leaves it") {
  task::StatusCounts many{};
  many.fill(1);
  for (const auto& tasks : {counts(0, 999'999, 1), counts(1, 999'999, 0), counts(1, 1, 999'999), many}) {
    int last = 0;
    for (const auto& [name, x, width] : parts_of(page::stacked_bar(tasks))) {
      CHECK(x == last);
      CHECK(width > 0);
      last = x + width;
      CHECK(last <= 1000);
    }
  }
  CHECK(std::get<2>(parts_of(page::stacked_bar(counts(0, 999'999, 1)))[0]) == 8);
}

TEST_CASE("a plot stands on the time axis, holds the last point until now, and says how it went") {
  const std::vector history{point(0, counts(10, 0, 0)), point(50, counts(5, 5, 0)), point(75, counts(4, 5, 1))};
  const page::PlotSize size{100, 10, 48, "plot"};
  const auto svg = page::plot(history, at(0), at(100), size);
  CHECK(svg.find(R"(<path class="s-failed" d="M0 10L0 10L50 10L75 9L100 9L100 10Z"/>)") != std::string::npos);
  CHECK(svg.find(R"(<path class="s-completed" d="M0 10L0 10L50 5L75 4L100 4L100 10Z"/>)") != std::string::npos);
  CHECK(svg.find(R"(<path class="s-pending" d="M0 10L0 0L50 0L75 0L100 0L100 10Z"/>)") != std::string::npos);
  CHECK(svg.find("since 02:40: failed from 0 to 1, finished from 0 to 6, of 10 tasks") != std::string::npos);
}

TEST_CASE("what lies before a plot's left edge gives its first value, and two points are the least") {
  const std::vector history{point(0, counts(10, 0, 0)), point(40, counts(8, 2, 0)), point(90, counts(6, 4, 0))};
  const page::PlotSize size{100, 10, 48, "plot"};
  CHECK(page::plot(history, at(50), at(100), size).find("d=\"M0 10L0 8L80 6L100 6L100 10Z\"") != std::string::npos);
  CHECK(page::plot({}, at(0), at(100), size).empty());
  CHECK(page::plot(std::vector{history[0]}, at(0), at(100), size).empty());
}

TEST_CASE("a long history is drawn by as many points as there is room for, the newest among them") {
  std::vector<view::HistoryPoint> history;
  for (int i = 0; i <= 1000; ++i) history.push_back(point(i, counts(1000, 0, static_cast<std::uint64_t>(i))));
  const auto svg = page::plot(history, at(0), at(1000), {1000, 100, 48, "plot"});
  std::size_t steps = 0;
  for (auto found = svg.find('L'); found != svg.npos; found = svg.find('L', found + 1)) ++steps;
  CHECK(steps <= 4 * (48 + 3));
  CHECK(svg.find("L1000 50L1000 100Z") != std::string::npos);
}
