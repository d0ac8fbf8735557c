// What the command line says of itself: in `--help`, where it was misread, and as the data that its manual page and
// completions are made of.
#pragma once

#include <initializer_list>
#include <string>

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace runwatch::daemon {

// The end of each command's help: its exit codes with their meanings; all of them where none are named.
std::string exit_codes(std::initializer_list<int> codes = {});

// The same of commands that ask the running daemon (daemon/control.h).
std::string exit_codes_of_questions();

// Why the words on the command line were refused, for standard error. A command that is not known is told beside those
// that are.
std::string refusal(const CLI::App* app, const CLI::Error& error);

// The command line as JSON: {name, usage, about, footer, options: [{names, value, text, choices, flag, positional}],
// commands: [the same]}; what is hidden is left out.
std::string describe(const CLI::App& app);

}  // namespace runwatch::daemon
