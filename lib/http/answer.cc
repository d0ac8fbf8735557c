#include "http/answer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <httplib.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/log.h"
#include "http/grammar.h"
#include "http/request_scan.h"

namespace runwatch::http {
namespace {

struct Refusal {
  int status;
  std::string_view reason;
  std::string_view extra;  // header lines
};

constexpr std::array kRefusals{
    Refusal{400, "Bad Request", ""},           Refusal{405, "Method Not Allowed", "Allow: GET, HEAD\r\n"},
    Refusal{417, "Expectation Failed", ""},    Refusal{431, "Request Header Fields Too Large", ""},
    Refusal{500, "Internal Server Error", ""},
};

// IMF-fixdate (RFC 9110 §5.6.7), whatever the locale.
std::string http_date() {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::now()));
}

bool is_framing(std::string_view name) {
  constexpr std::array<std::string_view, 6> kOurs{"content-length", "content-type", "connection",
                                                  "date",           "keep-alive",   "transfer-encoding"};
  return std::ranges::any_of(kOurs, [name](std::string_view ours) { return equal_ignoring_case(name, ours); });
}

bool has_body(int status) { return status != 204 && status != 304; }

void log_failure(std::string_view text) {
  static core::log::RateLimit limit(std::chrono::minutes(1));
  if (const auto held_back = limit.admit("handler", "", std::chrono::steady_clock::now())) {
    core::log::error("request handler failed, answered 500", {{"error", text}, core::log::suppressed(*held_back)});
  }
}

ServerResponse call(const Handler& handler, const ServerRequest& request) {
  try {
    auto response = handler(request);
    if (response.status < 200 || response.status > 599) throw std::out_of_range("status out of 200 to 599");
    return response;
  } catch (const std::exception& failure) {
    log_failure(failure.what());
  } catch (...) {
    log_failure("unknown exception");
  }
  return text_response(500, "internal error\n");
}

// One request in memory; what is written is kept for taking.
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string input) : input_(std::move(input)) {}

  std::string take_output() { return std::move(output_); }

  bool is_readable() const override { return position_ < input_.size(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, std::size_t size) override {
    const auto taken = input_.copy(to, size, position_);
    position_ += taken;
    return static_cast<ssize_t>(taken);
  }
  // Must not return 0: cpp-httplib would write again, for ever.
  ssize_t write(const char* bytes, std::size_t size) override {
    output_.append(bytes, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return 0; }  // cpp-httplib compares it with FD_SETSIZE

 private:
  std::string input_;
  std::size_t position_ = 0;
  std::string output_;
};

}  // namespace

ServerResponse text_response(int status, std::string text) {
  ServerResponse response;
  response.status = status;
  response.body = std::make_shared<const std::string>(std::move(text));
  return response;
}

Answer refusal(int status, std::string_view head) {
  const auto known = std::ranges::find(kRefusals, status, &Refusal::status);
  const Refusal& why = known == kRefusals.end() ? kRefusals.front() : *known;
  std::string bytes = fmt::format(
      "HTTP/1.1 {} {}\r\nDate: {}\r\n{}Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n"
      "Connection: close\r\n\r\n",
      why.status, why.reason, http_date(), why.extra, why.reason.size() + 1);
  if (!head.starts_with("HEAD ")) bytes.append(why.reason).append("\n");
  return {.head = std::move(bytes), .body = nullptr, .close = true};
}

// One request at a time: what cpp-httplib calls back with finds its context in `head_` and leaves its result in
// `response_`.
class Workers::Answerer final : private httplib::Server {
 public:
  explicit Answerer(const http::Handler& handler) : handler_(handler) {
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      route(request, response);
      return HandlerResponse::Handled;
    });
    set_post_routing_handler([this](const httplib::Request&, httplib::Response& response) { finish(response); });
  }

  Answer answer(std::string_view bytes) {
    try {
      const auto head = read_head(bytes);
      return head ? process(*head) : refusal(head.error(), bytes);
    } catch (const std::exception&) {  // out of memory: what a handler throws never comes here
      return refusal(500, bytes);
    }
  }

 private:
  Answer process(const Head& head) {
    head_ = &head;
    response_.reset();
    MemoryStream stream(bare_request(head));
    bool closed = false;
    process_request(stream, !head.keep_alive, closed, nullptr);
    if (!response_) return refusal(400, head.is_head ? "HEAD " : "");
    auto body = std::exchange(response_->body, nullptr);
    if (head.is_head || !has_body(response_->status)) body.reset();
    return {.head = stream.take_output(), .body = std::move(body), .close = !head.keep_alive};
  }

  void route(const httplib::Request& request, httplib::Response& response) {
    const Head& head = *head_;
    response_ = call(handler_, {.path = request.path,
                                .query = head.query(),
                                .host = head.host,
                                .accept = head.accept,
                                .accept_encoding = head.accept_encoding,
                                .head = head.is_head});
    response.status = response_->status;
    for (const auto& [name, value] : response_->headers) {
      if (is_token(name) && !is_framing(name)) response.set_header(name, value);
    }
    response.set_header("Date", http_date());
    if (!has_body(response_->status)) return;
    // `res.body` stays empty: cpp-httplib would copy and compress it.
    response.set_header("Content-Type", response_->content_type);
    response.set_header("Content-Length", std::to_string(response_->body ? response_->body->size() : 0));
  }

  void finish(httplib::Response& response) const {
    response.headers.erase("Keep-Alive");  // promises a number of requests that nobody counts
    response.headers.erase("Accept-Ranges");
    if (!response_ || !has_body(response_->status)) response.headers.erase("Content-Length");
    if (head_->http10 && head_->keep_alive) response.set_header("Connection", "keep-alive");
  }

  const http::Handler& handler_;
  const Head* head_ = nullptr;
  std::optional<ServerResponse> response_;
};

Workers::Workers(int count, Handler handler, Done done) : handler_(std::move(handler)), done_(std::move(done)) {
  for (int i = 0; i < std::max(count, 1); ++i) {
    threads_.emplace_back([this, answerer = std::make_unique<Answerer>(handler_)](const std::stop_token& stop) {
      pthread_setname_np(pthread_self(), "http-worker");
      work(*answerer, stop);
    });
  }
}

void Workers::submit(Job job) {
  {
    std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void Workers::stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Workers::work(Answerer& answerer, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !jobs_.empty(); }) && !stop.stop_requested()) {
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    done_(job.connection, answerer.answer(job.head));
    lock.lock();
  }
}

}  // namespace runwatch::http
