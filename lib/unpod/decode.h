// The platform's answers as values: bytes in, rows or a Failure out, and no I/O.
//
// A body is accepted whole or not at all: every walk goes on to the end of the array and of the document, so that a cut
// is always noticed. Transcripts and all that is not needed are skipped, not copied. Free text of the platform is in a
// Failure only, made printable.
// Owns: the parser's working memory, used again from page to page. Threads: one.
// Fails: bad_json (cut, not JSON, not UTF-8), bad_schema (not what the call answers), business_error (`status_code`).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "task/observed.h"
#include "unpod/api.h"

namespace runwatch::unpod {

struct TaskPage {
  std::vector<task::ObservedTask> tasks;
  std::vector<std::pair<task::TaskKey, std::string>> odd_ids;  // texts of the keys that are not usual
  std::vector<std::string> unknown_statuses;                   // once each
  std::vector<std::pair<task::TaskKey, std::string>> rows;     // JSON of the tasks that are wanted
  std::optional<std::uint64_t> count;
};

struct RunPage {
  std::vector<task::ObservedRunRow> rows;
  std::optional<std::uint64_t> count;
};

class Decoder {
 public:
  Decoder();
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Bodies of answers with HTTP status 200. A body without kBodyPadding of spare capacity is moved into one that has
  // it. `page` is overwritten and its memory used again; after a Failure its content means nothing. A task that names
  // another run than `run_id` is bad_schema: somebody on the way mixed up two answers. Empty: any run will do.
  // `wanted`: sorted; tasks whose rows are kept as they are written, `{}` for one that is no JSON throughout.
  std::expected<void, Failure> tasks(std::string& body, TaskPage& page, std::string_view run_id = {},
                                     std::span<const task::TaskKey> wanted = {});
  std::expected<void, Failure> runs(std::string& body, RunPage& page);
  Answer<std::vector<SpaceInfo>> spaces(std::string& body);
  Answer<SpaceInfo> space(std::string& body);
  Answer<std::vector<Organization>> organizations(std::string& body);

  // What the body of a refusal says in its `message`, `errors` and `detail` (Django REST framework's own), or the text
  // of a body that is no JSON; unprinted and possibly long. Content of other JSON stays out: it may be anybody's data.
  struct Refusal {
    std::optional<std::int64_t> status_code;
    std::string text;
    bool json = false;  // an object with a text or a `status_code`, as the platform's are
  };
  Refusal refusal(std::string& body);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

// Appends what stands between the quotes of a JSON string, escapes resolved, to `out`. A lone surrogate or an escape
// that JSON does not know becomes U+FFFD; false when there was one.
bool unescape(std::string_view raw, std::string& out);

// Free text of the platform, which may be a page of HTML: tags, scripts and styles removed, entities left alone.
std::string without_markup(std::string_view text);

}  // namespace runwatch::unpod
