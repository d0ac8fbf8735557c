// A receiver of notices on this machine: takes what is posted, looks who signed it, and answers as it is told to.
//
// Owns: the listener. Threads: its server's own; `verify` and `arrived` are called by one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"

namespace runwatch::sim {

// What is done instead of answering 200: a status from 300 to 599, `hang` (never an answer) or `close` (the notice was
// taken, its answer is lost).
struct SinkFault {
  std::string what;
  double share = 1;

  bool operator==(const SinkFault&) const = default;
};

// `500:0.1`; the share counts as 1 when left out. Fails: `invalid`.
core::Result<SinkFault> parse_sink_fault(std::string_view text);

struct Arrival {
  core::WallTime at{};
  std::string id{};         // webhook-id
  std::uint64_t times = 1;  // that this id arrived so far
  bool altered = false;     // with other bytes than the first time
  enum class Signature : std::uint8_t { unchecked, good, bad } signature = Signature::unchecked;
  std::string reason{};   // why it is bad
  std::string outcome{};  // `200`, or what a fault made of it
  std::string body{};     // empty: it was a GET, as a heartbeat is
};

// One line without its end: what it says, whether its signature is good, and what else is odd about it.
std::string describe(const Arrival& arrival);
std::string to_json(const Arrival& arrival);  // one line likewise, with the whole body

struct SinkMessage {
  std::string_view id, timestamp, signatures, body;
};

struct SinkOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  std::uint64_t seed = 1;  // of what goes wrong
  std::vector<SinkFault> faults{};
  std::function<core::Result<void>(const SinkMessage&)> verify{};  // empty: signatures are not looked at
  std::function<void(const Arrival&)> arrived{};
};

class Sink {
 public:
  virtual ~Sink() = default;
  virtual std::string address() const = 0;  // `127.0.0.1:10321`
};

// Listens before it returns. `clock` must outlive the sink. Fails: `invalid` for faults of more than 1 in sum,
// otherwise as a listener does.
core::Result<std::unique_ptr<Sink>> receive(SinkOptions options, const core::Clock& clock);

}  // namespace runwatch::sim
