#include "http/connection.h"

#include <algorithm>
#include <utility>

namespace runwatch::http {
namespace {

constexpr std::size_t kDrainBytes = std::size_t{256} * 1024;

// An empty string that keeps no memory: idle connections are many.
void release(std::string& text) { std::string().swap(text); }

}  // namespace

Connection::Next Connection::next() {
  if (received_.empty()) release(received_);
  const auto state = scan_.advance(received_);
  if (state == ScanState::complete) {
    phase_ = Phase::answering;
    return Next::ask;
  }
  if (state == ScanState::incomplete) {
    phase_ = received_.empty() ? Phase::idle : Phase::receiving;
    return Next::wait;
  }
  status_ = state == ScanState::too_large ? 431 : 400;
  return Next::refuse;
}

std::string Connection::take_head() {
  std::string head = received_.substr(scan_.begin(), scan_.end() - scan_.begin());
  received_.erase(0, scan_.end());
  scan_.reset();
  return head;
}

void Connection::start(Answer answer) {
  phase_ = Phase::writing;
  answer_ = std::move(answer);
  sent_ = 0;
}

std::array<iovec, 2> Connection::unsent() const {
  const auto part = [](const char* bytes, std::size_t size, std::size_t skip) {
    const auto from = std::min(size, skip);
    // iovec is for reading and writing alike, hence the cast; sendmsg only reads.
    return iovec{const_cast<char*>(bytes) + from, size - from};
  };
  const auto head = part(answer_.head.data(), answer_.head.size(), sent_);
  const auto of_body = sent_ - std::min(sent_, answer_.head.size());
  const std::string_view body = answer_.body ? *answer_.body : std::string_view();
  return {head, part(body.data(), body.size(), of_body)};
}

void Connection::finish() {
  phase_ = answer_.close ? Phase::draining : Phase::idle;
  answer_ = Answer{};
  sent_ = 0;
  if (phase_ == Phase::draining) release(received_);
}

bool Connection::drained(std::size_t bytes) {
  thrown_away_ += bytes;
  return thrown_away_ >= kDrainBytes;
}

}  // namespace runwatch::http
