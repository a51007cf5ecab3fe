//! What is known of how many come to sessions, out of the database; see [`crate::demand`].

use std::collections::HashMap;

use conman_sdk::prelude::*;

use crate::demand::{self, Ask, Day, Demand, Expectation, Features, Observation};

/// So many counted sessions are learned from, those of the newest editions first: what a query has time for.
pub const MOST: usize = 5_000;

/// How many are expected in each session of the work in progress, by id, whenever it is: who plans its time must not ask by the time it has.
/// Where nothing at all is known there is no entry.
///
/// # Errors
/// The database's.
pub fn expected_anytime(ctx: &Context) -> Result<HashMap<String, Expectation>> {
    let mut rows: Vec<SessionRow> = database::query_as(&format!("SELECT {ASKED}, s.audience FROM {FROM}"), params![])?;
    rows.iter_mut().for_each(|row| row.starts_at = None);
    of_rows(ctx, rows)
}

/// How many are expected in some sessions at the time they have.
///
/// # Errors
/// The database's.
pub fn expected_in<'k>(ctx: &Context, ids: impl IntoIterator<Item = &'k str>) -> Result<HashMap<String, Expectation>> {
    let sql = format!("SELECT {ASKED}, s.audience FROM {FROM} WHERE s.id IN ($keys)");
    of_rows(ctx, database::query_in(&sql, params![], ids)?)
}

fn of_rows(ctx: &Context, rows: Vec<SessionRow>) -> Result<HashMap<String, Expectation>> {
    let marks = Marks::load()?;
    let asked: Vec<Ask> = rows
        .into_iter()
        .map(|row| Ask { given: row.audience, features: row.features(ctx, &marks), id: row.id })
        .collect();
    let expected = demand::expected(&asked, &observations(ctx, &marks)?);
    Ok(asked.into_iter().zip(expected).filter_map(|(ask, expected)| Some((ask.id, expected?))).collect())
}

/// What can be learned of what was counted.
///
/// # Errors
/// The database's.
pub fn learn(ctx: &Context) -> Result<Demand> {
    Ok(Demand::learn(&observations(ctx, &Marks::load()?)?))
}

const FROM: &str = "session_draft s LEFT JOIN track t ON t.id = s.track_id";
const ASKED: &str = "s.id, s.title, s.kind, s.starts_at, COALESCE(t.name, '') AS track";

#[derive(FromRow)]
struct SessionRow {
    id: String,
    title: String,
    kind: String,
    starts_at: Option<Timestamp>,
    track: String,
    #[row(default)]
    audience: Option<i64>,
    #[row(default)]
    capacity: Option<i64>,
    #[row(default)]
    people: i64,
}

impl SessionRow {
    fn features(&self, ctx: &Context, marks: &Marks) -> Features {
        let place = self.starts_at.map(|at| place(ctx, at));
        Features {
            favourites: marks.of(&self.id),
            title: self.title.clone(),
            track: self.track.clone(),
            kind: self.kind.clone(),
            hour: place.map(|(_, hour)| hour),
            day: place.map(|(number, _)| Day::of(number, last_day(ctx))),
        }
    }
}

/// The day of the convention, counted from 1, and the local hour of a moment.
pub fn place(ctx: &Context, at: Timestamp) -> (i64, i64) {
    let days = (ctx.convention.day_of(at) - ctx.convention.starts_on).get_days();
    (i64::from(days) + 1, i64::from(at.to_zoned(ctx.convention.zone().clone()).hour()))
}

fn last_day(ctx: &Context) -> i64 {
    i64::from((ctx.convention.ends_on - ctx.convention.starts_on).get_days()) + 1
}

/// How many marked which session. Where nobody marked any, marks say nothing.
pub struct Marks(HashMap<String, i64>);

impl Marks {
    /// Counts them.
    ///
    /// # Errors
    /// The database's.
    pub fn load() -> Result<Self> {
        let sql = "SELECT session_id, COUNT(*) FROM favourite GROUP BY session_id";
        let rows: Vec<(String, i64)> = database::query_as(sql, params![])?;
        Ok(Self(rows.into_iter().collect()))
    }

    /// How many marked this one.
    #[must_use]
    pub fn of(&self, session: &str) -> Option<i64> {
        (!self.0.is_empty()).then(|| self.0.get(session).copied().unwrap_or_default())
    }
}

#[derive(FromRow)]
struct PastRow {
    id: String,
    edition: String,
    title: String,
    track: String,
    kind: String,
    day_number: Option<i64>,
    start_hour: Option<i64>,
    capacity: Option<i64>,
    favourites: Option<i64>,
    attendance: i64,
}

fn observations(ctx: &Context, marks: &Marks) -> Result<Vec<Observation>> {
    let here = format!(
        "SELECT {ASKED}, r.capacity, a.people FROM {FROM} JOIN attendance a ON a.session_id = s.id \
         LEFT JOIN room r ON r.id = s.room_id ORDER BY s.id LIMIT $1"
    );
    let here: Vec<SessionRow> = database::query_as(&here, params![MOST])?;
    let mut known: Vec<Observation> = here
        .into_iter()
        .map(|row| Observation {
            edition: ctx.convention.slug.clone(),
            features: row.features(ctx, marks),
            capacity: row.capacity,
            attendance: row.people,
            id: row.id,
        })
        .collect();
    let past: Vec<PastRow> = database::query_as(
        "SELECT id, edition, title, track, kind, day_number, start_hour, capacity, favourites, attendance FROM past_session \
         ORDER BY edition DESC, id LIMIT $1",
        params![MOST - known.len()],
    )?;
    let mut days: HashMap<String, i64> = HashMap::new();
    for row in &past {
        let last = days.entry(row.edition.clone()).or_default();
        *last = row.day_number.map_or(*last, |number| number.max(*last));
    }
    known.extend(past.into_iter().map(|row| Observation {
        features: Features {
            favourites: row.favourites,
            title: row.title,
            track: row.track,
            kind: row.kind,
            hour: row.start_hour,
            day: row.day_number.map(|number| Day::of(number, days.get(&row.edition).copied().unwrap_or_default())),
        },
        id: row.id,
        edition: row.edition,
        capacity: row.capacity,
        attendance: row.attendance,
    }));
    Ok(known)
}
