// decode against nlohmann/json's SAX reader, which is told to pick the same fields out of the same bytes.
//
// Both keep their working memory from page to page and fill one ObservedTask a task. The ratio is printed at the end:
// medians of CPU time in alternating rounds, so that a busy machine slows both.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/timestamp.h"
#include "unpod/decode.h"

namespace {

using namespace runwatch;

constexpr int kTasks = 50;

std::string transcript(std::size_t bytes) {
  std::string out = "[";
  for (int turn = 0; out.size() < bytes; ++turn) {
    if (turn > 0) out += ',';
    out += fmt::format(
        R"({{"role": "{}", "content": "Namaste, this is turn {} of the call. I wanted to ask about your order, and )"
        R"(whether the \"evening\" slot suits you \u2014 we can also come tomorrow, before nine.", )"
        R"("timestamp": "2026-02-07T05:{:02}:{:02}.000000"}})",
        turn % 2 ? "user" : "assistant", turn, turn / 60 % 60, turn % 60);
  }
  return out + "]";
}

std::string task(int number, std::size_t bytes) {
  return fmt::format(
      R"({{"_id": "697debb84c27faa892bf{0:04x}", "task_id": "T{0:08x}fe9a11f0878d43cd8a99e069", )"
      R"("run_id": "Recac64fe03e911f1878d43cd8a99e069", "ref_id": null, "thread_id": null, "space_id": "346", )"
      R"("user": "38", "assignee": "space-agent-8qmk42nslp91wrh3dz7btxc4", "run_mode": "prod", )"
      R"("collection_ref": "collection_data_F1O3QJM1Y7Q1AVVUYNV4VPRB", "status": "{1}", "execution_type": "call", )"
      R"("task": {{"objective": "Ask whether the delivery suits, and note another day if it does not."}}, )"
      R"("input": {{"name": "A Person", "contact_number": "+910000000000", "email": "person@example.com"}}, )"
      R"("output": {{"call_id": "C{0:08x}fe9a11f0878d43cd8a99e069", "customer": "A Person", )"
      R"("start_time": "2026-02-07T05:55:45", "end_time": "2026-02-07T05:57:45", "duration": 120.5, )"
      R"("call_type": "outbound", "call_status": "completed", "call_end_reason": "customer-ended-call", )"
      R"("cost": 0.125, "recording_url": "https://example.com/recording/{0}", "transcript": {2}, )"
      R"("post_call_data": {{"summary": {{"status": "done", "summary": "All is well."}}, )"
      R"("classification": {{"labels": ["a", "b"]}}, "sentiment": "good"}}}}, )"
      R"("user_info": {{"name": "A Person"}}, "attachments": [], )"
      R"("created": "2026-02-07T05:50:00", "modified": "2026-02-07 05:50:00.067021"}})",
      number, number % 10 == 0 ? "failed" : "completed", transcript(bytes));
}

std::string page(std::size_t task_bytes) {
  std::string out = R"({"count": 50, "status_code": 200, "message": "Tasks Fetched Successfully", "data": [)";
  for (int i = 0; i < kTasks; ++i) out += (i > 0 ? ", " : "") + task(i, task_bytes - 1500);
  return out + "]}";
}

