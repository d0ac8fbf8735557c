#include "http/wire.h"

#include <fmt/format.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <string>

#include "core/fd.h"

namespace runwatch::http {
namespace {

// For each fetcher. libcurl frees it after each answer: from 64 KiB on that makes malloc tidy up and shrink the heap.
constexpr long kReceiveBuffer = 48L * 1024;
constexpr long kKeptConnections = 1;  // `socket_` is the one

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  // Only options that this libcurl knows are set; what can fail is the allocation of a copy.
  if ((curl_easy_setopt)(easy, option, value) != CURLE_OK) throw std::bad_alloc();
}

// EMFILE or ENFILE when there are not enough descriptors for a lookup and a connection: libcurl does not tell.
int descriptor_shortage() {
  std::array<core::Fd, 4> spare;
  for (core::Fd& fd : spare) {
    fd = core::Fd(::eventfd(0, EFD_CLOEXEC));
    if (!fd) return errno;
  }
  return 0;
}

}  // namespace

void configure(CURL* easy, const ClientOptions& options) {
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  if (options.proxy != ClientOptions::kEnvironment) {
    set(easy, CURLOPT_PROXY, options.proxy.c_str());  // an empty one, too: the environment's are nobody's configuration
    set(easy, CURLOPT_NOPROXY, "");
  }
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // the proxy's answer is not the peer's
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_QUICK_EXIT, 1L);  // a hanging getaddrinfo would outlive every deadline
  set(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (!options.ca_file.empty()) {
    set(easy, CURLOPT_CAINFO, options.ca_file.c_str());
    set(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // this file alone
  }
  set(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
}

Wire::Wire(const ClientOptions& options)
    : max_header_(options.max_header.count),
      max_age_(options.max_connection_age),
      url_(curl_url()),
      easy_(curl_easy_init()),
      multi_(curl_multi_init()) {
  if (!url_ || !easy_ || !multi_) throw std::bad_alloc();
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kKeptConnections);
  can_wake_ = curl_multi_wakeup(multi_.get()) == CURLM_OK;
  CURL* const easy = easy_.get();
  configure(easy, options);
  set(easy, CURLOPT_CURLU, url_.get());
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);  // a connection's age is that of its address, too
  set(easy, CURLOPT_BUFFERSIZE, kReceiveBuffer);
  set(easy, CURLOPT_ERRORBUFFER, error_.data());
  listen();
}

Wire::~Wire() { curl_multi_remove_handle(multi_.get(), easy_.get()); }

// What libcurl says while it works. (A piece's size comes as a count of bytes, after a 1.)
void Wire::listen() {
  const auto on_header = [](char* data, std::size_t, std::size_t size, void* self) noexcept {
    Wire& wire = *static_cast<Wire*>(self);
    const bool taken = wire.receiver_.take_header({data, size});
    if (wire.receiver_.has_headers()) set(wire.easy_.get(), CURLOPT_VERBOSE, 1L);
    return taken ? size : 0;
  };
  const auto on_body = [](char* data, std::size_t, std::size_t size, void* self) noexcept {
    Wire& wire = *static_cast<Wire*>(self);
    const auto announced = wire.receiver_.has_body() ? -1 : wire.info<curl_off_t>(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T);
    return wire.receiver_.take_body({data, size}, announced) ? size : 0;
  };
  const auto on_connected = [](void* self, char*, char*, int, int) noexcept {
    return static_cast<Wire*>(self)->may_ask() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
  };
  const auto on_lookup = [](void*, void*, void* self) noexcept {
    static_cast<Wire*>(self)->looked_up_ = true;
    return 0;
  };
  // libcurl 7.88 drops bytes that come behind an answer in chunks, or without a body, and keeps the connection: what it
  // writes into its log is the only trace. Up to the body that log is costly and says nothing of it: it is off.
  const auto on_log = [](CURL*, curl_infotype type, char* data, std::size_t size, void* self) noexcept {
    const std::string_view text(data, size);
    const auto tells = [&](std::string_view start) { return type == CURLINFO_TEXT && text.starts_with(start); };
    if (tells("Excess found") || tells("Leftovers after")) static_cast<Wire*>(self)->excess_ = true;
    return 0;
  };
  CURL* const easy = easy_.get();
  set(easy, CURLOPT_HEADERFUNCTION, +on_header);
  set(easy, CURLOPT_WRITEFUNCTION, +on_body);
  set(easy, CURLOPT_PREREQFUNCTION, +on_connected);
  set(easy, CURLOPT_RESOLVER_START_FUNCTION, +on_lookup);
  set(easy, CURLOPT_DEBUGFUNCTION, +on_log);
  for (const auto self :
       {CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_PREREQDATA, CURLOPT_RESOLVER_START_DATA, CURLOPT_DEBUGDATA}) {
    set(easy, self, static_cast<void*>(this));
  }
}

