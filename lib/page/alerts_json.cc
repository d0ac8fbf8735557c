#include "page/alerts_json.h"

#include "page/json_parts.h"

namespace runwatch::page {

Json incident_object(const view::IncidentStanding& incident) {
  const auto& notice = incident.notice;
  return {{"id", notice.incident},
          {"state", name(incident.phase)},
          {"rule", notice.rule},
          {"when", rule::name(notice.when)},
          {"severity", notice.severity},
          {"space", text_or_null(notice.space)},
          {"run_id", text_or_null(notice.run_id)},
          {"about", text_or_null(notice.about)},
          {"why", notice.why},
          {"started", time_or_null(notice.started)},
          {"ended", time_or_null(notice.ended)},
          {"told", time_or_null(incident.told)},
          {"new", notice.counts.fresh},
          {"open", notice.counts.open},
          {"total", notice.counts.total},
          {"recovered", notice.counts.recovered},
          {"gone", notice.counts.gone},
          {"value", number_or_null(notice.value)},
          {"threshold", number_or_null(notice.threshold)},
          {"silenced", incident.silenced()},
          {"silenced_until", time_or_null(incident.silenced_until)},
          {"receivers", notice.receivers},
          {"shown_to", incident.shown_to}};
}

Json receiver_object(const view::ReceiverStanding& receiver) {
  return {{"name", receiver.name},
          {"type", receiver.type},
          {"pending", receiver.pending},
          {"dead", receiver.dead},
          {"oldest", time_or_null(receiver.oldest)},
          {"due", time_or_null(receiver.due)},
          {"failing_since", time_or_null(receiver.failing_since)},
          {"last_failure", text_or_null(receiver.last_failure)},
          {"last_error", text_or_null(receiver.last_error)},
          {"disabled", receiver.disabled}};
}

Json silence_object(const rule::Silence& silence) {
  return {{"number", silence.number},
          {"space", text_or_null(silence.space)},
          {"run_id", text_or_null(silence.run_id)},
          {"rule", text_or_null(silence.rule)},
          {"from", time_or_null(silence.from)},
          {"until", time_or_null(silence.until)},
          {"reason", silence.reason}};
}

std::string incident_json(const view::IncidentStanding& incident) { return write(incident_object(incident)); }

std::string receiver_json(const view::ReceiverStanding& receiver) { return write(receiver_object(receiver)); }

std::string silence_json(const rule::Silence& silence) { return write(silence_object(silence)); }

}  // namespace runwatch::page
