// The inside of a JSON string as text, without giving up on one bad escape.
#pragma once

#include <string>
#include <string_view>

namespace runwatch::unpod {

// Appends what stands between the quotes of a JSON string, escapes resolved, to `out`. A lone surrogate or an escape
// that JSON does not know becomes U+FFFD; false when there was one.
bool unescape(std::string_view raw, std::string& out);

// Free text of the platform, which may be a page of HTML: tags, scripts and styles removed, entities left alone.
std::string without_markup(std::string_view text);

}  // namespace runwatch::unpod
