#include "http/workers.h"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace runwatch::http {
namespace {

Answer answer_or_refuse(const Answerer& answerer, const Job& job) {
  try {
    return answerer(job.head);
  } catch (const std::exception&) {  // out of memory: what a handler throws never comes here
    return refusal(500, job.head);
  }
}

}  // namespace

Workers::Workers(int count, Handler handler, Done done) : handler_(std::move(handler)), done_(std::move(done)) {
  try {
    for (int i = 0; i < std::max(count, 1); ++i) {
      threads_.emplace_back([this, answerer = make_answerer(handler_)] { work(answerer); });
    }
  } catch (...) {
    stop();
    throw;
  }
}

Workers::~Workers() { stop(); }

void Workers::submit(Job job) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void Workers::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
  threads_.clear();
}

void Workers::work(const Answerer& answerer) {
  pthread_setname_np(pthread_self(), "http-worker");
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    done_(job.connection, answer_or_refuse(answerer, job));
    lock.lock();
  }
}

}  // namespace runwatch::http
