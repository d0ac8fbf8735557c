"""One run: how far, how well, how fast, what is oldest; and what its space's counters say of it."""
from kit import (FINISHED, RUN_PAGE, WAITING, dashboard, lines, moving, once, override, panel, quantile, row, run_tasks,
                 seen, stat, table)

HERE = "and on (job, instance, space) unpod_run_info{@R}"  # of the run's space alone
FAILED, DONE, OPEN = (run_tasks(status, "@R") for status in ("failed", FINISHED, WAITING))
UNCHANGED = "(time() - max (unpod_run_last_change_timestamp_seconds{@R}))"
OLDEST = seen('unpod_run_oldest_task_timestamp_seconds{@R,status=~"in_progress|processing"}')
PACE = 'sum (' + seen('delta(unpod_run_tasks{@R,status=~"%s"}[30m])' % FINISHED) + ") / 1800"
OF_SPACE = " Counters have no run: of the run's whole space."


def counted(by, family, more=""):
    selector = family + ("{@S,%s}" % more if more else "{@S}")
    return f"sum by ({by}) ({once(f'increase({selector}[$__rate_interval]) {HERE}')})"


def quantiles(title, about, family, by=""):
    legend = "{{%s}} " % by if by else ""
    return lines(title, about + OF_SPACE, "s", [(quantile(q, family, by, only=HERE), f"{legend}{name}")
                                                for q, name in ((0.5, "median"), (0.9, "90 %"))])


def facts():
    return table(
        "What it is", "The link of its id leads to its own page, with failed tasks and their times.", "dateTimeFromNow",
        ["topk (1, unpod_run_info{@R})", "max by (run_id, space) (unpod_run_created_timestamp_seconds{@R}) * 1000",
         "max by (run_id, space) (unpod_run_last_change_timestamp_seconds{@R}) * 1000",
         "max by (run_id, space) (unpod_run_finished_timestamp_seconds{@R}) * 1000",
         f"max by (run_id, space, status) ({seen('unpod_run_status{@R}')}) == 1"],
        {"run_id": "run_id", "space": "space", "run_mode": "mode", "execution_type": "kind", "status": "own status",
         "Value #B": "created", "Value #C": "changed", "Value #D": "finished", "instance": "instance"},
        hidden=("job", "__name__", "Value #A", "Value #E"),
        overrides=[override("run_id", links=[{"title": "Its page", "url": RUN_PAGE, "targetBlank": True}])])


def at_a_glance():
    return [
        (4, stat("Finished", "Share of its tasks that are completed, partially completed or failed.", "percentunit",
                 f"sum ({DONE}) / (sum ({DONE}) + sum ({OPEN}))")),
        (4, stat("Failed", "Share of its finished tasks that are failed by their newest status.", "percentunit",
                 f"sum ({FAILED}) / (sum ({DONE}) > 0)", "UnpodRunFailing")),
        (4, stat("To do", "Tasks that are not finished.", "short", f"sum ({OPEN})")),
        (4, stat("Unchanged for", "0 while nothing of it is to move.", "s",
                 f"{UNCHANGED} * ((sum ({moving('@R')}) or vector(0)) > bool 0)", "UnpodRunStalled")),
        (4, stat("Oldest in progress", "How long the task that is in progress longest has been.", "s",
                 f"max (time() - {OLDEST}) or vector(0)", "UnpodTaskStuck")),
        (4, stat("Left at this pace", "What is to do, at the pace of the newest half hour; no value while nothing finishes.",
                 "s", f"sum ({OPEN}) / ({PACE} > 0)")),
    ]


def made():
    moves = 'from!="none",to=~"%s"' % FINISHED
    return dashboard(
        "runwatch-run", "runwatch: a run", "How far one run is, how well and how fast it goes.",
        ("job", "instance", "space", "run"),
        [(4, at_a_glance()),
         (9, [(16, lines("Tasks by status", "By their newest status; a task that is tried again leaves failed.", "short",
                         [(f"sum by (status) ({seen('unpod_run_tasks{@R}')})", "{{status}}")], by_status=True, stacked=True)),
              (8, facts())]),
         (8, [(8, lines("Pace", "Tasks that become finished in a minute; below 0 where more are taken up again.", "cpm",
                        [("60 * sum by (status) (" + seen('deriv(unpod_run_tasks{@R,status=~"%s"}[$__rate_interval])'
                                                          % FINISHED) + ")", "{{status}}")], by_status=True)),
              (8, lines("Oldest task", "How long the oldest task has been in each unfinished status.", "s",
                        [(f"time() - min by (status) ({seen('unpod_run_oldest_task_timestamp_seconds{@R}')})", "{{status}}")],
                        by_status=True)),
              (8, lines("Failed, share", "Of its finished tasks, by their newest status.", "percentunit",
                        [(f"sum ({FAILED}) / (sum ({DONE}) > 0)", "failed")], "UnpodRunFailing", by_status=True))]),
         (1, [(24, row("Its space"))]),
         (8, [(8, lines("Failed attempts by reason", "Entries into failed, by attempt." + OF_SPACE, "short",
                        [(counted("reason", "unpod_task_failures_total"), "{{reason}}")], stacked=True)),
              (8, lines("Calls by outcome", "Finished attempts." + OF_SPACE, "short",
                        [(counted("call_status", "unpod_calls_total"), "{{call_status}}")], by_status=True, stacked=True)),
              (8, lines("Calls by type", "Finished attempts." + OF_SPACE, "short",
                        [(counted("call_type", "unpod_calls_total"), "{{call_type}}")], stacked=True))]),
         (8, [(8, lines("Finished", "Entries into a finished status, first sights left out." + OF_SPACE, "short",
                        [(counted("to", "unpod_task_transitions_total", moves), "{{to}}")], by_status=True)),
              (8, lines("Tried again", "Finished tasks taken up again, tasks that completed after a failure, and attempts that "
                        "passed between two polls." + OF_SPACE, "short",
                        [(counted("", "unpod_task_retries_total"), "retries"),
                         (counted("", "unpod_task_recoveries_total"), "recoveries"),
                         (counted("", "unpod_task_transitions_inferred_total"), "inferred")])),
              (8, lines("Unreadable", "Fields that could not be read, and entries into unknown statuses." + OF_SPACE, "short",
                        [(counted("field", "unpod_task_bad_fields_total"), "{{field}}"),
                         (counted("", "unpod_task_unknown_status_total"), "unknown status")]))]),
         (8, [(8, panel("heatmap", "Call duration", "Finished calls by their length." + OF_SPACE, "s",
                        [(counted("le", "unpod_call_duration_seconds_bucket"), "{{le}}")],
                        options={"calculate": False, "yAxis": {"unit": "s"}, "color": {"mode": "scheme", "scheme": "Blues"}})),
              (8, quantiles("Wait before the call", "From the creation of a task to the start of its call.",
                            "unpod_task_wait_seconds")),
              (8, quantiles("Time to completion", "From the creation of a task to the end of its call.",
                            "unpod_task_completion_seconds", by="status"))]),
         (8, [(8, quantiles("Call duration, quantiles", "Estimated from the buckets.", "unpod_call_duration_seconds")),
              (8, lines("Cost", "In the billing currency of the platform." + OF_SPACE, "short",
                        [(counted("space", "unpod_call_cost_sum"), "{{space}}")])),
              (8, lines("Mean cost of a call", "In the billing currency of the platform." + OF_SPACE, "short",
                        [(f"{counted('space', 'unpod_call_cost_sum')} / ({counted('space', 'unpod_call_cost_count')} > 0)",
                          "{{space}}")]))])], pages=True)
