// What the ledger on disk says of a run, as sections of its page.
//
// Pure.
#pragma once

#include <string>

#include "core/clock.h"
#include "page/run_page.h"
#include "view/trouble.h"

namespace runwatch::page {

std::string hours_section(const RunLedger& ledger, core::WallTime now);
std::string changes_section(const RunLedger& ledger, const view::RunVerdict& verdict, core::WallTime now);
std::string notices_section(const RunLedger& ledger, core::WallTime now);

// `<section>` with a heading and what stands beside it.
std::string section(std::string_view id, std::string_view heading, std::string_view beside, std::string_view html);

}  // namespace runwatch::page
