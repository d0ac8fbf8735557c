#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/ascii.h"
#include "core/text.h"
#include "notify/document.h"

namespace runwatch::notify {
namespace {

// Discord's compatible URLs refuse a text of over 2,000 characters and attachments of over 6,000 in sum; Slack
// documents 40,000 of text and 100 attachments. What is escaped takes up to five times its length.
constexpr std::size_t kLongestHead = 48, kLongestText = 380, kLongestField = 150, kLongestList = 3500;

// What would be a mention, a link or markup, and that is broken by a U+200B, which cannot be seen.
constexpr std::pair<std::string_view, std::string_view> kHarmless[] = {
    {"&", "&amp;"},       {"<", "&lt;"},      {">", "&gt;"},         {"@", "@\u200B"},
    {"://", ":\u200B//"}, {"](", "]\u200B("}, {"www.", "www\u200B."}};

// Foreign text as it may stand in a message, `limit` characters of it.
std::string harmless(std::string_view foreign, std::size_t limit) {
  const std::string text = core::printable(foreign, limit);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto rest = std::string_view(text).substr(at);
    const auto* const found = std::ranges::find_if(kHarmless, [&](const auto& pair) {
      return core::equal_ignoring_case(rest.substr(0, pair.first.size()), pair.first);
    });
    const bool plain = found == std::end(kHarmless);
    out += plain ? rest.substr(0, 1) : found->second;
    at += plain ? 1 : found->first.size();
  }
  return out;
}

// An address of the configuration; nothing where it is none.
std::string link(const std::string& url) {
  if (!url.starts_with("http") || url.size() >= 900 || core::printable(url, 900) != url) return {};
  std::string out;
  for (const char c : url) {  // what could end the address, or be markup
    const bool odd = std::string_view("<>| \"").contains(c);
    out += odd ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return out;
}

// The same within a text, where Slack has `&amp;` for it ("Escaping text" of its formatting guide).
std::string link_in_text(const std::string& url) {
  std::string out;
  for (const char c : link(url)) out += c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

std::string joined(const Json& object, std::string_view between) {
  std::string text;
  for (const auto& item : object.items())
    text += fmt::format("{}{}{}{}", text.empty() ? "" : ", ", item.key(), between, text_of(object, item.key()));
  return harmless(text, kLongestField);
}

std::string task_text(const Json& task) {
  std::string line;
  for (const auto& item : task.items()) {
    const auto text = text_of(task, item.key());
    if (text.empty() || item.key() == "started") continue;
    const bool plain = item.key() == "task_id" || item.key() == "status" || item.key() == "reason";
    line += fmt::format("{}{}{}", line.empty() ? "" : ", ", plain ? "" : item.key() + " ", text);
  }
  return harmless(line, kLongestText);
}

// The tasks, and what a task's event includes, line by line as far as there is room.
std::string list_of(const Json& data) {
  std::string list;
  std::uint64_t shown = 0;
  for (const auto& task : data["tasks"]) {
    const std::string line = task_text(task) + "\n";
    if (list.size() + line.size() > kLongestList) break;
    list += line;
    ++shown;
  }
  const auto more = data["tasks"].size() + data["truncated"].get<std::uint64_t>() - shown;
  if (more > 0) list += fmt::format("and {} more\n", more);
  if (!data.contains("included")) return list;
  for (const auto& item : data["included"].items()) {
    const auto line = harmless(item.key() + ": " + text_of(data["included"], item.key()), kLongestText) + "\n";
    if (list.size() + line.size() <= kLongestList) list += line;
  }
  return list;
}

Json fields_of(const Json& data) {
  Json list = Json::array();
  const auto add = [&](const char* title, const std::string& text) {
    if (!text.empty()) list.push_back(Json{{"title", title}, {"value", text}, {"short", text.size() < 40}});
  };
  Json counts = data["counts"];
  add("Tasks of the run", joined(counts["run"], " "));
  add("Reasons", joined(counts["by_reason"], " "));
  counts.erase("run");
  counts.erase("by_reason");
  if (counts["total"] != 0) add("Attempts", joined(counts, " "));
  if (data.contains("value")) add("Value", text_of(data, "value") + " (threshold " + text_of(data, "threshold") + ")");
  if (data.contains("summary")) add("Summary", joined(data["summary"], " "));
  add("Since", text_of(data, "started"));
  add("Until", text_of(data, "ended"));
  add("Labels", joined(data["labels"], "="));
  add("Runbook", link_in_text(text_of(data, "runbook")));
  return list;
}

std::string_view colour_of(std::string_view kind, std::string_view severity) {
  if (kind == "resolved") return "#2eb67d";
  if (kind == "ended" || kind == "event") return "#808080";
  return severity == "info" ? "#36c5f0" : severity == "warning" ? "#ecb22e" : "#e01e5a";
}

}  // namespace

std::string slack(const Json& document) {
  const Json& data = document["data"];
  const auto kind = kind_of(document);
  std::string head =
      fmt::format("{}{}{}: {} ({})", data.contains("test") ? "TEST " : "", kind,
                  data["repeat"] == true ? ", still open" : "", text_of(data, "rule"), text_of(data, "severity"));
  std::string where;
  if (const auto space = text_of(data, "space"); !space.empty()) where += " in " + space;
  if (const auto run = text_of(data, "run_id"); !run.empty()) where += ", run " + run;
  const auto text = harmless(fmt::format("{}{}: {}", head, where, text_of(data, "why")), kLongestText);
  Json attachment = {{"fallback", text},
                     {"color", colour_of(kind, text_of(data, "severity"))},
                     {"title", harmless(head, kLongestHead)},
                     {"text", list_of(data)},
                     {"fields", fields_of(data)},
                     {"mrkdwn_in", Json::array()},
                     {"footer", "runwatch"}};
  if (const auto page = link(text_of(data["links"], "page")); !page.empty()) attachment["title_link"] = page;
  Json message = {{"text", text}, {"mrkdwn", false}, {"parse", "none"}, {"link_names", false}};
  message["attachments"].push_back(std::move(attachment));
  return write(message);
}

}  // namespace runwatch::notify
