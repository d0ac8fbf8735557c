"""The judge over time: many runs, and a daemon that is killed while it may or may not have committed its last walk."""
import itertools
from collections import Counter

from journal import Walks, time_of_id, timestamp
from judge import JUDGED, Run, compare
from sight import STATUSES


class World:
    """One possible truth of one space."""

    def __init__(self, runs=None, counters=None):
        self.runs = runs or {}
        self.counters = counters if counters is not None else Counter()

    def with_run(self, run_id, run, added):
        return World({**self.runs, run_id: run}, self.counters + added if added else self.counters)

    def series(self):
        """Counters and gauges as the daemon must show them, without the space label."""
        samples = dict(self.counters)
        tasks = Counter()
        for run_id, run in self.runs.items():
            if not run.polled:
                continue
            counts = run.counts()
            tasks.update(counts)
            for status in STATUSES:
                samples[("unpod_run_tasks", (("run_id", run_id), ("status", status)))] = counts[status]
        for status in STATUSES:
            samples[("unpod_tasks", (("status", status),))] = tasks[status]
        return samples


def of_space(samples, label):
    """The judged series of one space, without the label."""
    pair = ("space", label)
    return {(name, tuple(p for p in labels if p != pair)): value
            for (name, labels), value in samples.items() if name in JUDGED and pair in labels}


class Space:
    """What may be true of one space, given all that was served; several worlds only for as long as a kill leaves it
    open which walks were committed."""

    def __init__(self, label):
        self.label = label
        self.worlds = [World()]
        self.first_discovery = None
        self.created = {}
        self.pending = {}  # run id → its newest whole walk, not yet known to be committed
        self.pages = Counter()  # run id → most pages in a whole walk
        self.walks = Counter()  # run id → whole walks

    def asked(self, run_id):
        """A run is never asked for again before its last poll was committed."""
        walk = self.pending.pop(run_id, None)
        if walk:
            self.worlds = [self._after(world, walk) for world in self.worlds]

    def take(self, walk):
        if walk.kind == "runs":
            self.first_discovery = self.first_discovery or walk.began
            for run_id, row in walk.rows.items():
                self.created[run_id] = timestamp(row.get("created")) or time_of_id(run_id)
            return
        self.walks[walk.run] += 1
        self.pages[walk.run] = max(self.pages[walk.run], walk.pages)
        self.pending[walk.run] = walk

    def settle(self):
        """The daemon lives and had time to commit everything."""
        for run_id in list(self.pending):
            self.asked(run_id)

    def _is_baseline(self, run_id):
        created = self.created.get(run_id)
        if created is None or self.first_discovery is None:
            return True
        return created < self.first_discovery

    def _after(self, world, walk):
        run, added = world.runs.get(walk.run, Run({})).after(walk, self._is_baseline(walk.run))
        return world.with_run(walk.run, run, added)

    def killed(self):
        """Each pending walk may or may not have been committed; both worlds live on."""
        worlds = []
        for world in self.worlds:
            forks = []
            for walk in self.pending.values():
                with_it = self._after(world, walk)
                before, after = world.runs.get(walk.run, Run({})), with_it.runs[walk.run]
                if before.restarted() == after.restarted() and with_it.counters == world.counters:
                    continue
                forks.append(walk)
            for chosen in itertools.product((False, True), repeat=len(forks)):
                fork = world
                for committed, walk in zip(chosen, forks):
                    fork = self._after(fork, walk) if committed else fork
                worlds.append(World({i: r.restarted() for i, r in fork.runs.items()}, fork.counters))
        self.pending.clear()
        self.worlds = worlds

    def prune(self, samples):
        """Keeps the worlds that the daemon's own word agrees with; the differences of the nearest one if none does."""
        observed = of_space(samples, self.label)
        differences = [compare(world.series(), observed) for world in self.worlds]
        agreeing = [world for world, lines in zip(self.worlds, differences) if not lines]
        if not agreeing:
            return min(differences, key=len)
        self.worlds = _distinct(agreeing)
        return []


def _distinct(worlds):
    kept = []
    for world in worlds:
        if not any(world.runs == other.runs and world.counters == other.counters for other in kept):
            kept.append(world)
    return kept


class Court:
    """All spaces, fed with the journal. `spaces`: {token: label}."""

    def __init__(self, journal, spaces):
        self.journal = journal
        self.spaces = {token: Space(label) for token, label in spaces.items()}
        self._walks = Walks()

    def read(self, keep=lambda entry: True):
        """Takes in what the journal got; `keep` says which entries count."""
        for entry in self.journal.read():
            if not keep(entry):
                continue
            for event, value in self._walks.feed(entry):
                space = self.spaces.get(value[1] if event == "asked" else value.space)
                if space is None:
                    continue
                if event == "walk":
                    space.take(value)
                elif value[0] == "tasks":
                    space.asked(value[2])

    def settle(self):
        for space in self.spaces.values():
            space.settle()

    def killed(self):
        self._walks = Walks()
        for space in self.spaces.values():
            space.killed()

    def prune(self, samples):
        """All differences between what must be and what the daemon says, as lines."""
        return [f"[{space.label}] {line}" for space in self.spaces.values() for line in space.prune(samples)]