// False for a URL that is none.
bool Wire::set_request(const Request& request) {
  if (!set_url(request.url)) return false;
  set_headers(request);
  CURL* const easy = easy_.get();
  if (request.method == Method::get) {
    set(easy, CURLOPT_HTTPGET, 1L);
  } else {
    set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(easy, CURLOPT_POSTFIELDS, request.body.data());
  }
  // libcurl repeats by itself what met a dead kept-alive connection.
  set(easy, CURLOPT_FRESH_CONNECT, request.repeatable.value_or(request.method == Method::get) ? 0L : 1L);
  const auto cap = static_cast<curl_off_t>(std::min<std::uint64_t>(request.max_response.count, INT64_MAX));
  set(easy, CURLOPT_MAXFILESIZE_LARGE, cap);
  // `run` ends the exchange at its deadline; libcurl's own stands a second behind.
  const auto end = static_cast<long>(std::clamp<std::int64_t>(request.timeout.count(), 0, INT32_MAX - 1000)) + 1000L;
  set(easy, CURLOPT_TIMEOUT_MS, end);
  return true;
}

// Parsing a whole URL takes a tenth of what libcurl does for a request: page after page, only the query is another one.
bool Wire::set_url(const std::string& url) {
  const auto query = url.find('?');
  const auto base = std::string_view(url).substr(0, query);
  if (query != std::string::npos && base == url_base_)
    return curl_url_set(url_.get(), CURLUPART_QUERY, url.c_str() + query + 1, 0) == CURLUE_OK;
  url_base_.clear();
  constexpr unsigned kFlags = CURLU_DISALLOW_USER | CURLU_PATH_AS_IS;
  if (curl_url_set(url_.get(), CURLUPART_URL, url.c_str(), kFlags) != CURLUE_OK) return false;
  url_base_ = base;
  return true;
}

void Wire::set_headers(const Request& request) {
  if (headers_ && request.headers == named_headers_ && request.authorization == authorization_) return;
  List list;
  add_header(list, "Accept-Encoding: gzip");
  // What libcurl adds to a POST by itself, left out: a type that is the caller's to say, and a second of waiting.
  add_header(list, "Content-Type:");
  add_header(list, "Expect:");
  // "name:" would leave it out, "name;" has an empty value.
  for (const auto& [name, value] : request.headers)
    add_header(list, fmt::format("{}{}{}", name, value.empty() ? ";" : ": ", value));
  if (!request.authorization.empty()) {
    add_header(list, fmt::format("Authorization: {}", request.authorization.reveal()));
  }
  set(easy_.get(), CURLOPT_HTTPHEADER, list.get());
  headers_ = std::move(list);
  named_headers_ = request.headers;
  authorization_ = request.authorization;
}

void Wire::add_header(List& list, const std::string& line) {
  curl_slist* const before = list.release();
  curl_slist* const head = curl_slist_append(before, line.c_str());
  list.reset(head == nullptr ? before : head);
  if (head == nullptr) throw std::bad_alloc();
}

