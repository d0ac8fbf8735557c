#include "daemon/ledger_queries.h"

#include <memory>
#include <mutex>

namespace runwatch::daemon {
namespace {

constexpr core::Duration kAnswerWithin = std::chrono::seconds(1);
constexpr core::Duration kTurnWithin = std::chrono::milliseconds(200);

// Asks `member` of the ledger, in turn.
template <class Answer, class Question>
auto in_turn(watch::Watch& watch, std::shared_ptr<std::timed_mutex> turn,
             core::Result<Answer> (watch::Ledger::*member)(const Question&)) {
  return [&watch, turn = std::move(turn), member](const Question& question) -> core::Result<Answer> {
    const std::unique_lock lock(*turn, kTurnWithin);
    if (!lock) return core::fail(core::ErrorKind::busy, "somebody else's question keeps the ledger: ask again");
    return watch.ask_ledger<Answer>([question, member](watch::Ledger& ledger) { return (ledger.*member)(question); },
                                    kAnswerWithin);
  };
}

}  // namespace

view::LedgerQueries ledger_queries(watch::Watch& watch) {
  const auto turn = std::make_shared<std::timed_mutex>();
  return {.changes = in_turn(watch, turn, &watch::Ledger::changes),
          .hours = in_turn(watch, turn, &watch::Ledger::hours),
          .notices = in_turn(watch, turn, &watch::Ledger::notices)};
}

}  // namespace runwatch::daemon
