#include "core/secret.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <sstream>
#include <type_traits>

#include "core/log.h"

using runwatch::core::Secret;

template <class T>
concept Streamable = requires(std::ostringstream& out, const T& value) { out << value; };

static_assert(Streamable<int>);
static_assert(!Streamable<Secret>);
static_assert(!fmt::is_formattable<Secret>::value);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_constructible_v<runwatch::core::log::Field, std::string_view, Secret>);

TEST_CASE("a secret gives its content only when asked to reveal it") {
  const Secret secret("hunter2");
  CHECK(secret.reveal() == "hunter2");
  CHECK_FALSE(secret.empty());
  CHECK(Secret().empty());
  CHECK((secret == Secret("hunter2")));
  CHECK_FALSE((secret == Secret("hunter3")));
}
