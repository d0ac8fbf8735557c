// From a request's head to the bytes of its answer.
//
// An Answerer lets cpp-httplib parse the request, hand it to the handler and form the head of the answer, all through a
// Stream in memory; the body is never copied nor compressed.
// Threads: an Answerer belongs to one thread; the handler may be shared among several.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/server.h"

namespace runwatch::http {

struct Answer {
  std::string head;
  std::shared_ptr<const std::string> body;  // null for HEAD
  bool close = true;                        // the connection ends with it
};

// An answer without a handler, to a request that is refused; closes. `head` is what is known of the request.
Answer refusal(int status, std::string_view head);

// The handler must outlive it. cpp-httplib's constructor sets SIGPIPE to be ignored, for the whole process.
using Answerer = std::function<Answer(std::string_view head)>;
Answerer make_answerer(const Handler& handler);

}  // namespace runwatch::http
