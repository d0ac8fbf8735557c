#include "daemon/reload_requests.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace runwatch::daemon {
namespace {

constexpr auto kAnswerWithin = std::chrono::seconds(20);  // the ledger may take ten

}  // namespace

ReloadRequests::ReloadRequests() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!fd_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

ReloadOutcome ReloadRequests::ask() {
  auto answer = waiting_.with([](auto& waiting) { return waiting.emplace_back().get_future(); });
  ::eventfd_write(fd_.get(), 1);
  if (answer.wait_for(kAnswerWithin) == std::future_status::ready) return answer.get();
  return core::fail(core::ErrorKind::busy, "the reload takes long: see the log for what becomes of it");
}

void ReloadRequests::answer(const ReloadOutcome& outcome) {
  eventfd_t ignored = 0;
  ::eventfd_read(fd_.get(), &ignored);
  for (auto& promise : waiting_.with([](auto& waiting) { return std::exchange(waiting, {}); }))
    promise.set_value(outcome);
}

}  // namespace runwatch::daemon
