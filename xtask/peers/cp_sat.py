"""The exchange format of docs/scheduling.md, modelled for OR-Tools CP-SAT: what `cargo xtask bench schedule` compares the solver with.

usage: cp_sat.py PROBLEM.json --seconds S --threads N --seed N --output SOLUTION.json

Called as `conman schedule solve` is. Building models is not part of the time, all else is. First as many sessions as possible are placed,
beginning with a greedy placement; then, from there and in what is left of the time, wishes are fulfilled.
"""

import argparse
import json
import math
import resource
import sys
import time
from collections import defaultdict

import ortools
from ortools.sat.python import cp_model

WEIGHTS = {
    "overlap": 1, "overflow": 1, "missing_day": 5, "isolated": 2, "extra_room": 1,
    "unpreferred": 1, "over_day_limit": 10, "short_gap": 5, "moved_time": 0, "moved_room": 0,
}  # fmt: skip

# With more places of sessions than this, a boolean for each makes a model that takes longer to presolve than to solve.
MOST_PLACES = 100_000


def mask(ranges, horizon):
    """The slots of a list of ranges, as bits; all of them where there is no list."""
    if ranges is None:
        return (1 << horizon) - 1
    return sum_of(((1 << (end - start)) - 1) << start for start, end in ranges)


def sum_of(masks):
    total = 0
    for one in masks:
        total |= one
    return total


def bits(of):
    while of:
        low = of & -of
        yield low.bit_length() - 1
        of ^= low


class Session:
    """A session with the places its own rules leave it."""

    def __init__(self, index, given, problem):
        spd, horizon = problem["slots_per_day"], problem["slots_per_day"] * problem["days"]
        self.index, self.id, self.given = index, given["id"], given
        self.duration, self.setup, self.teardown = (
            given["duration"],
            given.get("setup") or 0,
            given.get("teardown") or 0,
        )
        self.audience, self.people = given.get("audience") or 0, given.get("people") or []
        starts = mask(given.get("starts"), horizon)
        available = mask(None, horizon)
        for person in self.people:
            available &= problem["availability"][person]
        pin = given.get("pin") or {}
        if "start" in pin:
            starts &= 1 << pin["start"]
        self.starts_in = {}
        for room in problem["rooms"]:
            if not set(given.get("features") or []) <= set(room.get("features") or []):
                continue
            if given.get("rooms") is not None and room["id"] not in given["rooms"]:
                continue
            if problem.get("capacity", "hard") == "hard" and self.audience > room["capacity"]:
                continue
            if pin.get("room", room["id"]) != room["id"]:
                continue
            possible = starts
            for offset in range(self.duration):
                possible &= available >> offset
            for offset in range(-self.setup, self.duration + self.teardown):
                open_then = problem["opened"][room["id"]]
                possible &= open_then >> offset if offset >= 0 else open_then << -offset
            within = [
                start for start in bits(possible)
                if start >= self.setup
                and (start - self.setup) // spd == (start + self.duration + self.teardown - 1) // spd
            ]  # fmt: skip
            if within:
                self.starts_in[room["id"]] = frozenset(within)
        self.starts = sorted(set().union(*self.starts_in.values())) if self.starts_in else []


