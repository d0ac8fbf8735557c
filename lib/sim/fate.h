// What becomes of one attempt at a task, decided at once and purely: how long it waits, rings and talks, how it ends
// and what follows. Durations are already divided by the platform's speed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/clock.h"
#include "sim/model.h"
#include "sim/options.h"

namespace runwatch::sim {

// One way a call ends, in the words of both output shapes.
struct Outcome {
  State state;
  double weight;  // among the outcomes of its kind: failed or not
  std::string_view call_status;
  std::string_view end_reason;
  std::string_view older_status;
  std::string_view older_reason;
  int shortest, longest;  // the conversation, in seconds; both 0: nobody spoke
};

inline constexpr std::array kOutcomes{
    Outcome{State::completed, 38, "completed", "customer-ended-call", "ended", "customer-ended-call", 25, 240},
    Outcome{State::completed, 12, "connected", "agent-ended-call", "ended", "assistant-ended-call", 15, 420},
    Outcome{State::completed, 8, "notConnected", "no-answer", "no-answer", "customer-did-not-answer", 0, 0},
    Outcome{State::completed, 6, "not-connected", "customer did not pick up", "no-answer", "customer-did-not-answer", 0,
            0},
    Outcome{State::completed, 8, "busy", "busy", "busy", "customer-busy", 0, 0},
    Outcome{State::completed, 9, "voicemail", "voicemail", "voicemail", "voicemail", 4, 28},
    Outcome{State::completed, 3, "droped", "line dropped", "ended", "call-dropped", 3, 60},
    Outcome{State::completed, 2, "unknown", "", "unknown", "", 0, 0},
    Outcome{State::partially_completed, 5, "completed", "silence-timed-out", "ended", "silence-timed-out", 20, 90},
    Outcome{State::failed, 5, "failed", "provider error: SIP 503", "failed", "call.start.error-vonage-rejected", 0, 0},
    Outcome{State::failed, 3, "failed", "invalid number", "failed", "call.start.error-invalid-number", 0, 0},
    Outcome{State::failed, 3, "cancelled", "call rejected", "rejected", "customer-rejected-call", 0, 0},
    Outcome{State::failed, 3, "failed", "timed out", "failed", "exceeded-max-duration", 30, 300},
    Outcome{State::failed, 2, "busy", "user busy", "busy", "customer-busy", 0, 0},
    Outcome{State::failed, 2, "notConnected", "no answer", "no-answer", "customer-did-not-answer", 0, 0},
    Outcome{State::failed, 1, "unknown", "worker lost", "failed", "pipeline-error", 2, 40},
};

inline constexpr unsigned kMaxAttempts = 3;

struct Requeue {
  State state = State::pending;  // or scheduled
  core::Duration after{0};       // the end
  bool keeps_output = false;     // of the attempt that failed, until the next one begins
};

struct Fate {
  core::Duration wait{0};  // from being queued to the attempt, but for the first one of a batch
  core::Duration ring{0};
  core::Duration talk{0};
  core::Duration output_delay{0};
  std::uint8_t outcome = 0;
  bool processing_first = false;  // `processing` while it rings
  bool shows_running = false;     // has an output while the call goes on
  bool stuck = false;             // never ends; put back after `requeue->after` from its beginning
  std::optional<Requeue> requeue;
};

core::Duration scaled(core::Duration duration, const Options& options);

// `subject` stands for the task or run, `attempt` counts from 1.
Fate fate(const Options& options, std::uint64_t subject, unsigned attempt);

// When a task is parked after it was queued and for how long; none for most.
struct Hold {
  core::Duration after, span;
};
std::optional<Hold> hold(const Options& options, std::uint64_t subject);

// When a task is deleted after its creation; none for most.
std::optional<core::Duration> vanishing(const Options& options, std::uint64_t subject);

bool is_odd(const Options& options, std::uint64_t subject);

Style style(const Options& options, std::uint64_t subject);

}  // namespace runwatch::sim
