#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "config/token.h"
#include "core/ascii.h"
#include "daemon/commands.h"
#include "daemon/doctor.h"
#include "daemon/settings.h"
#include "unpod/api.h"
#include "view/poll_reason.h"

namespace runwatch::daemon {
namespace {

// Asks the platform for all that the configuration names.
class LiveCheck {
 public:
  LiveCheck(const config::Config& config, Findings& findings) : config_(config), asking_(config), findings_(findings) {}

  void run() {
    const auto organizations = asking_.api.organizations({});
    if (organizations) {
      check_handle(*organizations);
    } else {
      tell(view::is_refusal(organizations.error().reason) ? "token" : "platform", organizations.error());
      if (!is_of_one_call(organizations.error().reason)) return;
    }
    if (config_.spaces.empty()) check_every_space();
    for (std::size_t i = 0; i < config_.spaces.size(); ++i) check_space(config_.spaces[i], i);
  }

 private:
  // Whatever else is asked would fail as well, with the same words.
  static bool is_of_one_call(view::PollReason reason) {
    using enum view::PollReason;
    return reason == forbidden || reason == business_error || reason == server_error || reason == bad_schema;
  }

  void check_handle(const std::vector<unpod::Organization>& organizations) {
    good("token", fmt::format("accepted for {} organization(s)", organizations.size()));
    if (!config_.api.org_handle) return;
    const auto& handle = *config_.api.org_handle;
    const bool known = std::ranges::any_of(organizations, [&](const auto& o) { return o.domain_handle == handle; });
    if (known) return good("organization " + handle, "the token may use it");
    bad("organization " + handle, "the token's organizations do not include it; mend api.org_handle", EX_UNAVAILABLE);
  }

  void check_every_space() {
    const auto spaces = asking_.api.spaces({});
    if (!spaces) return tell("spaces", spaces.error());
    good("spaces", fmt::format("{} to be watched", spaces->size()));
    for (const auto& space : *spaces) check_list("space " + space.slug, space.token, config_.every_space);
  }

  void check_space(const config::Space& space, std::size_t position) {
    const auto info = asking_.api.space(space.token, {});
    const auto label = space.name.value_or(info ? info->slug : fmt::format("unnamed-{}", position + 1));
    if (!info) return tell("space " + label, info.error());
    good("space " + label, fmt::format("is {}", info->slug));
    check_list("space " + label, space.token, space);
  }

  void check_list(const std::string& what, const core::Secret& token, const config::Space& space) {
    const auto oldest = space.all_runs() ? asking_.clock.wall_now() - space.max_age : task::kNoTime;
    const auto list = asking_.api.runs(token, oldest, {});
    if (!list) return tell(what, list.error());
    good(what, fmt::format("{} run(s) in its list", list->rows.size()));
    for (const auto& id : space.runs) check_run(what, id, token, list->rows);
  }

  void check_run(const std::string& what, const std::string& id, const core::Secret& token,
                 const std::vector<task::ObservedRunRow>& rows) {
    const auto label = fmt::format("{} run {}", what, id);
    const auto tasks = asking_.api.tasks(token, id, nullptr, {});
    if (!tasks) return tell(label, tasks.error());
    const bool listed = std::ranges::find(rows, id, &task::ObservedRunRow::run_id) != rows.end();
    if (listed || !tasks->run.tasks.empty()) return good(label, fmt::format("{} task(s)", tasks->run.tasks.size()));
    bad(label, "unknown to the platform; mend its id under runs", EX_UNAVAILABLE);
  }

  void good(const std::string& what, const std::string& text) { findings_.good(what, text); }
  void bad(const std::string& what, std::string_view text, int code) { findings_.bad(what, text, code); }

  void tell(const std::string& what, const unpod::Failure& failure) {
    const bool refused = view::is_refusal(failure.reason);
    const auto reason = core::words(view::name(failure.reason));
    std::string text = refused ? failure.text : fmt::format("{}: {}", reason, failure.text);
    if (!told_.insert(text).second) text = reason + ", as above";
    if (refused && told_.size() == 1) text += "; " + config::token_origin(config_.api);
    bad(what, text, refused ? EX_NOPERM : EX_UNAVAILABLE);
  }

  const config::Config& config_;
  Asking asking_;
  Findings& findings_;
  std::set<std::string> told_;
};

}  // namespace

int check_live(const config::Config& config) {
  Findings findings;
  if (look_at_surroundings(config, findings)) LiveCheck(config, findings).run();
  return findings.code();
}

}  // namespace runwatch::daemon
