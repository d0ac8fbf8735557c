// The platform's API: five calls, each a whole walk or a Failure.
//
// A walk asks for page after page until what came is a consistent whole, and begins a second time at once when rows
// moved under it; it settles for nothing less. A request whose token is refused is sent once more after the token was
// read again, and one that is refused with 429 or 503 again and again within `kPatience`, as the hooks let it pass; no
// other is repeated. Nothing here decides what a failure means for the schedule.
// Threads: an Api belongs to one thread; Credentials are shared.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/guarded.h"
#include "core/secret.h"
#include "http/client.h"
#include "task/observed.h"
#include "view/poll_reason.h"

namespace runwatch::unpod {

struct Failure {
  view::PollReason reason = view::PollReason::other;
  std::string text;  // printable, at most about 200 characters, names neither token nor person
  std::optional<core::Duration> retry_after{};  // as the platform asked, unclamped but ≥ 0; only with 429 and 503
  bool cancelled = false;                       // we are stopping: count nothing
  core::Secret refused_token{};                 // with auth: the token it is about
};

template <class T>
using Answer = std::expected<T, Failure>;

// The API token, read again from its source when the platform refuses it.
class Credentials {
 public:
  using Reader = std::function<core::Result<core::Secret>()>;
  // `reread` may be empty: the token came from the configuration or the environment and cannot change.
  Credentials(core::Secret token, Reader reread);

  core::Secret token() const;
  // Another token, of another source.
  void replace(core::Secret token, Reader reread);
  // Reads the source again; true when the token is now another one than `refused`.
  bool refresh(const core::Secret& refused);

 private:
  core::Guarded<core::Secret> token_;
  core::Guarded<Reader> reread_;
};

enum class Call : std::uint8_t { tasks, runs, spaces, space, organizations };

// With an answer that asks for fewer requests; a pause beyond it fails the call at once.
inline constexpr core::Duration kPatience = std::chrono::seconds(20);

// Called around each request, from the Api's thread; each may be empty.
struct Hooks {
  // Waits for the shared budget; false: we are stopping.
  std::function<bool(std::stop_token)> admit;
  // After each exchange. `status` 0: no answer; `bytes` of the body as the parser saw it.
  std::function<void(Call, int status, core::Duration took, std::uint64_t bytes)> done;
  // After an answer to a request sent at `sent` that has nothing against as many requests.
  std::function<void(core::SteadyTime sent)> answered{};
  // After a 429 or 503: how long no request is admitted from now. Empty: such a request is not repeated.
  std::function<core::Duration(core::SteadyTime sent, std::optional<core::Duration> retry_after)> throttled{};
};

struct ApiOptions {
  std::string base_url;    // without trailing slash
  std::string org_handle;  // empty: not sent
  core::Duration timeout{15000};
  std::uint64_t page_size = 100;
  core::Bytes max_response = core::mib(32);
  std::uint64_t max_rows = 2'000'000;  // of one walk; beyond: too_large
};

struct SpaceInfo {
  std::string name;
  std::string slug;
  core::Secret token;
};

struct Organization {
  std::string name;
  std::string domain_handle;
};

struct PageDigests;

// All tasks of a run, and what tells the next walk over it which pages need not be decoded again.
struct TaskWalk {
  task::ObservedRun run;
  std::shared_ptr<const PageDigests> digests;  // null when it is not worth the memory
  // Of the tasks that were wanted and found room: their objects, as the platform wrote them: JSON in valid
  // UTF-8, where escapes may be half a surrogate pair; `{}` for one of which nothing can be passed on. Sorted by key.
  std::vector<std::pair<task::TaskKey, std::string>> rows{};
};

// The run list as far as it was asked for.
struct RunList {
  std::vector<task::ObservedRunRow> rows;  // newest first, each id once
  std::uint64_t duplicate_rows = 0;
  std::uint64_t pages = 0;
  bool whole = true;  // read to its end, not just as far back as was asked for
};

class Api {
 public:
  Api(ApiOptions options, http::Client& client, Credentials& credentials, Hooks hooks, const core::Clock& clock);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // `wanted`, sorted: tasks whose own rows are kept, up to 64 MiB; then every page is decoded.
  // `before`: of the last walk whose tasks were all taken over, as they are known now; null: none.
  Answer<TaskWalk> tasks(const core::Secret& space, const std::string& run_id,
                         std::shared_ptr<const PageDigests> before, std::stop_token stop,
                         std::span<const task::TaskKey> wanted = {});
  // Reads on until the list ends or each row of a page is older than `oldest`, by its `created` and by its id. The rows
  // of all pages read are kept, so there may be older ones among them.
  Answer<RunList> runs(const core::Secret& space, core::WallTime oldest, std::stop_token stop);
  Answer<std::vector<SpaceInfo>> spaces(std::stop_token stop);
  Answer<SpaceInfo> space(const core::Secret& space, std::stop_token stop);
  Answer<std::vector<Organization>> organizations(std::stop_token stop);

 private:
  class Caller;
  std::unique_ptr<Caller> caller_;
};

}  // namespace runwatch::unpod
