// From a request's head to the bytes of its answer, and the threads that make it.
//
// cpp-httplib parses the request, hands it to the handler and forms the head of the answer, all through a Stream in
// memory; the body is never copied nor compressed.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http/server.h"

namespace runwatch::http {

struct Answer {
  std::string head;
  std::shared_ptr<const std::string> body;  // null for HEAD
  bool close = true;                        // the connection ends with it
};

// An answer without a handler, to a request that is refused; closes. `head` is what is known of the request.
Answer refusal(int status, std::string_view head);

struct Job {
  std::uint64_t connection = 0;
  std::string head;
};

// The threads that answer: each takes one complete request head at a time and hands back its answer.
//
// Owns: its threads; `stop`, or the destructor, lets the answers under way end and drops the requests still waiting.
// Threads: `submit` from any; `Done` is called from the workers, as is the handler.
class Workers {
 public:
  using Done = std::function<void(std::uint64_t connection, Answer answer)>;

  // cpp-httplib's constructor sets SIGPIPE to be ignored, for the whole process.
  Workers(int count, Handler handler, Done done);
  ~Workers() { stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // The caller keeps the number of jobs bounded: one for each connection at most.
  void submit(Job job);
  void stop();

 private:
  class Answerer;
  void work(Answerer& answerer, const std::stop_token& stop);

  Handler handler_;
  Done done_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Job> jobs_;
  std::vector<std::jthread> threads_;
};

}  // namespace runwatch::http
