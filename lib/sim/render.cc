#include "sim/render.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <nlohmann/json.hpp>

#include "sim/dice.h"
#include "sim/fate.h"
#include "sim/id.h"

namespace runwatch::sim {
namespace {

constexpr std::array<std::string_view, 5> kModes{"prod", "dev", "test", "prefect", "default"};
constexpr std::array<std::string_view, 4> kObjectives{
    "Remind the contact of the appointment and offer another slot if it does not suit.",
    "Find out whether the contact is interested in the new plan; note questions, promise nothing.",
    "Ask how satisfied the contact was with the last visit, on a scale from one to five.",
    "Confirm the delivery address and the day; transfer to a person when there is a complaint."};

// Finished statuses are always spelt well: what ended is what the platform documents.
void append_status(std::string& out, const Task& task) {
  const auto form = task.odd && !is_finished(task.state) ? task.ticks % 5 : 5;
  std::string text(name(task.state));
  if (form == 0) std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  if (form == 1) text = "dialer_backoff";
  if (form == 4) text = is_running(task.state) ? " In Progress " : ' ' + text + ' ';
  if (form == 2) out.append(R"("status":null,)");
  if (form != 2 && form != 3) out.append(R"("status":")").append(text).append("\",");
}

void append_ids(std::string& out, const Options& options, const Run& run, const Task& task) {
  const auto node = mix(options.seed);
  fmt::format_to(std::back_inserter(out),
                 R"({{"_id":"{}","task_id":"{}","run_id":"{}","space_id":"{}","user":"38","user_org_id":"12",)"
                 R"("thread_id":null,"ref_id":"{}","collection_ref":"collection_data_{:024}",)"
                 R"("assignee":"space-agent-{:024}",)",
                 make_object_id(task.created, node, task.number), make_id('T', task.ticks, node), run.id,
                 346 + run.space, task.number, run.space, run.space + 7);
}

void append_contact(std::string& out, const Task& task) {
  const auto contact = task.number % 10'000;
  fmt::format_to(std::back_inserter(out),
                 R"("task":{{"objective":"{}"}},"input":{{"name":"Test Contact {:04}",)"
                 R"("contact_number":"+1202555{:04}","email":"contact{:04}@example.com","quality_check":null,)"
                 R"("context":"first contact in March; prefers mornings"}},"attachments":[],)"
                 R"("user_info":{{"full_name":"Test Operator","email":"operator@example.com"}},)",
                 kObjectives[task.number % kObjectives.size()], contact, 100 + task.number % 100, contact);
}

void append_truth(std::string& out, const Options& options, const Run& run, const Task& task) {
  const auto row = out.size();
  append_ids(out, options, run, task);
  append_status(out, task);
  fmt::format_to(std::back_inserter(out), R"("execution_type":"{}","run_mode":"{}",)",
                 run.style.kind == Kind::call ? "call" : "email", kModes[run.style.mode % kModes.size()]);
  append_contact(out, task);
  if (run.style.extended && task.state == State::failed) {
    fmt::format_to(std::back_inserter(out), R"("last_failure_reason":"{}",)", kOutcomes[task.outcome].end_reason);
  } else if (run.style.extended) {
    out.append(R"("last_failure_reason":null,)");
  }
  fmt::format_to(std::back_inserter(out), R"("created":{0},"modified":{0},"output":)",
                 time_text(task.created, run.style.time_form));
  append_output(out, row, options, run, task);
  out += '}';
}

}  // namespace

std::string http_date(core::WallTime time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

void append_task(std::string& out, const Options& options, const Run& run, const Task& task) {
  const auto said = run.said.find(task.ticks);
  if (said == run.said.end()) return append_truth(out, options, run, task);
  std::string truth;
  append_truth(truth, options, run, task);
  auto row = nlohmann::ordered_json::parse(truth);
  for (const auto& [name, text] : said->second) row.emplace(name, nullptr);
  out += '{';
  for (const auto& [name, value] : row.items()) {
    const auto field = said->second.find(name);
    const bool early = name == "output" && task.output == Output::none;
    out.append(out.back() == '{' ? "" : ",").append(nlohmann::json(name).dump()) += ':';
    out.append(field == said->second.end() || early ? value.dump() : field->second);
  }
  out += '}';
}

void append_run(std::string& out, const Options& options, const Run& run) {
  const bool running = run.state == State::in_progress && run.ticks % 3 == 0;
  const auto created = time_text(run.created, run.style.time_form);
  const auto field = [&](std::string_view name, std::string_view truth) {
    const auto said = run.row.find(name);
    fmt::format_to(std::back_inserter(out), R"(,"{}":{})", name, said == run.row.end() ? truth : said->second);
  };
  fmt::format_to(std::back_inserter(out),
                 R"({{"_id":"{}","space_id":"{}","user":"38","thread_id":null,"run_id":"{}",)"
                 R"("collection_ref":"collection_data_{:024}","run_mode":"{}")",
                 make_object_id(run.created, mix(options.seed), run.number), 346 + run.space, run.id, run.space,
                 kModes[run.style.mode % kModes.size()]);
  field("status", fmt::format(R"("{}")", running ? std::string_view("running") : name(run.state)));
  field("batch_count", std::to_string(run.batch_count));
  field("created", created);
  field("modified", created);
  out += '}';
}

void append_space(std::string& out, const Options& options, const Space& space) {
  const nlohmann::ordered_json row{
      {"name", space.name},
      {"slug", space.slug},
      {"token", space.token},
      {"description", "A space of the simulated platform"},
      {"privacy_type", "shared"},
      {"space_type", "general"},
      {"content_type", "contact"},
      {"organization", {{"name", options.org_name}, {"domain_handle", options.org_handle}}}};
  out.append(row.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void append_organization(std::string& out, const Options& options) {
  const nlohmann::ordered_json row{
      {"name", options.org_name}, {"domain_handle", options.org_handle}, {"role", "owner"}};
  out.append(row.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace runwatch::sim
