#include "sim/platform.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

#include "sim/effects.h"
#include "sim/render.h"

namespace runwatch::sim {
namespace {

constexpr std::uint64_t kMaxPageSize = 10'000;  // a bound for memory; the real platform has none

struct Window {
  std::uint64_t page = 1;
  std::uint64_t size = kMaxPageSize;
};

Window read_window(const Request& request, std::uint64_t default_size, const Effects& effects) {
  const auto page = request.number("page").value_or(1);
  const auto size = request.number("page_size").value_or(default_size);
  Window window{.page = std::clamp<std::uint64_t>(page, 1, 1'000'000'000), .size = std::min(size, kMaxPageSize)};
  if (window.size == 0) window.size = default_size;
  if (effects.has("ignore-page")) window.page = 1;
  if (const auto* clamp = effects.find("clamp")) window.size = std::min(window.size, clamp->number);
  return window;
}

// Those of `rows` that the window shows, the newest being the last one; `append` writes one of them.
template <class Rows, class F>
Answer list(std::string_view message, const Rows& rows, const Window& window, const Effects& effects, F&& append) {
  Answer answer;
  auto& body = answer.body;
  body = "{";
  if (!effects.has("no-count")) {
    fmt::format_to(std::back_inserter(body), R"("count":{},)", rows.size() + (effects.has("miscount") ? 1 : 0));
  }
  const bool error = effects.has("envelope");
  fmt::format_to(std::back_inserter(body), R"("status_code":{},"message":"{}","data":[)", error ? 206 : 200,
                 error ? "Tasks Fetch Failed" : message);
  const auto begin = std::min<std::uint64_t>((window.page - 1) * window.size, rows.size());
  const auto end = std::min<std::uint64_t>(begin + window.size, rows.size());
  for (auto i = begin; i < end; ++i) {
    append(body, rows[rows.size() - 1 - i]);
    if (i + 1 == end) break;
    body += ',';
    if (i == begin) body.reserve(body.size() * (end - begin + 1));  // rows are of about one length
  }
  body += "]}";
  return answer;
}

// The newest run of the space beside this one; null when it has no other.
Run* other_run(const Space& space, const Run& run) {
  const auto found =
      std::find_if(space.runs.rbegin(), space.runs.rend(), [&](const auto& r) { return r.get() != &run; });
  return found == space.runs.rend() ? nullptr : found->get();
}

Answer list_tasks(World& world, const Space& space, Run* run, const Request& request, const Effects& effects) {
  if (run && effects.has("wrong-run")) run = other_run(space, *run);
  if (!run && effects.has("lost-404")) return refusal(404, "Run not found");
  const auto window = read_window(request, 50, effects);
  std::vector<Task> left;
  if (run) {
    if (window.page == 1) world.step(*run);
    if (effects.has("shift")) world.add_task(*run);
    if (effects.has("vanish")) world.vanish(*run, 1, effects.random);
  }
  const auto* shrink = effects.find("shrink");
  if (run && shrink) {
    std::ranges::copy_if(run->tasks, std::back_inserter(left), [&](const Task& task) {
      return Dice(world.options().seed, task.ticks, 0x5417).unit() >= shrink->share;
    });
  }
  return list("Tasks Fetched Successfully", run && !shrink ? run->tasks : left, window, effects,
              [&](std::string& out, const Task& task) { append_task(out, world.options(), *run, task); });
}

Answer list_runs(const World& world, const Space& space, const Request& request, const Effects& effects) {
  std::vector<const Run*> runs;
  for (const auto& run : space.runs) {
    if (!run->removed) runs.push_back(run.get());
  }
  return list("Runs Fetched Successfully", runs, read_window(request, 20, effects), effects,
              [&](std::string& out, const Run* run) { append_run(out, world.options(), *run); });
}

Answer list_spaces(const World& world, const Effects& effects) {
  std::vector<const Space*> spaces;
  for (const auto& space : world.spaces() | std::views::reverse) {
    if (!space.removed) spaces.push_back(&space);
  }
  return list("Spaces Fetched Successfully", spaces, {}, effects,
              [&](std::string& out, const Space* space) { append_space(out, world.options(), *space); });
}

Answer list_organizations(const Options& options, const Effects& effects) {
  return list("Organizations Fetched Successfully", std::array{&options}, {}, effects,
              [](std::string& out, const Options* own) { append_organization(out, *own); });
}

// 206 for lists, 404 for the space itself: the platform has both.
Answer unknown_space(Call call) {
  return call == Call::space ? refusal(404, "Space not found") : business_error("Invalid Space Token");
}

std::optional<Answer> check_access(const Options& options, Call call, const Request& request) {
  constexpr std::string_view kScheme = "Token ";
  if (!request.authorization.starts_with(kScheme)) {
    return refusal(401, "Authentication credentials were not provided.");
  }
  const auto token = request.authorization.substr(kScheme.size());
  if (token == options.expired_token) return refusal(403, "Token has expired.");
  if (token != options.token) return refusal(401, "Invalid token.");
  if (call != Call::spaces) return std::nullopt;
  if (request.org_handle.empty()) return refusal(400, "Org-Handle header is required.");
  if (request.org_handle != options.org_handle) return business_error("You don't have the access to this Organization");
  return std::nullopt;
}

Answer no_such_path(const Request& request, const Route& route) {
  Answer answer;
  answer.content_type = "text/html; charset=utf-8";
  const bool plain = std::ranges::all_of(request.path, [](char c) { return c > 0x20 && c < 0x7f; });
  if (route.call == Call::other || !plain) {
    answer.status = 404;
    answer.body =
        "<!doctype html>\n<html><head><title>Not Found</title></head><body><h1>Not Found</h1></body></html>\n";
    return answer;
  }
  answer.status = 301;
  auto location = std::string(request.path) + '/';
  if (!request.query.empty()) location.append("?").append(request.query);
  answer.headers.emplace_back("Location", std::move(location));
  return answer;
}

Answer write_space(const Options& options, const Space& space) {
  Answer answer;
  answer.body = R"({"status_code":200,"message":"Space Fetched Successfully","data":)";
  append_space(answer.body, options, space);
  answer.body += '}';
  return answer;
}

Answer right_answer(World& world, const Route& asked, const Request& request, const Effects& effects) {
  if (request.method != "GET" && request.method != "HEAD") return refusal(405, "Method not allowed.");
  if (asked.call == Call::other || !asked.slash) return no_such_path(request, asked);
  if (auto refused = check_access(world.options(), asked.call, request)) return *std::move(refused);
  if (asked.call == Call::spaces) return list_spaces(world, effects);
  if (asked.call == Call::organizations) return list_organizations(world.options(), effects);
  const Space* space = world.find_space(asked.space);
  if (!space || space->removed) return unknown_space(asked.call);
  if (asked.call == Call::space) return write_space(world.options(), *space);
  if (asked.call == Call::runs) return list_runs(world, *space, request, effects);
  Run* run = world.find_run(asked.run);
  const bool there = run && !run->removed && &world.spaces()[run->space] == space;
  return list_tasks(world, *space, there ? run : nullptr, request, effects);
}

// False beyond `limit` answers in one second.
bool admits(Platform::State& state, std::uint64_t limit, core::WallTime now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (std::exchange(state.second, second) != second) state.admitted = 0;
  if (state.admitted >= limit) return false;
  ++state.admitted;
  return true;
}

Answer form(Platform::State& state, const Request& request, core::WallTime now) {
  state.move_to(now);
  const auto asked = route(request.path);
  auto effects = throw_dice(state.faults, asked.call, request.number("page").value_or(1), state.dice);
  const auto* limit = effects.find("limit");
  if (limit && !admits(state, limit->number, now)) effects.hit.push_back({.name = "status", .number = 429});
  auto other = instead(effects);
  Answer answer = other ? *std::move(other) : right_answer(state.world, asked, request, effects);
  answer.at = now + state.ahead;
  answer.seq = ++state.served;
  spoil(answer, effects);
  if (effects.has("unasked")) {
    const Effects wrong{.hit = {{.name = "wrong-run"}}};
    answer.unasked = std::make_unique<Answer>(right_answer(state.world, asked, request, wrong));
  }
  if (effects.has("idle-408")) answer.unasked = std::make_unique<Answer>(bare_answer(408));
  if (answer.unasked) answer.unasked->at = answer.at;
  return answer;
}

}  // namespace

Answer Platform::answer(const Request& request, core::WallTime now) {
  const std::lock_guard lock(mutex_);
  return form(state_, request, now);
}

std::vector<SpaceName> Platform::spaces() const {
  const std::lock_guard lock(mutex_);
  std::vector<SpaceName> names;
  for (const auto& space : state_.world.spaces()) names.push_back({space.name, space.token});
  return names;
}

}  // namespace runwatch::sim
