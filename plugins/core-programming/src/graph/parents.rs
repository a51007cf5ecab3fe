//! Entities by their keys, and fields of many parents at once.

use std::collections::BTreeMap;

use conman_sdk::prelude::*;

use super::sessions::{Reading, SessionRow};
use super::{
    DRAFT, Wants, attendance, conflicts, demand, favourites, limit, people, release, requirements, rooms, wire,
};
use crate::Programming;
use crate::schema::*;
use crate::store::View;

impl SessionEntity for Programming {
    /// Released sessions; organisers also get those that are not released yet.
    fn load(ctx: &Context, keys: &[SessionKey]) -> Batch<Option<Session>> {
        let mut found = Reading::new(ctx, View::Released, "").by_id(keys.iter().map(|key| key.id.as_str()))?;
        if ctx.actor.may(DRAFT) {
            let released: std::collections::HashSet<&str> = found.iter().map(|session| session.id.as_str()).collect();
            let missing: Vec<&str> =
                keys.iter().map(|key| key.id.as_str()).filter(|id| !released.contains(id)).collect();
            let drafts = Reading::new(ctx, View::Draft, "").by_id(missing)?;
            found.extend(drafts);
        }
        batch::optional(keys, found.into_iter().map(|session| (session.id.clone(), session)))
    }
}

impl RoomEntity for Programming {
    /// Rooms of released sessions; organisers also get the others.
    fn load(ctx: &Context, keys: &[RoomKey]) -> Batch<Option<Room>> {
        let ids = || keys.iter().map(|key| key.id.as_str());
        let mut found = rooms::rooms_by_id(View::Released, ids())?;
        if ctx.actor.may(DRAFT) {
            found.extend(rooms::rooms_by_id(View::Draft, ids())?);
        }
        batch::optional(keys, found)
    }
}

impl TrackEntity for Programming {
    /// Tracks of released sessions; organisers also get the others.
    fn load(ctx: &Context, keys: &[TrackKey]) -> Batch<Option<Track>> {
        let ids = || keys.iter().map(|key| key.id.as_str());
        let mut found = rooms::tracks_by_id(View::Released, ids())?;
        if ctx.actor.may(DRAFT) {
            found.extend(rooms::tracks_by_id(View::Draft, ids())?);
        }
        batch::optional(keys, found)
    }
}

impl PersonEntity for Programming {
    fn load(ctx: &Context, keys: &[PersonKey]) -> Batch<Option<Person>> {
        let view = if ctx.actor.may(DRAFT) { View::Draft } else { View::Released };
        batch::optional(keys, people::by_id(&Wants::below(ctx, ""), view, keys.iter().map(|key| key.id.as_str()))?)
    }
}

impl ScheduleReleaseEntity for Programming {
    fn load(ctx: &Context, keys: &[ScheduleReleaseKey]) -> Batch<Option<ScheduleRelease>> {
        let found = release::by_number(ctx, keys.iter().map(|key| key.number))?;
        batch::optional(keys, found.into_iter().map(|(number, release)| (ScheduleReleaseKey { number }, release)))
    }
}

/// Released sessions by something they belong to, `first` of each.
fn sessions_of<'k, K: Eq + std::hash::Hash + From<String>>(
    ctx: &Context,
    parents: &'k [K],
    id: impl Fn(&'k K) -> &'k str,
    (join, parent): (&str, &str),
    day: Option<Date>,
    first: i32,
) -> Batch<Vec<Session>> {
    let limit = limit(first)?;
    let reading = Reading::new(ctx, View::Released, "");
    let mut parameters = Vec::new();
    let mut on_day = "";
    if let Some(day) = day {
        let (start, end) = ctx.convention.day_span(day);
        parameters.extend([start.to_value(), end.to_value()]);
        on_day = " AND s.starts_at >= $1 AND s.starts_at < $2";
    }
    let from = reading.from();
    let from = if join.is_empty() { from } else { from.replacen(" s LEFT JOIN", &format!(" s {join} LEFT JOIN"), 1) };
    let sql = format!(
        "SELECT {parent} AS parent, {} {from}{on_day} AND {parent} IN ($keys) ORDER BY s.starts_at, s.id",
        reading.columns()
    );
    let rows: Vec<SessionRow> = database::query_in(&sql, &parameters, parents.iter().map(&id))?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let rows: Vec<SessionRow> = rows
        .into_iter()
        .filter(|row| {
            let count = counts.entry(row.parent.clone().unwrap_or_default()).or_default();
            *count += 1;
            *count <= limit
        })
        .collect();
    let owners: Vec<String> = rows.iter().map(|row| row.parent.clone().unwrap_or_default()).collect();
    batch::lists(parents, owners.into_iter().map(K::from).zip(reading.sessions(rows)?))
}

