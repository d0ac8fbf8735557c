"""runwatch itself: polls, lag, the API's budget, deliveries, store, process. Each instance for itself."""
from kit import dashboard, lines, quantile, row, stat


def raised(by, family):
    return f"sum by ({by}) (increase({family}{{@M}}[$__rate_interval]))"


def speed(by, family):
    return f"sum by ({by}) (rate({family}{{@M}}[$__rate_interval]))"


def quantiles(family, by=""):
    legend = "{{instance}} {{%s}} " % by if by else "{{instance}} "
    return [(quantile(q, family, by, "@M", per_instance=True), legend + name) for q, name in ((0.5, "median"), (0.9, "90 %"))]


def standing():
    return [
        (4, stat("Answering", "The least of the chosen instances.", "none", "min (up{@M})", "RunwatchDown", low_is_bad=True,
                 names={"0": "not all", "1": "all"})),
        (4, stat("Version", "Of each instance.", "none", "max by (instance, version) (runwatch_build_info{@M})",
                 legend="{{instance}} {{version}}")),
        (4, stat("Running for", "The one that was started last.", "s", "min (time() - process_start_time_seconds{@M})")),
        (4, stat("Configuration", "Whether the newest attempt to load it was successful, everywhere.", "none",
                 "min (runwatch_config_last_reload_successful{@M})", "RunwatchReloadRefused", low_is_bad=True,
                 names={"0": "refused", "1": "taken"})),
        (4, stat("Configuration loaded", "How long ago, where it was longest ago.", "s",
                 "max (time() - runwatch_config_last_reload_success_timestamp_seconds{@M})")),
        (4, stat("List of spaces", "Whether it could be read; no value where the configuration names the spaces.", "none",
                 "min (runwatch_space_list_up{@M})", "UnpodSpacesUnreadable", low_is_bad=True,
                 names={"0": "not read", "1": "read"})),
    ]


def polls():
    late = f"{raised('instance, space', 'runwatch_poll_overruns_total')} / " \
           f"({raised('instance, space', 'runwatch_polls_total')} > 0)"
    return [
        [lines("Polls", "Walks of a run, readings of a list.", "ops",
               [(speed("instance, space", "runwatch_polls_total"), "{{instance}} {{space}}")]),
         lines("Failed polls by reason", "A failed poll changes no number of the platform's.", "short",
               [(raised("instance, reason", "runwatch_poll_failures_total"), "{{instance}} {{reason}}")]),
         lines("Late polls, share", "Not done when the next one was due.", "percentunit",
               [(late, "{{instance}} {{space}}")], "RunwatchPollsOverrun")],
        [lines("Detection lag", "From the end of a call to the commit of what was seen of it.", "s",
               [(quantile(0.9, "unpod_task_detection_lag_seconds", "space", "@M", per_instance=True),
                 "{{instance}} {{space}} 90 %")], "UnpodDetectionSlow"),
         lines("Oldest reading", "How long ago the run or list was read that was read least recently.", "s",
               [("time() - runwatch_poll_last_success_timestamp_seconds{@M}", "{{instance}} {{space}}")], "UnpodDataStale"),
         lines("Time of a poll", "From its first request to its last, and the shortest interval in use.", "s",
               quantiles("runwatch_poll_duration_seconds") +
               [("min by (instance) (runwatch_poll_interval_seconds{@M})", "{{instance}} interval")])],
        [lines("Runs", "Watched, of these without a complete newest poll, kept, left out by max_runs, unknown to the "
               "platform.", "short",
               [(f"sum by (instance) (runwatch_runs_{what}{{@M}})", "{{instance}} " + what.replace("_", " "))
                for what in ("watched", "failing", "retired", "not_watched", "unknown")]),
         lines("Pages and rows", "Pages read, and rows that were on two pages of one walk.", "ops",
               [(speed("instance", "runwatch_poll_pages_total"), "{{instance}} pages"),
                (speed("instance", "runwatch_poll_duplicate_rows_total"), "{{instance}} rows twice")]),
         lines("Tasks in memory", "Held to be compared with the next poll.", "short",
               [("sum by (instance) (runwatch_tasks_tracked{@M})", "{{instance}}")])],
    ]


