#include "page/runs_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "core/ascii.h"
#include "page/chart.h"
#include "page/html.h"

namespace runwatch::page {
namespace {

constexpr std::array<std::string_view, kGroupNames.size()> kHeadings{"In trouble", "With open incidents", "Doing well",
                                                                     "Finished"};

std::string rows_of(std::span<const view::RunVerdict* const> lines, const RowContext& context) {
  std::string rows;
  for (const auto* line : lines) rows += run_row(*line, context);
  return rows;
}

task::StatusCounts tasks_of(std::span<const view::RunVerdict* const> lines) {
  task::StatusCounts all{};
  for (const auto* line : lines) {
    for (std::size_t i = 0; i < task::kStatusCount; ++i) all[i] += line->run->tasks[i];
  }
  return all;
}

// The link to a list of runs, ready for an attribute.
std::string list_link(const Filter& filter) {
  std::string query;
  const auto add = [&](std::string_view name, const std::string& value) {
    query += fmt::format("{}{}={}", query.empty() ? "?" : "&amp;", name, value);
  };
  if (!filter.space.empty()) add("space", escape_query(filter.space));
  if (!filter.run.empty()) add("run", escape_query(filter.run));
  if (filter.group) add("state", std::string(name(*filter.group)));
  if (filter.page > 1) add("page", std::to_string(filter.page));
  return "./" + query;
}

std::string more_link(Group group, std::size_t all, std::size_t shown) {
  if (all <= shown) return {};
  const Filter filter{.space = {}, .run = {}, .group = group, .page = 1};
  return fmt::format("<p class=\"pages\"><a href=\"{}\">All {}</a></p>\n", list_link(filter), number_text(all));
}

std::string folded(const Listing& listing, Group group, const RowContext& context) {
  const auto& lines = listing.of(group);
  if (lines.empty()) return {};
  const auto shown = std::span(lines).first(std::min(lines.size(), kFolded));
  return fmt::format(
      "<details id=\"{0}\">\n<summary><h2>{1}</h2> <span class=\"dim\">{2}</span></summary>\n{3}{4}</details>\n",
      name(group), kHeadings.at(static_cast<std::size_t>(group)), count_text(lines.size(), "run"),
      runs_table(rows_of(shown, context), kHeadings.at(static_cast<std::size_t>(group))),
      more_link(group, lines.size(), shown.size()));
}

// In full: what somebody is to look at.
std::string unfolded(const Listing& listing, Group group, std::size_t most, std::string_view caption,
                     std::string_view otherwise, const RowContext& context) {
  const auto& lines = listing.of(group);
  const auto shown = std::span(lines).first(std::min(lines.size(), most));
  return fmt::format(
      "<section aria-labelledby=\"{0}\">\n<div class=\"head\"><h2 id=\"{0}\">{1}</h2>{2}</div>\n{3}{4}</section>\n",
      name(group), caption, legend(tasks_of(shown)),
      lines.empty() ? std::string(otherwise)
                    : runs_table(rows_of(shown, context), fmt::format("{}, worst first", caption)),
      more_link(group, lines.size(), shown.size()));
}

std::size_t pages_of(std::size_t runs) { return std::max<std::size_t>(1, (runs + kListed - 1) / kListed); }

std::string pager(Filter filter, std::size_t pages) {
  if (pages < 2) return {};
  const auto link = [&](std::size_t page, std::string_view text) {
    filter.page = page;
    return fmt::format("<a href=\"{}\">{}</a> ", list_link(filter), text);
  };
  const auto here = filter.page;
  return fmt::format("<nav class=\"pages\" aria-label=\"Pages of runs\">{}<span>page {} of {}</span> {}</nav>\n",
                     here > 1 ? link(here - 1, "Previous") : "", here, pages,
                     here < pages ? link(here + 1, "Next") : "");
}

}  // namespace

std::string runs_sections(const Listing& listing, const RowContext& context) {
  const auto* const nothing = listing.all().empty() ? "<p class=\"wide note\">No run is watched.</p>\n"
                                                    : "<p class=\"wide note\">No run is in trouble.</p>\n";
  auto html = unfolded(listing, Group::trouble, kInTrouble, "Runs in trouble", nothing, context);
  if (!listing.of(Group::alerted).empty())
    html += unfolded(listing, Group::alerted, kFolded, "Runs with open incidents", "", context);
  return html + folded(listing, Group::well, context) + folded(listing, Group::finished, context);
}

std::string filtered_section(const Listing& listing, Filter filter, const RowContext& context) {
  const auto lines = listing.all();
  const auto pages = pages_of(lines.size());
  filter.page = std::min(filter.page, pages);
  const auto from = (filter.page - 1) * kListed;
  const auto shown = std::span(lines).subspan(from, std::min(kListed, lines.size() - from));
  return fmt::format(
      "<section aria-labelledby=\"listed\">\n<div class=\"head\"><h2 id=\"listed\">{}</h2>{}</div>\n{}{}</section>\n",
      count_text(lines.size(), "run"), legend(tasks_of(shown)),
      shown.empty() ? "<p class=\"wide note\">No run is like that. <a href=\"./\">All runs</a></p>\n"
                    : runs_table(rows_of(shown, context), "Runs that were asked for, worst first"),
      pager(filter, pages));
}

std::string search_form(const view::Snapshot& snapshot, const Filter& filter) {
  const auto option = [](std::string_view value, std::string_view shown, bool chosen) {
    return fmt::format("<option value=\"{}\"{}>{}</option>", escape_html(value), chosen ? " selected" : "",
                       escape_html(shown));
  };
  auto spaces = option("", "any", filter.space.empty());
  for (const auto& space : snapshot.spaces) spaces += option(space->name, space->name, filter.space == space->name);
  auto states = option("", "any", !filter.group);
  for (std::size_t i = 0; i < kGroupNames.size(); ++i) {
    states += option(kGroupNames.at(i), core::lower(kHeadings.at(i)), filter.group == static_cast<Group>(i));
  }
  return fmt::format(
      R"(<form id="find" action="./" data-own><label>Space <select name="space">{}</select></label>)"
      R"(<label>State <select name="state">{}</select></label>)"
      R"(<label>Run <input name="run" value="{}" size="36" spellcheck="false" autocomplete="off"></label>)"
      R"(<button type="submit">Find</button></form>)"
      "\n",
      spaces, states, escape_html(filter.run));
}

}  // namespace runwatch::page