std::expected<Response, Failure> Wire::exchange(const Request& request, core::SteadyTime deadline, std::string spare,
                                                const std::stop_token& stop) {
  error_.front() = '\0';
  if (!set_request(request)) return std::unexpected(explain(CURLE_URL_MALFORMAT, "", 0));
  if (!can_wake_) return std::unexpected(explain(CURLE_COULDNT_CONNECT, "", EMFILE));
  const std::stop_callback wake(stop, [multi = multi_.get()] { curl_multi_wakeup(multi); });
  for (;;) {
    receiver_.begin(max_header_, request.max_response.count, std::exchange(spare, {}));
    looked_up_ = unfit_ = excess_ = reused_ = false;
    set(easy_.get(), CURLOPT_VERBOSE, 0L);
    if (curl_multi_add_handle(multi_.get(), easy_.get()) != CURLM_OK) throw std::bad_alloc();
    const End end = run(deadline, stop);
    ended_ = end == End::done;
    // A 408 on a kept-alive connection: the peer had given it up before the request came.
    const bool given_up = kept_alive() && receiver_.status() == 408;
    // It ended just as it was asked; where that is seen while sending, libcurl does not ask again by itself.
    const bool died = end == End::done && reused_ && !receiver_.has_begun();
    if (!unfit_ && !given_up && !died) {
      auto result = conclude(end, request);
      if (!result && receiver_.status() >= 200) {
        result.error().status = receiver_.status();
        result.error().headers = receiver_.headers();
      }
      return result;
    }
    curl_multi_remove_handle(multi_.get(), easy_.get());
    socket_ = CURL_SOCKET_BAD;
  }
}

// Asked before each request, once its connection stands; false closes the connection.
bool Wire::may_ask() {
  const auto now = std::chrono::steady_clock::now();
  if (!kept_alive()) {
    reused_ = false;
    connected_ = now;
    return true;
  }
  const auto* const tls = info<curl_tlssessioninfo*>(CURLINFO_TLS_SSL_PTR);
  void* const session = tls != nullptr && tls->backend == CURLSSLBACKEND_OPENSSL ? tls->internals : nullptr;
  unfit_ = now - connected_ >= max_age_ || !is_quiet(socket_, session);
  reused_ = !unfit_;
  return reused_;
}

Wire::End Wire::run(core::SteadyTime deadline, const std::stop_token& stop) {
  for (;;) {
    if (stop.stop_requested()) return End::stopped;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return End::late;
    int running = 0;
    if (curl_multi_perform(multi_.get(), &running) != CURLM_OK || running == 0) return End::done;
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)), nullptr);
  }
}

std::expected<Response, Failure> Wire::conclude(End end, const Request& request) {
  if (end == End::stopped) return std::unexpected(Failure{TransportError::cancelled, "the request was cancelled"});
  if (end == End::late) {
    return std::unexpected(Failure{TransportError::timeout,
                                   fmt::format("not done within {} ms: {}", request.timeout.count(), phase(request))});
  }
  int queued = 0;
  const CURLMsg* const message = curl_multi_info_read(multi_.get(), &queued);
  const CURLcode code = message == nullptr ? CURLE_FAILED_INIT : message->data.result;
  if (receiver_.refusal()) return std::unexpected(*receiver_.refusal());
  if (code != CURLE_OK) {
    auto system_error = info<long>(CURLINFO_OS_ERRNO);
    if (system_error == 0) system_error = descriptor_shortage();
    return std::unexpected(explain(code, error_.data(), static_cast<int>(system_error)));
  }
  socket_ = excess_ ? CURL_SOCKET_BAD : info<curl_socket_t>(CURLINFO_ACTIVESOCKET);
  curl_multi_remove_handle(multi_.get(), easy_.get());
  return receiver_.finish();
}

bool Wire::kept_alive() const { return info<long>(CURLINFO_NUM_CONNECTS) == 0; }

bool Wire::in_lookup() const { return looked_up_ && info<curl_off_t>(CURLINFO_NAMELOOKUP_TIME_T) == 0; }

// The handle is still in its lookup, as nothing performs it any more: the only descriptor it waits for is the one
// through which libcurl's resolver thread reports.
bool Wire::lookup_hangs() const {
  int ready = 0;
  return !ended_ && in_lookup() && curl_multi_poll(multi_.get(), nullptr, 0, 0, &ready) == CURLM_OK && ready == 0;
}

std::string Wire::phase(const Request& request) const {
  if (in_lookup()) return "the host's name was still looked up";
  if (info<curl_off_t>(CURLINFO_PRETRANSFER_TIME_T) == 0) return "no connection yet";  // TLS included
  const auto sent = static_cast<std::size_t>(info<curl_off_t>(CURLINFO_SIZE_UPLOAD_T));
  if (sent < request.body.size()) return "the request was still being sent";
  if (!receiver_.has_headers()) return "no complete answer line and headers yet";
  return "the body was still arriving";
}

}  // namespace runwatch::http
