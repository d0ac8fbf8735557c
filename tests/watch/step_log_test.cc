#include <doctest/doctest.h>

#include <string>

#include "ledger_fixture.h"
#include "support/standard_error.h"

using namespace runwatch;
using namespace runwatch::watch;
using namespace runwatch::watch::test;
using task::Status;
using view::PollReason;

namespace {

std::size_t lines_with(const std::string& text, std::string_view part) {
  std::size_t lines = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++lines;
  return lines;
}

}  // namespace

TEST_CASE("an outage of a space is one line and its end another one, which tells how many lines were held back") {
  Desk desk;
  desk.discover({desk.row("a", 1h), desk.row("b", 1h)});
  desk.poll(1, {{1, Status::pending}});
  desk.poll(2, {{2, Status::pending}});
  const auto log = runwatch::test::standard_error_of([&] {
    for (int i = 0; i < 50; ++i) {
      desk.fail(JobKind::discovery, 0, PollReason::timeout);
      desk.fail(JobKind::poll, 1, PollReason::timeout);
      desk.fail(JobKind::poll, 2, PollReason::timeout);
    }
    desk.discover({desk.row("a", 1h), desk.row("b", 1h)});
    desk.poll(1, {{1, Status::pending}});
    desk.poll(2, {{2, Status::pending}});
    desk.poll(2, {{2, Status::pending}});
  });
  CHECK(lines_with(log, "level=warning") == 1);
  CHECK(lines_with(log, "level=warning msg=\"run list not complete\" space=sales reason=timeout error=") == 1);
  CHECK(lines_with(log, "level=info msg=\"all polls are complete again\" space=sales suppressed=149\n") == 1);
  CHECK(lines_with(log, "complete again") == 1);
}

TEST_CASE("another reason is news, and an outage that nothing was held back of says no number") {
  Desk desk;
  desk.discover({desk.row("a", 1h)});
  const auto log = runwatch::test::standard_error_of([&] {
    desk.fail(JobKind::poll, 1, PollReason::timeout);
    desk.fail(JobKind::poll, 1, PollReason::auth);
    desk.poll(1, {{1, Status::pending}});
  });
  CHECK(lines_with(log, "msg=\"poll not complete\"") == 2);
  CHECK(lines_with(log, "msg=\"all polls are complete again\" space=sales\n") == 1);
  CHECK(lines_with(log, "suppressed") == 0);
}