impl RoomFields for Programming {
    fn sessions(ctx: &Context, rooms: &[RoomKey], args: RoomSessionsArgs) -> Batch<Vec<Session>> {
        sessions_of(ctx, rooms, |key| &key.id, ("", "s.room_id"), args.day, args.first)
    }

    fn availability(ctx: &Context, keys: &[RoomKey]) -> Batch<Vec<AvailableWindow>> {
        batch::lists(keys, rooms::windows(ctx, "room_window", "room_id", keys.iter().map(|key| key.id.as_str()))?)
    }
}

impl TrackFields for Programming {
    fn sessions(ctx: &Context, tracks: &[TrackKey], args: TrackSessionsArgs) -> Batch<Vec<Session>> {
        sessions_of(ctx, tracks, |key| &key.id, ("", "s.track_id"), args.day, args.first)
    }
}

impl PersonFields for Programming {
    fn sessions(ctx: &Context, people: &[PersonKey], args: PersonSessionsArgs) -> Batch<Vec<Session>> {
        let join = format!("JOIN part_released x ON x.session_id = s.id AND {}", View::Released.condition("x"));
        sessions_of(ctx, people, |key| &key.id, (&join, "x.person_id"), args.day, args.first)
    }

    fn availability(ctx: &Context, keys: &[PersonKey]) -> Batch<Vec<AvailableWindow>> {
        batch::lists(keys, rooms::windows(ctx, "person_window", "person_id", keys.iter().map(|key| key.id.as_str()))?)
    }

    fn preference(ctx: &Context, keys: &[PersonKey]) -> Batch<Vec<AvailableWindow>> {
        let ids = keys.iter().map(|key| key.id.as_str());
        batch::lists(keys, rooms::windows(ctx, "person_preferred", "person_id", ids)?)
    }

    fn apart_from(ctx: &Context, keys: &[PersonKey]) -> Batch<Vec<Person>> {
        let ids = || keys.iter().map(|key| key.id.as_str());
        let mut pairs: Vec<(String, String)> = database::query_in(
            "SELECT person_id, other_id FROM kept_apart WHERE person_id IN ($keys)",
            params![],
            ids(),
        )?;
        pairs.extend(database::query_in::<(String, String), _>(
            "SELECT other_id, person_id FROM kept_apart WHERE other_id IN ($keys)",
            params![],
            ids(),
        )?);
        let others = people::by_id(&Wants::below(ctx, ""), View::Draft, pairs.iter().map(|(_, other)| other.as_str()))?;
        let mut of: BTreeMap<&str, &Person> = BTreeMap::new();
        for (id, person) in &others {
            of.insert(id, person);
        }
        batch::lists(
            keys,
            pairs.iter().filter_map(|(one, other)| Some((one.clone(), (*of.get(other.as_str())?).clone()))),
        )
    }

    fn daily_limit(_: &Context, keys: &[PersonKey]) -> Batch<Option<i32>> {
        let sql = "SELECT id, daily_limit FROM person WHERE daily_limit IS NOT NULL AND id IN ($keys)";
        let rows: Vec<(String, i32)> = database::query_in(sql, params![], keys.iter().map(|key| key.id.as_str()))?;
        batch::optional(keys, rows)
    }

