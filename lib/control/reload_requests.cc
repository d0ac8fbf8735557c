#include "control/reload_requests.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace runwatch::control {
namespace {

constexpr auto kAnswerWithin = std::chrono::seconds(28);  // the ledger may take twenty

}  // namespace

ReloadRequests::ReloadRequests() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!fd_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

ReloadOutcome ReloadRequests::ask() {
  std::promise<ReloadOutcome> promise;
  auto answer = promise.get_future();
  const auto ended = waiting_.with([&](auto& waiting) {
    if (!waiting.ended) waiting.asked.push_back(std::move(promise));
    return waiting.ended;
  });
  if (ended) return std::unexpected(*ended);
  ::eventfd_write(fd_.get(), 1);
  if (answer.wait_for(kAnswerWithin) == std::future_status::ready) return answer.get();
  return core::fail(core::ErrorKind::busy, "the reload takes long: see the log for what becomes of it");
}

ReloadRequests::Asked ReloadRequests::take() {
  eventfd_t ignored = 0;
  ::eventfd_read(fd_.get(), &ignored);
  return waiting_.with([](auto& waiting) { return std::exchange(waiting.asked, {}); });
}

void ReloadRequests::answer(Asked asked, const ReloadOutcome& outcome) {
  for (auto& promise : asked) promise.set_value(outcome);
}

void ReloadRequests::end(const core::Error& why) {
  waiting_.with([&](auto& waiting) { waiting.ended = why; });
  answer(take(), std::unexpected(why));
}

}  // namespace runwatch::control
