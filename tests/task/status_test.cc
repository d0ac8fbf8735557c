#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "task/vocabulary.h"

using namespace runwatch::task;

TEST_CASE("a status is read in any case, with blanks around it and with any separator") {
  const std::pair<const char*, Status> cases[] = {
      {"pending", Status::pending},
      {"scheduled", Status::scheduled},
      {"processing", Status::processing},
      {"in_progress", Status::in_progress},
      {"hold", Status::hold},
      {"completed", Status::completed},
      {"failed", Status::failed},
      {"partially_completed", Status::partially_completed},
      {"COMPLETED", Status::completed},
      {" \tFailed\n", Status::failed},
      {"in-progress", Status::in_progress},
      {"In Progress", Status::in_progress},
      {"inprogress", Status::in_progress},
      {"InProgress", Status::in_progress},
      {"running", Status::in_progress},
      {"Partially-Completed", Status::partially_completed},
      {"unknown", Status::unknown},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    CHECK(parse_status(text) == expected);
  }
}

TEST_CASE("a spelling that no table has is unknown and never a known status") {
  for (const char* text : {"", "   ", "complete", "fail", "in__progress", "pending_", "partiallycompleted", "done"}) {
    CAPTURE(text);
    CHECK(parse_status(text) == Status::unknown);
  }
  CHECK(parse_status(std::string(1'000'000, 'x')) == Status::unknown);
  CHECK(parse_status(std::string("failed\0", 7)) == Status::unknown);
}

TEST_CASE("every status reads back from its own name, and three of them are finished") {
  std::size_t finished = 0;
  for (std::size_t i = 0; i < kStatusCount; ++i) {
    const auto status = static_cast<Status>(i);
    CHECK(parse_status(name(status)) == status);
    if (is_finished(status)) ++finished;
  }
  CHECK(finished == 3);
}