def budget():
    waiting = f"{speed('instance', 'runwatch_api_throttled_seconds_total')} / " \
              f"({speed('instance', 'runwatch_poll_duration_seconds_sum')} > 0)"
    return [
        [lines("Answers of the platform", "By HTTP status.", "reqps",
               [(speed("instance, code", "runwatch_api_requests_total"), "{{instance}} {{code}}")]),
         lines("Waiting for the budget, share", "Of the time that polls take. Harmless while no poll is late.", "percentunit",
               [(waiting, "{{instance}}")], "RunwatchThrottled"),
         lines("Paused", "How much longer all requests wait, as the platform asked for or the token is refused.", "s",
               [("clamp_min(runwatch_api_paused_until_timestamp_seconds{@M} - time(), 0)", "{{instance}}")])],
        [lines("Time of a request", "By endpoint.", "s",
               [(quantile(0.9, "runwatch_api_request_duration_seconds", "endpoint", "@M", per_instance=True),
                 "{{instance}} {{endpoint}} 90 %")]),
         lines("Bytes received", "By endpoint, unpacked.", "Bps",
               [(speed("instance, endpoint", "runwatch_api_response_bytes_total"), "{{instance}} {{endpoint}}")]),
         lines("Series of runs", "Beside how many poll.max_series allows, and those of runs that it leaves out.", "short",
               [("runwatch_series{@M}", "{{instance}} series"), ("runwatch_series_limit{@M}", "{{instance}} limit"),
                ("runwatch_series_left_out{@M}", "{{instance}} left out"),
                (raised("instance", "runwatch_series_dropped_total"), "{{instance}} newly left out")])],
    ]


def deliveries():
    return [
        [lines("Incidents", "Opened and resolved, over all rules.", "short",
               [(raised("instance", "runwatch_incidents_opened_total"), "{{instance}} opened"),
                (raised("instance", "runwatch_incidents_resolved_total"), "{{instance}} resolved")]),
         lines("Not told", "Attempts and notices: there before, healed by a retry, silenced, muted.", "short",
               [(raised("instance, reason", "runwatch_notices_suppressed_total"), "{{instance}} {{reason}}")]),
         lines("Notices that wait", "And those given up, which can be replayed.", "short",
               [("sum by (instance, receiver) (runwatch_outbox_pending{@M})", "{{instance}} {{receiver}} waiting"),
                ("sum by (instance, receiver) (runwatch_outbox_dead{@M})", "{{instance}} {{receiver}} given up")])],
        [lines("Oldest notice that waits", "Since its commit; no line where nothing waits.", "s",
               [("time() - runwatch_outbox_oldest_timestamp_seconds{@M}", "{{instance}} {{receiver}}")], "RunwatchBacklog"),
         lines("From commit to delivery", "How long notices waited to be told.", "s",
               quantiles("runwatch_alert_latency_seconds", "receiver")),
         lines("Time of a delivery", "From request to answer.", "s",
               quantiles("runwatch_delivery_duration_seconds", "receiver"))],
        [lines("Deliveries", "Requests to receivers, and notices that they took.", "ops",
               [(speed("instance, receiver", "runwatch_delivery_attempts_total"), "{{instance}} {{receiver}} requests"),
                (speed("instance, receiver", "runwatch_deliveries_total"), "{{instance}} {{receiver}} taken")]),
         lines("Failed deliveries by reason", "Requests that delivered nothing.", "short",
               [(raised("instance, receiver, reason", "runwatch_delivery_failures_total"),
                 "{{instance}} {{receiver}} {{reason}}")]),
         lines("Log lines", "By level, and those that nobody read.", "short",
               [(raised("instance, level", "runwatch_log_messages_total"), "{{instance}} {{level}}"),
                (raised("instance", "runwatch_log_lines_dropped_total"), "{{instance}} dropped")])],
    ]


def store_and_process():
    return [
        [lines("Time of a commit", "Until it is durable.", "s", quantiles("runwatch_store_commit_duration_seconds")),
         lines("Database", "The file, and its log of what is not in the file yet.", "bytes",
               [("runwatch_store_bytes{@M}", "{{instance}} database"), ("runwatch_store_wal_bytes{@M}", "{{instance}} log")]),
         lines("Failed operations of the store", "By kind.", "short",
               [(raised("instance, kind", "runwatch_store_errors_total"), "{{instance}} {{kind}}")])],
        [lines("Loops", "How long ago each made progress.", "s",
               [("time() - runwatch_loop_last_progress_timestamp_seconds{@M}", "{{instance}} {{loop}}")],
               "RunwatchLoopStalled"),
         lines("Memory", "Resident.", "bytes", [("process_resident_memory_bytes{@M}", "{{instance}}")]),
         lines("CPU", "Cores in use.", "short", [("rate(process_cpu_seconds_total{@M}[$__rate_interval])", "{{instance}}")])],
        [lines("Files and threads", "Open descriptors, and threads.", "short",
               [("process_open_fds{@M}", "{{instance}} files"), ("process_threads{@M}", "{{instance}} threads")])],
    ]


def made():
    rows = [(4, standing())]
    for title, parts in (("Polls and lag", polls()), ("The API's budget", budget()), ("Incidents and deliveries", deliveries()),
                         ("Store and process", store_and_process())):
        rows.append((1, [(24, row(title))]))
        rows += [(8, [(8, one) for one in part]) for part in parts]
    return dashboard("runwatch-itself", "runwatch: itself", "Whether runwatch does its work, instance by instance.",
                     ("job", "instance"), rows)
