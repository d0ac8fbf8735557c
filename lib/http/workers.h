// The threads that answer: each takes one complete request head at a time and hands back its answer.
//
// Owns: its threads; `stop`, or the destructor, lets the answers under way end and drops the requests still waiting.
// Threads: `submit` and `stop` from any; `Done` is called from the workers.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/answer.h"

namespace runwatch::http {

struct Job {
  std::uint64_t connection = 0;
  std::string head;
};

class Workers {
 public:
  using Done = std::function<void(std::uint64_t connection, Answer answer)>;

  Workers(int count, Handler handler, Done done);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // The caller keeps the number of jobs bounded: one for each connection at most.
  void submit(Job job);
  void stop();

 private:
  void work(const Answerer& answerer);

  Handler handler_;
  Done done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace runwatch::http
