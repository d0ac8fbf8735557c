#include "metrics/process.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "metrics/exposition_parser.h"

using namespace runwatch::metrics;

TEST_CASE("the line of /proc/self/stat is read whatever the program is called") {
  const std::string rest =
      " S 1 100 100 0 -1 4194304 200 0 0 0 150 50 0 0 20 0 7 0 123456 10485760 300 18446744073709551615 1 1 0 0\n";
  const ProcUnits units{100, 4096};
  for (const char* name : {"(runwatch)", "(a b)", "(a) S (b)", "())"}) {
    CAPTURE(name);
    const auto stat = parse_process_stat("42 " + std::string(name) + rest, units);
    REQUIRE(stat.has_value());
    CHECK(*stat == ProcessStat{2, 7, 1234.56, 10485760, 300 * 4096});
  }
}

TEST_CASE("a line that is not one of /proc/self/stat gives nothing") {
  for (const char* text : {"", "42", "42 (x) S 1 2", "42 (x) S 1 100 100 0 -1 4 2 0 0 0 a b 0 0 20 0 7 0 1 2 3"}) {
    CAPTURE(text);
    CHECK(!parse_process_stat(text, {100, 4096}));
  }
}

TEST_CASE("what started so long after the boot started so long ago") {
  CHECK(started_at(100, 160, 1770000060) == 1770000000);
  CHECK(started_at(0, 0, 1770000000) == 1770000000);
}

TEST_CASE("this process shows plausible values under the standard names") {
  std::string out;
  append_process(out, TextFormat::prometheus, true);
  const auto values = exposition::series(exposition::read(out, false));
  const auto value = [&](const char* name) {
    const auto found = values.find({name, {}});
    REQUIRE_MESSAGE(found != values.end(), name);
    return found->second;
  };
  CHECK(value("process_resident_memory_bytes") > 1 << 20);
  CHECK(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"));
  CHECK(value("process_open_fds") >= 3);
  CHECK(value("process_max_fds") >= value("process_open_fds"));
  CHECK(value("process_threads") >= 1);
  CHECK(value("process_cpu_seconds_total") >= 0);
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  CHECK(value("process_start_time_seconds") > now - 3600);  // a test lives no longer
  CHECK(value("process_start_time_seconds") < now + 60);
}

TEST_CASE("the creation of the CPU counter is the start of the process") {
  std::string out;
  append_process(out, TextFormat::open_metrics, true);
  const auto values = exposition::series(exposition::read(out + "# EOF\n", true));
  CHECK(values.at({"process_cpu_seconds_created", {}}) == values.at({"process_start_time_seconds", {}}));
}
