//! The fields of `Query`.

use conman_sdk::prelude::*;

use super::sessions::Reading;
use super::{conflicts, demand, documents, favourites, int, people, plans, release, rooms};
use crate::Programming;
use crate::schema::*;
use crate::store::{FOREVER, View};

/// How far ahead "next" looks.
const SOON: i64 = 12 * 3600;

impl QueryResolvers for Programming {
    fn sessions(ctx: &Context, args: QuerySessionsArgs) -> Result<SessionPage> {
        Reading::new(ctx, View::Released, "nodes.").page(args.filter, args.first, args.after.as_deref())
    }

    fn session(ctx: &Context, args: QuerySessionArgs) -> Result<Option<Session>> {
        Reading::new(ctx, View::Released, "").one(&args.id)
    }

    fn programme_days(ctx: &Context) -> Result<Vec<ProgrammeDay>> {
        let sql =
            format!("SELECT starts_at FROM session_released WHERE until_release = {FOREVER} AND starts_at IS NOT NULL");
        let starts: Vec<(Timestamp,)> = database::query_as(&sql, params![])?;
        let mut days: std::collections::BTreeMap<Date, i64> =
            ctx.convention.days().into_iter().take(60).map(|day| (day, 0)).collect();
        for (start,) in starts {
            *days.entry(ctx.convention.day_of(start)).or_default() += 1;
        }
        let day = |(date, count)| {
            let (start, end) = ctx.convention.day_span(date);
            ProgrammeDay {
                date,
                start: ctx.convention.local(start),
                end: ctx.convention.local(end),
                session_count: int(count),
            }
        };
        Ok(days.into_iter().map(day).collect())
    }

    fn now_and_next(ctx: &Context, args: QueryNowAndNextArgs) -> Result<NowAndNext> {
        let at = args.at.map_or_else(clock::now, DateTime::timestamp);
        let soon = Timestamp::from_second(at.as_second().saturating_add(SOON)).unwrap_or(Timestamp::MAX);
        let now = Reading::new(ctx, View::Released, "now.");
        let on = format!(
            "SELECT {} {} AND s.state = 'scheduled' AND s.starts_at <= $1 AND s.ends_at > $1 ORDER BY s.starts_at, s.id LIMIT 500",
            now.columns(),
            now.from()
        );
        let next = Reading::new(ctx, View::Released, "next.");
        let coming = format!(
            "SELECT {} {} AND s.state = 'scheduled' AND s.starts_at > $1 AND s.starts_at <= $2 AND s.starts_at = (SELECT MIN(x.starts_at) FROM \
             session_released x WHERE x.until_release = {FOREVER} AND x.state = 'scheduled' AND x.room_id = s.room_id AND x.starts_at > $1) \
             ORDER BY s.starts_at, s.id LIMIT 500",
            next.columns(),
            next.from()
        );
        Ok(NowAndNext {
            at: ctx.convention.local(at),
            now: now.query(&on, params![at])?,
            next: next.query(&coming, params![at, soon])?,
        })
    }

    fn rooms(_: &Context) -> Result<Vec<Room>> {
        rooms::rooms(View::Released)
    }

    fn room(_: &Context, args: QueryRoomArgs) -> Result<Option<Room>> {
        rooms::room(View::Released, &args.id)
    }

    fn tracks(_: &Context) -> Result<Vec<Track>> {
        rooms::tracks(View::Released)
    }

    fn track(_: &Context, args: QueryTrackArgs) -> Result<Option<Track>> {
        rooms::track(View::Released, &args.id)
    }

    fn people(ctx: &Context, args: QueryPeopleArgs) -> Result<PersonPage> {
        people::page(ctx, View::Released, args.text.as_deref(), args.first, args.after.as_deref())
    }

    fn person(ctx: &Context, args: QueryPersonArgs) -> Result<Option<Person>> {
        people::one(ctx, View::Released, &args.id)
    }

    fn current_release(ctx: &Context) -> Result<Option<ScheduleRelease>> {
        Ok(release::list(ctx, 1)?.into_iter().next())
    }

    fn releases(ctx: &Context, args: QueryReleasesArgs) -> Result<Vec<ScheduleRelease>> {
        release::list(ctx, super::limit(args.first)?)
    }

    fn favourites(ctx: &Context) -> Result<Vec<Session>> {
        favourites::of(ctx)
    }

    fn draft_sessions(ctx: &Context, args: QueryDraftSessionsArgs) -> Result<SessionPage> {
        Reading::new(ctx, View::Draft, "nodes.").page(args.filter, args.first, args.after.as_deref())
    }

    fn draft_session(ctx: &Context, args: QueryDraftSessionArgs) -> Result<Option<Session>> {
        Reading::new(ctx, View::Draft, "").one(&args.id)
    }

    fn draft_people(ctx: &Context, args: QueryDraftPeopleArgs) -> Result<PersonPage> {
        people::page(ctx, View::Draft, args.text.as_deref(), args.first, args.after.as_deref())
    }

    fn draft_rooms(_: &Context) -> Result<Vec<Room>> {
        rooms::rooms(View::Draft)
    }

    fn draft_tracks(_: &Context) -> Result<Vec<Track>> {
        rooms::tracks(View::Draft)
    }

    fn session_conflicts(ctx: &Context, args: QuerySessionConflictsArgs) -> Result<SessionConflictPage> {
        conflicts::page(ctx, args)
    }

    fn demand_report(ctx: &Context) -> Result<DemandReport> {
        demand::report(ctx)
    }

    fn schedule_plans(ctx: &Context) -> Result<Vec<SchedulePlan>> {
        plans::all(ctx)
    }

    fn schedule_explanation(ctx: &Context) -> Result<ScheduleExplanation> {
        documents::explanation(ctx)
    }

    fn schedule_plan(ctx: &Context, args: QuerySchedulePlanArgs) -> Result<Option<SchedulePlan>> {
        plans::one(ctx, &args.id)
    }

    fn unreleased_changes(ctx: &Context) -> Result<Vec<SessionChange>> {
        Ok(release::pending()?.iter().map(|change| change.shown(ctx)).collect())
    }
}