// What a careful user of nlohmann/json would write: no DOM, keys followed by depth.
class SaxReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit SaxReader(std::vector<task::ObservedTask>& tasks) : tasks_(tasks) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t v) override { return number(static_cast<double>(v)); }
  bool number_unsigned(number_unsigned_t v) override { return number(static_cast<double>(v)); }
  bool number_float(number_float_t v, const string_t&) override { return number(v); }
  bool binary(binary_t&) override { return true; }
  bool start_array(std::size_t) override { return open(); }
  bool end_array() override { return close(); }
  bool start_object(std::size_t) override {
    if (depth_ == 2) tasks_.emplace_back();
    return open();
  }
  bool end_object() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

  bool key(string_t& name) override {
    if (depth_ <= kDeepest) keys_[depth_].assign(name);
    return true;
  }
  bool string(string_t& v) override {
    if (depth_ == 3) task_string(v);
    if (depth_ == 4 && keys_[3] == "output") output_string(v);
    return true;
  }

 private:
  static constexpr std::size_t kDeepest = 4;

  bool open() { return ++depth_, true; }
  bool close() { return --depth_, true; }

  bool number(double v) {
    if (depth_ == 1 && keys_[1] == "count") count_ = v;
    if (depth_ != 4 || keys_[3] != "output") return true;
    if (keys_[4] == "duration") tasks_.back().duration = static_cast<float>(v);
    if (keys_[4] == "cost") tasks_.back().cost = v;
    return true;
  }
  void task_string(const std::string& v) {
    auto& task = tasks_.back();
    const std::string& key = keys_[3];
    if (key == "task_id") task.key = task::make_task_key(v);
    if (key == "status") task.status = task::parse_status(v);
    if (key == "created") task.created = core::parse_timestamp(v).value_or(task::kNoTime);
    if (key == "execution_type") task.execution = task::parse_execution_type(v);
    if (key == "run_mode") task.mode = task::parse_run_mode(v);
  }
  void output_string(const std::string& v) {
    auto& task = tasks_.back();
    const std::string& key = keys_[4];
    if (key == "call_id") task.call = core::digest64(v);
    if (key == "start_time") task.started = core::parse_timestamp(v).value_or(task::kNoTime);
    if (key == "end_time") task.ended = core::parse_timestamp(v).value_or(task::kNoTime);
    if (key == "call_status") task.call_status = task::parse_call_status(v);
    if (key == "call_type") task.call_type = task::parse_call_type(v);
    if (key == "call_end_reason" && task.status == task::Status::failed) task.failure = task::parse_failure_reason(v);
  }

  std::vector<task::ObservedTask>& tasks_;
  std::size_t depth_ = 0;
  std::string keys_[kDeepest + 1];
  double count_ = 0;
};

void sax(const std::string& body, std::vector<task::ObservedTask>& tasks) {
  tasks.clear();
  SaxReader reader(tasks);
  if (!nlohmann::json::sax_parse(body, &reader)) std::abort();
}

void rate(benchmark::State& state, std::size_t bytes) {
  const auto pages = static_cast<std::int64_t>(state.iterations());
  state.SetBytesProcessed(pages * static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(pages * kTasks);
}

void with_decode(benchmark::State& state) {
  std::string body = page(static_cast<std::size_t>(state.range(0)));
  unpod::Decoder decoder;
  unpod::TaskPage rows;
  for (auto _ : state)
    if (!decoder.tasks(body, rows, "Recac64fe03e911f1878d43cd8a99e069")) state.SkipWithError("not decoded");
  rate(state, body.size());
}
BENCHMARK(with_decode)->Arg(30'000)->Arg(5'000);

void with_sax(benchmark::State& state) {
  const std::string body = page(static_cast<std::size_t>(state.range(0)));
  std::vector<task::ObservedTask> tasks;
  for (auto _ : state) sax(body, tasks);
  rate(state, body.size());
}
BENCHMARK(with_sax)->Arg(30'000)->Arg(5'000);

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <class F>
double seconds(F&& work) {
  const double begin = cpu_seconds();
  work();
  return cpu_seconds() - begin;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// False when the two readers do not agree on every task.
bool compare(std::size_t task_bytes) {
  std::string body = page(task_bytes);
  unpod::Decoder decoder;
  unpod::TaskPage rows;
  std::vector<task::ObservedTask> tasks;
  std::vector<double> fast;
  std::vector<double> slow;
  for (int round = 0; round < 21; ++round) {
    fast.push_back(seconds([&] {
                     for (int i = 0; i < 20; ++i)
                       if (!decoder.tasks(body, rows, "Recac64fe03e911f1878d43cd8a99e069")) std::abort();
                   }) /
                   20);
    slow.push_back(seconds([&] { sax(body, tasks); }));
  }
  const double size = static_cast<double>(body.size());
  fmt::print("decode, pages of {} tasks x {} KB: {:.2f} GB/s, nlohmann SAX {:.3f} GB/s, ratio {:.1f}\n", kTasks,
             task_bytes / 1000, size / median(fast) / 1e9, size / median(slow) / 1e9, median(slow) / median(fast));
  return rows.tasks == tasks;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  for (const std::size_t bytes : {std::size_t{30'000}, std::size_t{5'000}})
    if (!compare(bytes)) {
      fmt::print(stderr, "decode and SAX read different tasks out of the same page\n");
      return 1;
    }
  return 0;
}
