#include "page/alerts_section.h"

#include <doctest/doctest.h>

#include <regex>
#include <string>

#include "support/snapshots.h"

using namespace runwatch;
using support::at;

namespace {

view::IncidentStanding incident(std::vector<std::string> receivers, core::WallTime told) {
  view::IncidentStanding made;
  made.phase = rule::Phase::open;
  made.notice.rule = "task-failed";
  made.notice.space = "sales";
  made.notice.run_id = "R1";
  made.notice.why = "3 attempts failed";
  made.notice.started = at(0);
  made.notice.receivers = std::move(receivers);
  made.told = told;
  return made;
}

view::ReceiverStanding receiver(const std::string& name, core::WallTime oldest = task::kNoTime) {
  view::ReceiverStanding made;
  made.name = name;
  made.type = "webhook";
  made.pending = oldest == task::kNoTime ? 0 : 2;
  made.oldest = oldest;
  return made;
}

rule::Silence silence(const std::string& space, const std::string& run_id, std::int64_t until) {
  rule::Silence made;
  made.number = 7;
  made.space = space;
  made.run_id = run_id;
  made.until = at(until);
  made.reason = "known <b>";
  return made;
}

std::string text_of(const std::string& html) { return std::regex_replace(html, std::regex("<[^>]*>"), ""); }

}  // namespace

TEST_CASE("who was told, who was not reached, and until when it is silenced") {
  const auto told = [](const view::IncidentStanding& it, std::vector<view::ReceiverStanding> receivers) {
    view::Alerts alerts;
    alerts.receivers = std::move(receivers);
    return text_of(page::told_html(it, alerts, at(120)));
  };
  auto silenced = incident({"ops"}, at(0));
  silenced.silenced_until = at(3600);
  auto unheard = incident({}, task::kNoTime);
  unheard.silenced_until = at(3600);
  CHECK(told(incident({"ops", "pager"}, at(0)), {receiver("ops"), receiver("pager")}) ==
        "told 02:40 (2 min ago) to ops, pager");
  CHECK(told(incident({"ops", "pager"}, at(0)), {receiver("ops"), receiver("pager", at(-60))}) ==
        "told 02:40 (2 min ago) to ops; queued for pager");
  auto down = receiver("pager", at(0));
  down.failing_since = at(60);
  CHECK(told(incident({"pager"}, at(0)), {down}) == "pager not reached yet");
  CHECK(told(incident({"pager"}, at(0)), {receiver("pager", at(60))}) == "told 02:40 (2 min ago) to pager");
  CHECK(told(incident({"gone"}, at(0)), {}) == "told 02:40 (2 min ago) to gone");
  CHECK(told(incident({"ops"}, task::kNoTime), {receiver("ops")}) == "nobody was told yet");
  CHECK(told(silenced, {receiver("ops")}) == "told 02:40 (2 min ago) to ops; silenced until 03:40");
  CHECK(told(unheard, {}) == "silenced until 03:40; nobody was told");
  auto shown = incident({}, task::kNoTime);
  shown.shown_to = {"cluster"};
  auto blind = receiver("cluster");
  blind.failing_since = at(0);
  CHECK(told(shown, {receiver("cluster")}) == "shown to cluster");
  CHECK(told(shown, {blind}) == "cluster not reached yet");
}

TEST_CASE("incidents that are open come before those that are over, and what is too much is said to be more") {
  view::Alerts alerts;
  for (int i = 0; i < 60; ++i) {
    alerts.incidents.push_back(incident({}, at(i)));
    alerts.incidents.back().phase = i < 5 ? rule::Phase::over : rule::Phase::open;
    alerts.incidents.back().notice.ended = i < 5 ? at(90) : task::kNoTime;
  }
  auto html = page::incidents_section(alerts, at(120));
  CHECK(html.find(">over<") == html.npos);
  CHECK(html.find("20 more are in the API") != html.npos);
  alerts.incidents.resize(10);
  html = page::incidents_section(alerts, at(120));
  CHECK(html.find(">over<") > html.rfind(">open<"));
  CHECK(text_of(html).find("02:40 to 02:41") != std::string::npos);
}

TEST_CASE("names and reasons of alerts are text") {
  view::Alerts alerts;
  alerts.incidents = {incident({"<i>ops"}, at(0))};
  alerts.incidents[0].notice.space = "<script>";
  alerts.incidents[0].notice.run_id = "R\"><img>";
  alerts.incidents[0].notice.why = "<b>why";
  alerts.silences = {silence("<u>", "<em>", 60)};
  alerts.receivers = {receiver("<s>")};
  alerts.receivers[0].last_failure = "<p>";
  alerts.receivers[0].failing_since = at(0);
  const auto html = page::incidents_section(alerts, at(0)) + page::receivers_section(alerts, at(0));
  for (const char* tag : {"<script", "<img", "<i>", "<b>", "<u>", "<em>", "<s>", "<p>"}) {
    CAPTURE(tag);
    CHECK(html.find(tag) == html.npos);
  }
  CHECK(html.find("run?space=%3Cscript%3E&amp;run=R%22%3E%3Cimg%3E") != html.npos);
}

TEST_CASE("a receiver says how it goes, what waits and what was given up") {
  view::Alerts alerts;
  CHECK(page::receivers_section(alerts, at(0)).empty());
  alerts.receivers = {receiver("well"), receiver("down", at(-600)), receiver("gone")};
  alerts.receivers[1].failing_since = at(-300);
  alerts.receivers[1].last_failure = "connect";
  alerts.receivers[1].dead = 3;
  alerts.receivers[2].disabled = true;
  const auto text = text_of(page::receivers_section(alerts, at(0)));
  for (const char* part : {"well wellwebhooktakes what it is sent00", "failing since 02:35 (5 min ago): connect",
                           "2, the oldest since 02:30 (10 min ago)3", "wants no more (410): reload to try again"}) {
    CAPTURE(text);
    CHECK(text.find(part) != text.npos);
  }
  alerts.is_full = true;
  CHECK(page::receivers_section(alerts, at(0)).find("The outbox is full") != std::string::npos);
}
