// The one error type of the program: a kind that says what the caller may do, and a sentence for a person.
//
// The text names what went wrong and what to do about it. It never holds a token, a phone number or other
// content of a call; foreign text is passed through `printable` first.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace runwatch::core {

enum class ErrorKind {
  invalid,      // what was given is wrong: mend it, trying again does not help
  unavailable,  // temporary: the same call may work later
  busy,         // somebody else holds it: a port, a database
  corrupt,      // stored data this version cannot read: never replace it silently
};

struct Error {
  ErrorKind kind;
  std::string text;

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string text) {
  return std::unexpected(Error{kind, std::move(text)});
}

}  // namespace runwatch::core