    fn approval(_: &Context, keys: &[PersonKey]) -> Batch<ScheduleApproval> {
        let rows: Vec<(String, String)> = database::query_in(
            "SELECT id, approval FROM person WHERE id IN ($keys)",
            params![],
            keys.iter().map(|key| key.id.as_str()),
        )?;
        let rows = rows.into_iter().map(|(id, word)| Ok((id, wire(&word)?))).collect::<Result<Vec<_>>>()?;
        batch::values(keys, rows, ScheduleApproval::NotSet)
    }
}

impl SessionFields for Programming {
    fn favourite(ctx: &Context, sessions: &[SessionKey]) -> Batch<bool> {
        favourites::marked(ctx, sessions)
    }

    fn favourite_count(_: &Context, sessions: &[SessionKey]) -> Batch<i32> {
        let sql = "SELECT session_id, COUNT(*) FROM favourite WHERE session_id IN ($keys) GROUP BY session_id";
        let rows: Vec<(String, i32)> = database::query_in(sql, params![], sessions.iter().map(|key| key.id.as_str()))?;
        batch::values(sessions, rows, 0)
    }

    fn needs(_: &Context, sessions: &[SessionKey]) -> Batch<Vec<String>> {
        requirements::needs(sessions)
    }

    fn setup_minutes(_: &Context, sessions: &[SessionKey]) -> Batch<i32> {
        requirements::minutes_of(sessions, "setup_minutes")
    }

    fn teardown_minutes(_: &Context, sessions: &[SessionKey]) -> Batch<i32> {
        requirements::minutes_of(sessions, "teardown_minutes")
    }

    fn only_rooms(_: &Context, sessions: &[SessionKey]) -> Batch<Vec<Room>> {
        requirements::only_rooms(sessions)
    }

    fn after(ctx: &Context, sessions: &[SessionKey]) -> Batch<Vec<Session>> {
        requirements::after(ctx, sessions)
    }

    fn attendance(_: &Context, sessions: &[SessionKey]) -> Batch<Option<i32>> {
        attendance::of_sessions(sessions)
    }

    fn expected_audience(ctx: &Context, sessions: &[SessionKey]) -> Batch<Option<ExpectedAudience>> {
        demand::of_sessions(ctx, sessions)
    }

    fn conflicts(ctx: &Context, sessions: &[SessionKey]) -> Batch<Vec<SessionConflict>> {
        conflicts::of_sessions(ctx, sessions)
    }
}

impl ScheduleReleaseFields for Programming {
    fn changes(ctx: &Context, releases: &[ScheduleReleaseKey]) -> Batch<Vec<SessionChange>> {
        release::changes(ctx, releases)
    }

    fn sessions(
        ctx: &Context,
        releases: &[ScheduleReleaseKey],
        args: ScheduleReleaseSessionsArgs,
    ) -> Batch<Vec<Session>> {
        let limit = limit(args.first)?;
        let numbers = || releases.iter().map(|key| key.number);
        let (Some(first), Some(last)) = (numbers().min(), numbers().max()) else { return Ok(Vec::new()) };
        let reading = Reading::new(ctx, View::Between { first, last }, "");
        // Which sessions first, out of narrow rows; then their texts.
        let sql = format!(
            "SELECT n.number AS release_number, s.from_release, {} {}",
            reading.columns(),
            reading.from().replacen(
                "session_released s",
                "(SELECT v.number, o.id, o.from_release, ROW_NUMBER() OVER (PARTITION BY v.number ORDER BY o.starts_at, o.id) AS place \
                 FROM schedule_release v JOIN session_released o ON o.from_release <= v.number AND o.until_release > v.number \
                 WHERE v.number IN ($keys)) n JOIN session_released s ON s.id = n.id AND s.from_release = n.from_release",
                1
            ),
        ) + " AND n.place <= $1 ORDER BY n.number, n.place";
        let rows: Vec<SessionRow> = database::query_in(&sql, params![limit], numbers())?;
        let owners: Vec<i64> = rows.iter().filter_map(|row| row.release_number).collect();
        let owners = owners.into_iter().map(|number| ScheduleReleaseKey { number });
        batch::lists(releases, owners.zip(reading.sessions(rows)?))
    }
}
