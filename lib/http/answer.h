// From a request's head to the bytes of its answer.
//
// An Answerer lets cpp-httplib parse the request, hand it to the handler and form the head of the answer, all through a
// Stream in memory; the body is never copied nor compressed.
// Threads: an Answerer belongs to one thread; the handler may be shared among several.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "http/server.h"

namespace runwatch::http {

// Tells a handler's `on_sent` exactly once: false unless `complete` was called before the end of its life.
class SentNotice {
 public:
  SentNotice() = default;
  explicit SentNotice(std::function<void(bool)> tell) : tell_(std::move(tell)) {}
  SentNotice(SentNotice&& other) noexcept : tell_(std::exchange(other.tell_, nullptr)) {}
  SentNotice& operator=(SentNotice&& other) noexcept {
    std::swap(tell_, other.tell_);
    return *this;
  }
  ~SentNotice() { tell(false); }

  void complete() { tell(true); }

 private:
  void tell(bool complete) {
    if (const auto told = std::exchange(tell_, nullptr)) told(complete);
  }

  std::function<void(bool)> tell_;
};

struct Answer {
  std::string head;
  std::shared_ptr<const std::string> body;  // null for HEAD
  std::size_t body_bytes = 0;               // how much of the body is sent
  bool whole = true;                        // false: a truncated one
  bool close = true;                        // the connection ends with it
  SentNotice notice;
};

// An answer without a handler, to a request that is refused; closes. `head` is what is known of the request.
Answer refusal(int status, std::string_view head);

class Answerer {
 public:
  // The handler must outlive this. cpp-httplib's constructor sets SIGPIPE to be ignored, for the whole process.
  explicit Answerer(const Handler& handler);
  ~Answerer();
  Answer answer(std::string_view head);

 private:
  class Library;
  std::unique_ptr<Library> library_;
};

}  // namespace runwatch::http
