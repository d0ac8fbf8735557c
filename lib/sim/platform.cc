#include "sim/platform.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "sim/effects.h"
#include "sim/platform_state.h"
#include "sim/render.h"

namespace runwatch::sim {
namespace {

constexpr std::uint64_t kMaxPageSize = 10'000;  // a bound for memory; the real platform has none

struct Window {
  std::uint64_t page = 1;
  std::uint64_t size = 0;
  std::uint64_t begin() const { return (page - 1) * size; }
};

// The rows of one answer, picked under the lock: written, or still to be written for tasks.
struct Picked {
  explicit Picked(std::string_view text, std::uint64_t total = 0) : message(text), count(total) {}
  std::string_view message;
  std::uint64_t count;
  std::string rows;
  std::vector<Task> tasks;
  RunView run;
};

Window read_window(const Request& request, std::uint64_t default_size, const Effects& effects) {
  const auto page = request.number("page").value_or(1);
  const auto size = request.number("page_size").value_or(default_size);
  Window window{.page = std::clamp<std::uint64_t>(page, 1, 1'000'000'000), .size = std::min(size, kMaxPageSize)};
  if (window.size == 0) window.size = default_size;
  if (effects.has(FaultKind::ignore_page)) window.page = 1;
  if (const auto* clamp = effects.find(FaultKind::clamp)) window.size = std::min(window.size, clamp->number);
  return window;
}

// Rows of the window, the newest of `rows` being its last one.
template <class Rows, class F>
void newest_first(const Rows& rows, const Window& window, F&& use) {
  const std::uint64_t end = std::min<std::uint64_t>(window.begin() + window.size, rows.size());
  for (auto i = window.begin(); i < end; ++i) use(rows[rows.size() - 1 - i]);
}

// The newest run of the space beside this one; null when it has no other.
Run* other_run(const Space& space, const Run& run) {
  const auto found =
      std::find_if(space.runs.rbegin(), space.runs.rend(), [&](const auto& r) { return r.get() != &run; });
  return found == space.runs.rend() ? nullptr : found->get();
}

std::variant<Answer, Picked> pick_tasks(World& world, const Space& space, Run* run, const Request& request,
                                        const Effects& effects) {
  Picked picked("Tasks Fetched Successfully");
  if (run && effects.has(FaultKind::wrong_run)) run = other_run(space, *run);
  if (!run && effects.has(FaultKind::lost_404)) return refusal(404, "Run not found");
  if (!run) return picked;
  const auto window = read_window(request, 50, effects);
  if (window.page == 1) world.step(*run);
  if (effects.has(FaultKind::shift)) world.add_task(*run);
  if (effects.has(FaultKind::vanish)) world.vanish(*run, 1, effects.random);
  picked.run = {.id = run->id, .space = run->space, .style = run->style};
  const auto list = [&](const std::vector<Task>& tasks) {
    picked.count = tasks.size();
    newest_first(tasks, window, [&picked](const Task& task) { picked.tasks.push_back(task); });
  };
  const auto* shrink = effects.find(FaultKind::shrink);
  if (!shrink) {
    list(run->tasks);
    return picked;
  }
  auto left = run->tasks;
  std::erase_if(
      left, [&](const Task& task) { return Dice(world.options().seed, task.ticks, 0x5417).unit() < shrink->share; });
  list(left);
  return picked;
}

Picked pick_runs(const World& world, const Space& space, const Request& request, const Effects& effects) {
  std::vector<const Run*> runs;
  for (const auto& run : space.runs) {
    if (!run->removed) runs.push_back(run.get());
  }
  Picked picked("Runs Fetched Successfully", runs.size());
  newest_first(runs, read_window(request, 20, effects), [&](const Run* run) {
    if (!picked.rows.empty()) picked.rows += ',';
    append_run(picked.rows, world.options(), *run);
  });
  return picked;
}

Picked pick_spaces(const World& world) {
  Picked picked("Spaces Fetched Successfully");
  for (const auto& space : world.spaces()) {
    if (space.removed) continue;
    if (picked.count++ > 0) picked.rows += ',';
    append_space(picked.rows, world.options(), space);
  }
  return picked;
}

Picked pick_organizations(const Options& options) {
  Picked picked("Organizations Fetched Successfully", 1);
  append_organization(picked.rows, options);
  return picked;
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

Answer write_list(const Options& options, const Picked& picked, const Effects& effects) {
  Answer answer;
  auto& body = answer.body;
  body.reserve(256 + picked.rows.size() + picked.tasks.size() * (options.task_bytes * 2 + 1600));
  body += '{';
  if (!effects.has(FaultKind::no_count)) {
    fmt::format_to(std::back_inserter(body), R"("count":{},)",
                   picked.count + (effects.has(FaultKind::miscount) ? 1 : 0));
  }
  const bool error = effects.has(FaultKind::envelope);
  fmt::format_to(std::back_inserter(body), R"("status_code":{},"message":"{}","data":[)", error ? 206 : 200,
                 error ? "Tasks Fetch Failed" : picked.message);
  body += picked.rows;
  for (const auto& task : picked.tasks) {
    append_task(body, options, picked.run, task);
    body += ',';
  }
  if (!picked.tasks.empty()) body.pop_back();
  body += "]}";
  return answer;
}

Answer write_space(const Options& options, const Space& space) {
  Answer answer;
  answer.body = R"({"status_code":200,"message":"Space Fetched Successfully","data":)";
  append_space(answer.body, options, space);
  answer.body += '}';
  return answer;
}

// What the lock is held for: either an answer that is finished, or rows to write.
std::variant<Answer, Picked> pick(World& world, const Route& asked, const Request& request, const Effects& effects) {
  if (auto other = instead(effects)) return *std::move(other);
  if (request.method != "GET" && request.method != "HEAD") return refusal(405, "Method not allowed.");
  if (asked.call == Call::other || !asked.slash) return no_such_path(request, asked);
  if (auto refused = check_access(world.options(), asked.call, request)) return *std::move(refused);
  if (asked.call == Call::spaces) return pick_spaces(world);
  if (asked.call == Call::organizations) return pick_organizations(world.options());
  const Space* space = world.find_space(asked.space);
  if (!space || space->removed) return unknown_space(asked.call);
  if (asked.call == Call::space) return write_space(world.options(), *space);
  if (asked.call == Call::runs) return pick_runs(world, *space, request, effects);
  Run* run = world.find_run(asked.run);
  const bool there = run && !run->removed && world.spaces()[run->space].token == asked.space;
  return pick_tasks(world, *space, there ? run : nullptr, request, effects);
}

Answer write(const Options& options, std::variant<Answer, Picked> picked, const Effects& effects) {
  if (auto* finished = std::get_if<Answer>(&picked)) return std::move(*finished);
  return write_list(options, std::get<Picked>(picked), effects);
}

}  // namespace

Platform::Platform(Options options, core::WallTime start)
    : options_(std::move(options)), state_(std::make_unique<State>(options_, start)) {}

Platform::~Platform() = default;

Answer Platform::answer(const Request& request, core::WallTime now) {
  const auto asked = route(request.path);
  Effects effects;
  std::uint64_t seq = 0;
  const Effects wrong{.hit = {{.kind = FaultKind::wrong_run}}};
  std::optional<std::variant<Answer, Picked>> unasked;
  auto picked = state_.with([&](std::unique_ptr<State>& state) {
    state->move_to(now);
    seq = ++state->served;
    effects = throw_dice(state->faults, asked.call, request.number("page").value_or(1), state->dice);
    const auto* limit = effects.find(FaultKind::limit);
    if (limit && !state->admits(limit->number, now)) effects.hit.push_back({.kind = FaultKind::status, .number = 429});
    if (effects.has(FaultKind::unasked)) unasked = pick(state->world, asked, request, wrong);
    now += state->ahead;
    return pick(state->world, asked, request, effects);
  });
  Answer answer = write(options_, std::move(picked), effects);
  answer.at = now;
  answer.seq = seq;
  spoil(answer, effects);
  if (unasked) answer.unasked = std::make_unique<Answer>(write(options_, *std::move(unasked), wrong));
  if (effects.has(FaultKind::idle_408)) answer.unasked = std::make_unique<Answer>(bare_answer(408));
  if (answer.unasked) answer.unasked->at = now;
  return answer;
}

std::vector<SpaceName> Platform::spaces() const {
  return state_.with([](const std::unique_ptr<State>& state) {
    std::vector<SpaceName> names;
    for (const auto& space : state->world.spaces()) names.push_back({space.name, space.token});
    return names;
  });
}

}  // namespace runwatch::sim
