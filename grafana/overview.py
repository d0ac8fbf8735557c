"""Is anything wrong, and where? On two screens at most."""
from kit import (FINISHED, RUN_BOARD, RUN_PAGE, WAITING, dashboard, levels, limits, lines, moving, once, override,
                 run_tasks, seen, stat, table)

# An instance's own metrics have no space: only of those that watch a chosen one.
WATCHES = "and on (job, instance) runwatch_polls_total{@S}"
FAILED, DONE, OPEN = run_tasks("failed"), run_tasks(FINISHED), run_tasks(WAITING)
SHARE = f"{FAILED} / {DONE}"
UNCHANGED = "time() - max by (job, space, run_id) (unpod_run_last_change_timestamp_seconds{@S})"
FAILING = "({0} > {3} and {1} >= {4} and {2} < {5})".format(SHARE, DONE, UNCHANGED, *limits("UnpodRunFailing"))
STALLED = "({0} > {2} and {1} > {3})".format(UNCHANGED, moving(), *limits("UnpodRunStalled"))
ATTEMPTS_FAILED = f"sum by (job, space) ({once('increase(unpod_task_failures_total{@S}[30m])')})"
ATTEMPTS_DONE = "sum by (job, space) (" + once(
    'increase(unpod_task_transitions_total{@S,from!="none",to=~"completed|partially_completed"}[30m])') + ")"
ATTEMPT_SHARE = f"{ATTEMPTS_FAILED} / ({ATTEMPTS_FAILED} + {ATTEMPTS_DONE})"
TO_RUN = [{"title": "The run", "url": RUN_BOARD % ("${__data.fields.space}", "${__data.fields.run_id}")},
          {"title": "Its page", "url": RUN_PAGE, "targetBlank": True}]


def first_look():
    return [
        (4, stat("Platform", "Whether each space is read completely, by at least one instance.", "none",
                 f"min ({once('unpod_up{@S}')})", "UnpodUnreachable", low_is_bad=True,
                 names={"0": "not all seen", "1": "all seen"})),
        (4, stat("Runs in trouble", "Runs for which UnpodRunFailing or UnpodRunStalled is about to fire, or does.", "none",
                 f"count ({FAILING} or {STALLED}) or vector(0)", "any")),
        (4, stat("Failed attempts", "Share of the attempts of half an hour, in the space where it is worst.", "percentunit",
                 f"max ({ATTEMPT_SHARE} >= 0) or vector(0)", "UnpodTasksFailing")),
        (4, stat("Open incidents", "Of runwatch's own rules. Instances of a pair see the same ones: counted once.", "none",
                 f"sum ({once('runwatch_incidents_open{@M} ' + WATCHES)}) or vector(0)", "any")),
        (4, stat("Untold for", "How long the oldest notice has waited for its receiver.", "s",
                 f"max (time() - runwatch_outbox_oldest_timestamp_seconds{{@M}} {WATCHES}) or vector(0)",
                 "RunwatchBacklog")),
        (4, stat("Instances down", "Of those that watched the chosen spaces in the time shown.", "none",
                 "count (up{@M} == 0 and on (job, instance) last_over_time(runwatch_polls_total{@S}[$__range]))"
                 " or vector(0)", "any")),
    ]


def worst_first():
    shown = lambda name, alert, unit: override(name, unit=unit, thresholds=levels(alert),
                                               custom__cellOptions={"type": "color-background", "mode": "basic"})
    return table(
        "Runs, worst first", "Tasks by their newest status. `unchanged` is of runs in which something is to move. The "
        "links of a row lead to the run. Thresholds: UnpodRunFailing, UnpodRunStalled, UnpodTaskStuck.", "short",
        [SHARE, FAILED, DONE, OPEN, f"{UNCHANGED} and {moving()} > 0",
         "time() - min by (job, space, run_id) (" +
         seen('unpod_run_oldest_task_timestamp_seconds{@S,status=~"in_progress|processing"}') + ")",
         "topk by (job, space, run_id) (1, unpod_run_info{@S})"],
        {"space": "space", "run_id": "run_id", "run_mode": "mode", "Value #A": "failed share", "Value #B": "failed",
         "Value #C": "finished", "Value #D": "to do", "Value #E": "unchanged for", "Value #F": "oldest in progress",
         "execution_type": "kind", "instance": "instance"},
        hidden=("job", "Value #G", "__name__"), sort=("failed share",),
        overrides=[shown("failed share", "UnpodRunFailing", "percentunit"), shown("unchanged for", "UnpodRunStalled", "s"),
                   shown("oldest in progress", "UnpodTaskStuck", "s"), override("run_id", links=TO_RUN)])


def instances():
    each = "%s by (job, instance) (%s)"
    return table(
        "Instances", "What each one watches, and how well. `oldest reading` is of the run or list that it read least recently.",
        "short",
        [f"up{{@M}} {WATCHES}", each % ("sum", "runwatch_runs_watched{@S}"), each % ("sum", "runwatch_runs_failing{@S}"),
         each % ("max", "time() - runwatch_poll_last_success_timestamp_seconds{@S}"),
         each % ("sum", f"runwatch_outbox_pending{{@M}} {WATCHES}"),
         f"max by (job, instance, version) (runwatch_build_info{{@M}} {WATCHES})"],
        {"instance": "instance", "Value #A": "up", "Value #B": "runs", "Value #C": "runs failing", "Value #D": "oldest reading",
         "Value #E": "notices waiting", "version": "version"},
        hidden=("job", "Value #F", "__name__"),
        overrides=[override("oldest reading", unit="s"),
                   override("instance", links=[{"title": "Status page", "url": "${scheme}://${__data.fields.instance}/",
                                                "targetBlank": True}])])


def made():
    run_link = [{"title": "The run", "url": RUN_BOARD % ("${__field.labels.space}", "${__field.labels.run_id}")}]
    return dashboard(
        "runwatch-overview", "runwatch: overview", "Is anything wrong with the campaigns, and where?",
        ("job", "instance", "space"),
        [(4, first_look()), (10, [(24, worst_first())]),
         (8, [(8, lines("Tasks by status", "Of all watched and retired runs that are kept.", "short",
                        [(f"sum by (status) ({seen('unpod_tasks{@S}')})", "{{status}}")], by_status=True, stacked=True)),
              (8, lines("Failed attempts, share", "Of the attempts of half an hour, by space.", "percentunit",
                        [(f"{ATTEMPT_SHARE} >= 0", "{{space}}")], "UnpodTasksFailing")),
              (8, lines("Failed tasks, by run", "Share of a run's finished tasks that are failed by their newest status.",
                        "percentunit", [(f"{SHARE} >= 0", "{{space}} {{run_id}}")], "UnpodRunFailing", links=run_link))]),
         (8, [(8, lines("Failed attempts by reason", "In the chosen spaces. The platform may make some of them again.", "short",
                        [(f"sum by (reason) ({once('increase(unpod_task_failures_total{@S}[$__rate_interval])')})",
                          "{{reason}}")], stacked=True)),
              (8, lines("Runs by their own status", "What the platform says of each run in the list's window.", "short",
                        [(f"sum by (status) ({seen('unpod_runs{@S}')})", "{{status}}")], by_status=True, stacked=True)),
              (8, lines("Open incidents by rule", "Of runwatch's own rules, counted once where instances are a pair.", "short",
                        [(f"sum by (rule) ({once('runwatch_incidents_open{@M} ' + WATCHES)})", "{{rule}}")]))]),
         (7, [(24, instances())])], pages=True)