class Timetable:
    """The model, and how a solution is read out of it."""

    def __init__(self, problem):
        self.problem = problem
        self.spd, self.days = problem["slots_per_day"], problem["days"]
        self.horizon = self.spd * self.days
        problem["availability"] = {p["id"]: mask(p.get("available"), self.horizon) for p in problem.get("people") or []}
        problem["opened"] = {r["id"]: mask(r.get("open"), self.horizon) for r in problem["rooms"]}
        self.weights = {**WEIGHTS, **{k: v for k, v in (problem.get("weights") or {}).items() if v is not None}}
        self.sessions = [Session(i, s, problem) for i, s in enumerate(problem["sessions"])]
        self.by_id = {s.id: s for s in self.sessions}
        self.model, self.costs = cp_model.CpModel(), []
        self.pairs = [defaultdict(int) for _ in self.sessions]
        for a, b, number in problem.get("overlap") or []:
            a, b = self.by_id[a].index, self.by_id[b].index
            self.pairs[a][b] += number
            self.pairs[b][a] += number
        self.place_sessions()
        self.keep_rooms_apart()
        self.keep_sessions_apart()
        self.order()
        self.model.maximize(cp_model.LinearExpr.sum(self.placed))

    def cost(self, name, term, bound=1, times=1):
        if self.weights[name] and times:
            self.costs.append((self.weights[name] * times, term, bound))

    def place_sessions(self):
        """A boolean for each start of a session and one for each of its rooms: exactly one of each where it is placed."""
        m = self.model
        self.placed, self.at, self.inside, self.start = [], [], [], []
        self.here = [{} for _ in self.sessions]
        for s in self.sessions:
            placed = m.new_bool_var(f"placed {s.id}")
            at = {start: m.new_bool_var("") for start in s.starts}
            inside = {room: m.new_bool_var("") for room in s.starts_in}
            m.add(sum(at.values()) == placed)
            m.add(sum(inside.values()) == placed)
            anywhere = len(s.starts)
            for room, starts in s.starts_in.items():
                if len(starts) < anywhere:
                    # In this room only at these starts.
                    m.add_bool_or([inside[room].negated()] + [at[start] for start in sorted(starts)])
            if s.starts:
                start = m.new_int_var_from_domain(cp_model.Domain.from_values(s.starts), f"start {s.id}")
                m.add(start == sum(t * at[t] for t in s.starts)).only_enforce_if(placed)
            else:
                start = m.new_constant(0)
            self.placed.append(placed), self.at.append(at), self.inside.append(inside), self.start.append(start)

    def covering(self, s, slot, before=0, after=0):
        """The booleans of a session's starts at which it takes a slot."""
        at = self.at[s.index]
        return [at[t] for t in range(slot - s.duration - after + 1, slot + before + 1) if t in at]

    def keep_rooms_apart(self):
        """A boolean for each place of a session where there are not too many, else intervals: linear in sessions times rooms."""
        if sum(len(starts) for s in self.sessions for starts in s.starts_in.values()) <= MOST_PLACES:
            self.keep_places_apart()
        else:
            self.keep_intervals_apart()

    def keep_places_apart(self):
        m, taking = self.model, defaultdict(list)
        for s in self.sessions:
            of_start, of_room = defaultdict(list), defaultdict(list)
            for room, starts in s.starts_in.items():
                for start in sorted(starts):
                    here = m.new_bool_var("")
                    self.here[s.index][start, room] = here
                    of_start[start].append(here), of_room[room].append(here)
                    for slot in range(start - s.setup, start + s.duration + s.teardown):
                        taking[room, slot].append(here)
            for booleans, parts in ((self.at, of_start), (self.inside, of_room)):
                for key, part in parts.items():
                    m.add(sum(part) == booleans[s.index][key])
        for sessions in taking.values():
            if len(sessions) > 1:
                m.add_at_most_one(sessions)

    def keep_intervals_apart(self):
        m, in_room = self.model, defaultdict(list)
        for s in self.sessions:
            length = s.setup + s.duration + s.teardown
            for room, is_in in self.inside[s.index].items():
                in_room[room].append(
                    m.new_optional_fixed_size_interval_var(self.start[s.index] - s.setup, length, is_in, "")
                )
        for intervals in in_room.values():
            if len(intervals) > 1:
                m.add_no_overlap(intervals)

    def keep_sessions_apart(self):
        """Of those with a person in common or in conflict, at most one in each slot: a clique at a time where there is one."""
        m, of_person, partners = self.model, defaultdict(list), defaultdict(set)
        for s in self.sessions:
            for person in s.people:
                of_person[person].append(s.index)
        for a, b in self.problem.get("conflicts") or []:
            a, b = self.by_id[a].index, self.by_id[b].index
            partners[a].add(b), partners[b].add(a)
        cliques = [members for members in of_person.values() if len(members) > 1]
        for members in cliques:
            for a in members:
                partners[a].update(set(members) - {a})
        cliques = [frozenset(members) for members in cliques]
        # Pairs that no clique has yet grow into one.
        covered = {(a, b) for clique in cliques for a in clique for b in clique if a < b}
        for a in sorted(partners):
            for b in sorted(partners[a]):
                if a < b and (a, b) not in covered:
                    clique, common = {a, b}, partners[a] & partners[b]
                    while common:
                        joining = max(common, key=lambda c: (len(common & partners[c]), -c))
                        clique.add(joining)
                        common &= partners[joining]
                    covered.update((x, y) for x in clique for y in clique if x < y)
                    cliques.append(frozenset(clique))
        self.together = covered
        for clique in sorted(set(cliques), key=sorted):
            for slot in range(self.horizon):
                taking = [at for index in sorted(clique) for at in self.covering(self.sessions[index], slot)]
                if len(taking) > 1:
                    m.add_at_most_one(taking)

    def order(self):
        for s in self.sessions:
            for before in s.given.get("after") or []:
                earlier = self.by_id[before]
                self.model.add(self.start[s.index] >= self.start[earlier.index] + earlier.duration).only_enforce_if(
                    self.placed[s.index], self.placed[earlier.index]
                )

    def wish(self, placed):
        """No longer as many as possible, but as many as that; and as many wishes as possible."""
        self.model.clear_objective()
        self.model.add(cp_model.LinearExpr.sum(self.placed) >= placed)
        self.wish_pairs()
        self.wish_seats()
        for group in self.problem.get("groups") or []:
            self.wish_group(group, [self.by_id[s] for s in group["sessions"]])
        self.wish_people()
        self.wish_incumbent()
        self.model.minimize(
            cp_model.LinearExpr.weighted_sum(
                [term for _, term, _ in self.costs], [weight for weight, _, _ in self.costs]
            )
        )

    def worst(self):
        """What all wishes together cost at most."""
        return sum(weight * bound for weight, _, bound in self.costs)

    def wish_pairs(self):
        """A pair overlaps unless one of the two has ended when the other begins."""
        m = self.model
        pairs = [(a, b, number) for a, others in enumerate(self.pairs) for b, number in sorted(others.items()) if a < b]
        for a, b, number in pairs:
            if (
                not self.weights["overlap"]
                or (a, b) in self.together
                or not self.sessions[a].starts
                or not self.sessions[b].starts
            ):
                continue
            overlap, first, second = (m.new_bool_var("") for _ in range(3))
            m.add(self.start[a] + self.sessions[a].duration <= self.start[b]).only_enforce_if(first)
            m.add(self.start[b] + self.sessions[b].duration <= self.start[a]).only_enforce_if(second)
            m.add_bool_or(overlap, first, second, self.placed[a].negated(), self.placed[b].negated())
            self.cost("overlap", overlap, times=number)

    def wish_seats(self):
        if self.problem.get("capacity", "hard") != "soft":
            return
        seats = {room["id"]: room["capacity"] for room in self.problem["rooms"]}
        for s in self.sessions:
            for room, is_in in self.inside[s.index].items():
                self.cost("overflow", is_in, times=max(0, s.audience - seats[room]))

    def wish_group(self, group, members):
        m = self.model
        if group.get("min_days") and self.weights["missing_day"]:
            used = []
            for day in range(self.days):
                here = [at for s in members for t, at in self.at[s.index].items() if t // self.spd == day]
                is_used = m.new_bool_var("")
                m.add_bool_or([*here, is_used.negated()])
                used.append(is_used)
            missing = m.new_int_var(0, group["min_days"], "")
            m.add(missing >= group["min_days"] - sum(used))
            self.cost("missing_day", missing, group["min_days"])
        if group.get("same_room") and self.weights["extra_room"] and members:
            rooms = []
            for room in sorted({room for s in members for room in s.starts_in}):
                is_used = m.new_bool_var("")
                for s in members:
                    if room in self.inside[s.index]:
                        m.add_implication(self.inside[s.index][room], is_used)
                rooms.append(is_used)
            extra = m.new_int_var(0, max(0, len(rooms) - 1), "")
            m.add(extra >= sum(rooms) - 1)
            self.cost("extra_room", extra, max(0, len(rooms) - 1))
        if group.get("compact") and self.weights["isolated"]:
            starting, ending = defaultdict(list), defaultdict(list)
            for s in members:
                for t, at in self.at[s.index].items():
                    starting[t].append((s.index, at))
                    ending[t + s.duration].append((s.index, at))
            for s in members:
                alone = m.new_bool_var("")
                for t, at in self.at[s.index].items():
                    end = t + s.duration
                    before = ending[t] if t % self.spd else []
                    after = starting[end] if end % self.spd else []
                    beside = [other for index, other in before + after if index != s.index]
                    m.add_bool_or([at.negated(), alone, *beside])
                self.cost("isolated", alone)

    def wish_people(self):
        m, of_person = self.model, defaultdict(list)
        for s in self.sessions:
            for person in s.people:
                of_person[person].append(s)
        for person in self.problem.get("people") or []:
            mine = of_person[person["id"]]
            if person.get("preferred") is not None:
                preferred = mask(person["preferred"], self.horizon)
                for s in mine:
                    for t, at in self.at[s.index].items():
                        outside = ((1 << s.duration) - 1) << t & ~preferred
                        self.cost("unpreferred", at, times=outside.bit_count())
            by_day = [
                [at for s in mine for t, at in self.at[s.index].items() if t // self.spd == day]
                for day in range(self.days)
            ]
            most = person.get("max_per_day")
            if most is not None and len(mine) > most:
                for here in by_day:
                    beyond = m.new_int_var(0, len(mine) - most, "")
                    m.add(beyond >= sum(here) - most)
                    self.cost("over_day_limit", beyond, len(mine) - most)
            if person.get("min_gap") and self.weights["short_gap"] and len(mine) > 1:
                self.wish_gaps(person["min_gap"], mine)

    def wish_gaps(self, gap, mine):
        """For each session of a person: whether another begins, on the same day, sooner than `gap` after its end. Sessions of a person
        never overlap, so that the next one is the only one to count."""
        for s in mine:
            short = self.model.new_bool_var("")
            for t, at in self.at[s.index].items():
                end, day = t + s.duration, t // self.spd
                soon = range(end, min(end + gap, (day + 1) * self.spd))
                followers = [self.at[o.index][u] for o in mine if o is not s for u in soon if u in self.at[o.index]]
                for follower in followers:
                    self.model.add_bool_or(at.negated(), follower.negated(), short)
            self.cost("short_gap", short)

    def wish_incumbent(self):
        for was in self.problem.get("incumbent") or []:
            index = self.by_id[was["session"]].index
            for name, still in (
                ("moved_time", self.at[index].get(was["start"])),
                ("moved_room", self.inside[index].get(was["room"])),
            ):
                # One that is not placed has not moved either.
                self.cost(name, self.placed[index] - still if still is not None else self.placed[index])

    def greedy(self):
        """Where sessions were; the others one by one, those with the fewest places first, where it is free and least overlaps."""
        rooms, people, taken = defaultdict(int), defaultdict(int), {}
        apart = defaultdict(set)
        for a, b in self.together:
            apart[a].add(b), apart[b].add(a)

        def span(start, length):
            return ((1 << length) - 1) << start

        def is_free(s, start, room):
            body, around = span(start, s.duration), span(start - s.setup, s.setup + s.duration + s.teardown)
            if rooms[room] & around or any(people[p] & body for p in s.people):
                return False
            if any(o in taken and span(taken[o][0], self.sessions[o].duration) & body for o in apart[s.index]):
                return False
            return all(
                o not in taken or taken[o][0] + self.sessions[o].duration <= start
                for o in (self.by_id[before].index for before in s.given.get("after") or [])
            )

        def take(s, start, room):
            taken[s.index] = (start, room)
            rooms[room] |= span(start - s.setup, s.setup + s.duration + s.teardown)
            for person in s.people:
                people[person] |= span(start, s.duration)

        for was in self.problem.get("incumbent") or []:
            s = self.by_id[was["session"]]
            if was["start"] in s.starts_in.get(was["room"], ()) and is_free(s, was["start"], was["room"]):
                take(s, was["start"], was["room"])
        seats = {room["id"]: room["capacity"] for room in self.problem["rooms"]}
        fewest_first = sorted(self.sessions, key=lambda s: (sum(map(len, s.starts_in.values())) / s.duration, s.index))
        for s in fewest_first:
            if s.index in taken or s.given.get("after"):
                continue
            # The room that fits best: the smallest that is large enough, else the largest.
            best_fit = sorted(s.starts_in, key=lambda room: (seats[room] < s.audience, abs(seats[room] - s.audience)))
            places = [(start, room) for room in best_fit for start in sorted(s.starts_in[room])]
            beside = self.beside(s, taken)
            places.sort(key=lambda place: sum(beside[place[0] : place[0] + s.duration]))
            place = next((place for place in places if is_free(s, *place)), None)
            if place:
                take(s, *place)
        return taken

    def beside(self, s, taken):
        """For each slot the numbers of the placed sessions there that this one should not overlap."""
        beside = [0] * self.horizon
        for other, number in self.pairs[s.index].items():
            if other in taken:
                for slot in range(taken[other][0], taken[other][0] + self.sessions[other].duration):
                    beside[slot] += number
        return beside

    def hint(self, taken):
        """Begin with these places."""
        self.model.clear_hints()
        for s in self.sessions:
            place = taken.get(s.index)
            self.model.add_hint(self.placed[s.index], place is not None)
            for start, at in self.at[s.index].items():
                self.model.add_hint(at, place is not None and place[0] == start)
            for room, inside in self.inside[s.index].items():
                self.model.add_hint(inside, place is not None and place[1] == room)
            for one, here in self.here[s.index].items():
                self.model.add_hint(here, place == one)
            if place:
                self.model.add_hint(self.start[s.index], place[0])

    def hint_all(self, solver):
        """Begin with all values of a solution."""
        self.model.clear_hints()
        for index in range(len(self.model.proto.variables)):
            variable = self.model.get_int_var_from_proto_index(index)
            self.model.add_hint(variable, solver.value(variable))

    def places(self, solver):
        """Where a solution has the sessions."""
        taken = {}
        for s in self.sessions:
            if solver.boolean_value(self.placed[s.index]):
                start = next(t for t, at in self.at[s.index].items() if solver.boolean_value(at))
                taken[s.index] = (
                    start,
                    next(r for r, inside in self.inside[s.index].items() if solver.boolean_value(inside)),
                )
        return taken

    def document(self, taken):
        """The solution, without figures: whoever reads it counts for itself."""
        placed = [(s.id, *taken[s.index]) for s in self.sessions if s.index in taken]
        return {
            "format": "conman-schedule-solution/1",
            "assignments": [{"session": session, "start": start, "room": room} for session, start, room in placed],
            "unplaced": [{"session": s.id, "reasons": []} for s in self.sessions if s.index not in taken],
        }


class Falling(cp_model.CpSolverSolutionCallback):
    """Objective values as they get better, with when that was."""

    def __init__(self, spent):
        super().__init__()
        self.began, self.values = time.monotonic() - spent, []

    def on_solution_callback(self):
        self.values.append((time.monotonic() - self.began, round(self.objective_value)))


class Search:
    """What is done in the given time, step by step."""

    def __init__(self, arguments):
        self.arguments, self.spent, self.values = arguments, 0.0, []

    def step(self, work):
        began = time.monotonic()
        done = work()
        self.spent += time.monotonic() - began
        return done

    def solve(self, model, *, is_fixed=False):
        """The solver if it has found a solution. With `is_fixed`, all that is hinted stays as it is."""
        solver, falling = cp_model.CpSolver(), Falling(self.spent)
        parameters = solver.parameters
        parameters.max_time_in_seconds = max(self.arguments.seconds - self.spent, 0.001)
        parameters.num_workers = self.arguments.threads
        parameters.random_seed = self.arguments.seed
        # What they find here is worth less than the seconds they take.
        parameters.cp_model_probing_level = 0
        parameters.max_presolve_iterations = 1
        parameters.symmetry_level = 0
        if is_fixed:
            parameters.fix_variables_to_their_hinted_value = True
        elif self.arguments.threads == 1:
            # One thread that takes turns improves parts of a solution; without this it would do nothing but branch.
            parameters.use_lns_only = True
            parameters.interleave_search = True
        status = self.step(lambda: solver.solve(model, falling))
        self.values = falling.values
        return solver if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else None


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("problem")
    arguments.add_argument("--seconds", type=float, required=True)
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--output", required=True)
    arguments = arguments.parse_args()
    building, search, improvements, bound = Search(arguments), Search(arguments), [], 0
    began = time.monotonic()
    with open(arguments.problem) as file:
        problem = json.load(file)
    reading = time.monotonic() - began

    timetable = building.step(lambda: Timetable(problem))
    taken, many = search.step(timetable.greedy), len(timetable.sessions)
    improvements.append((search.spent, many - len(taken), None))
    if len(taken) < many:
        building.step(lambda: timetable.hint(taken))
        solver = search.solve(timetable.model)
        improvements += [(at, many - placed, None) for at, placed in search.values]
        taken = timetable.places(solver) if solver else taken

    building.step(lambda: timetable.wish(len(taken)))
    building.step(lambda: timetable.hint(taken))
    # What follows from the places, so that the search proper begins with a whole solution.
    solver = search.solve(timetable.model, is_fixed=True)
    improvements += [(at, many - len(taken), cost) for at, cost in search.values]
    if solver and search.spent < arguments.seconds:
        building.step(lambda: timetable.hint_all(solver))
        solver = search.solve(timetable.model)
        improvements += [(at, many - len(taken), cost) for at, cost in search.values]
        if solver:
            # Costs are whole numbers, and the solver's bound is one but for rounding.
            taken, bound = timetable.places(solver), max(bound, math.ceil(solver.best_objective_bound - 1e-6))
    with open(arguments.output, "w") as file:
        json.dump(timetable.document(taken), file)
    # While sessions are placed nobody counts what that costs: no more than all wishes.
    worst = timetable.worst()
    answer = {
        "seconds": {"reading": reading, "building": building.spent, "solving": search.spent},
        "improvements": [(at, unplaced, worst if cost is None else cost) for at, unplaced, cost in improvements],
        "bound": bound,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "version": f"OR-Tools {ortools.__version__} CP-SAT",
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
