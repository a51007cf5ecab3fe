//! Volunteers: arrival, confirmations, availability, worklog and rewards.

use conman_sdk::prelude::*;

use crate::CoreVolunteer;
use crate::access::{Reach, Sight};
use crate::here::Here;
use crate::rules::calendar::Span;
use crate::rules::entry::State;
use crate::rules::reward;
use crate::schema::*;
use crate::stored::{entry, hours, int, named, role, span_at, volunteer};

/// How many pieces one's availability may have.
const MOST_SPANS: usize = 100;
/// Minutes in one line of the worklog: longer work is more than one line.
const MOST_MINUTES: u32 = 24 * 60;

/// Says when one can help.
pub(super) fn set_availability(ctx: &Context, spans: &[SpanInput]) -> Result<Volunteer> {
    let here = Here::of(ctx)?;
    let account = ctx.actor.signed_in()?;
    if spans.len() > MOST_SPANS {
        return Err(Error::invalid(format!("Send at most {MOST_SPANS} spans.")).at("/spans"));
    }
    let spans: Vec<Span> = spans
        .iter()
        .enumerate()
        .map(|(index, span)| span_at(span.start, span.end, &format!("/spans/{index}/end")))
        .collect::<Result<_>>()?;
    let row = volunteer::ensured(&here, account)?;
    volunteer::save_availability(account, &spans)?;
    Ok(row.shown(&here))
}

/// Asks to be confirmed for a role.
pub(super) fn ask_for_qualification(ctx: &Context, id: &str) -> Result<Volunteer> {
    let here = Here::of(ctx)?;
    let account = ctx.actor.signed_in()?;
    let role = role::one(id)?;
    if !role.needs_confirmation {
        let message = format!("“{}” needs no confirmation; just sign up.", role.name);
        return Err(Error::invalid(message).at("/role"));
    }
    let columns = ["account_id", "role_id", "asked_at"];
    let row = volunteer::ensured(&here, account)?;
    database::insert_missing("qualification", &["account_id", "role_id"], columns, [row![account, id, here.now]])?;
    Ok(row.shown(&here))
}

/// Marks somebody as arrived at the convention.
pub(super) fn arrive(ctx: &Context, account: &str, arrived: bool) -> Result<Volunteer> {
    let here = Here::of(ctx)?;
    Reach::of(ctx)?.require_some()?;
    volunteer::ensured(&here, account)?;
    // Whoever is marked twice arrived the first time.
    let sql = if arrived {
        "UPDATE volunteer SET arrived_at = COALESCE(arrived_at, $2), arrived_by = COALESCE(arrived_by, $3) WHERE account_id = $1"
    } else {
        "UPDATE volunteer SET arrived_at = NULL, arrived_by = NULL WHERE account_id = $1"
    };
    let parameters = params![account, here.now, here.who()];
    database::execute(sql, parameters.get(..if arrived { 3 } else { 1 }).unwrap_or(parameters))?;
    shown(&here, account)
}

/// Confirms a volunteer for a role, or takes that back.
pub(super) fn confirm_qualification(ctx: &Context, account: &str, id: &str, confirmed: bool) -> Result<Volunteer> {
    let here = Here::of(ctx)?;
    let role = role::one(id)?;
    let reach = Reach::of(ctx)?;
    match role.department_id.as_deref() {
        Some(department) => reach.require(department)?,
        // A role for everybody is confirmed by any head: whoever sees the work knows.
        None => reach.require_some()?,
    }
    volunteer::ensured(&here, account)?;
    if confirmed {
        database::execute(
            "INSERT INTO qualification (account_id, role_id, confirmed_at, confirmed_by) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (account_id, role_id) DO UPDATE SET confirmed_at = excluded.confirmed_at, confirmed_by = excluded.confirmed_by",
            params![account, id, here.now, here.who()],
        )?;
    } else {
        database::execute("DELETE FROM qualification WHERE account_id = $1 AND role_id = $2", params![account, id])?;
    }
    shown(&here, account)
}

/// Confirms having seen a licence, or takes that back.
pub(super) fn confirm_licence(ctx: &Context, account: &str, licence: &str, confirmed: bool) -> Result<Volunteer> {
    let here = Here::of(ctx)?;
    Reach::of(ctx)?.require_some()?;
    let licence = named(licence, "/licence")?;
    volunteer::ensured(&here, account)?;
    if confirmed {
        let columns = ["account_id", "licence", "confirmed_at", "confirmed_by"];
        let row = row![account, licence, here.now, here.who()];
        database::insert_missing("licence", &["account_id", "licence"], columns, [row])?;
    } else {
        database::execute("DELETE FROM licence WHERE account_id = $1 AND licence = $2", params![account, licence])?;
    }
    shown(&here, account)
}

/// Confirms having seen that somebody is over 18, or takes that back.
pub(super) fn confirm_adult(ctx: &Context, account: &str, confirmed: bool) -> Result<Volunteer> {
    let here = Here::of(ctx)?;
    Reach::of(ctx)?.require_some()?;
    volunteer::ensured(&here, account)?;
    let (at, by) = if confirmed { (Some(here.now), Some(here.who())) } else { (None, None) };
    database::execute(
        "UPDATE volunteer SET adult_confirmed_at = $2, adult_confirmed_by = $3 WHERE account_id = $1",
        params![account, at, by],
    )?;
    shown(&here, account)
}

/// Forgives the no-shows so far.
pub(super) fn unlock(ctx: &Context, account: &str) -> Result<Volunteer> {
    let here = Here::of(ctx)?;
    Reach::of(ctx)?.require_some()?;
    volunteer::ensured(&here, account)?;
    database::execute(
        "UPDATE volunteer SET pardoned_no_shows = (SELECT COUNT(*) FROM entry WHERE account_id = $1 AND state = $2) WHERE account_id = $1",
        params![account, State::NoShow],
    )?;
    shown(&here, account)
}

/// Adds work that was no shift.
pub(super) fn add_worklog(ctx: &Context, input: WorklogInput) -> Result<WorklogLine> {
    let here = Here::of(ctx)?;
    let reach = Reach::of(ctx)?;
    match input.department.as_deref() {
        Some(department) => reach.require(department).map_err(|error| error.at("/input/department"))?,
        None => reach.require_some()?,
    }
    if input.minutes == 0 || input.minutes.unsigned_abs() > MOST_MINUTES {
        return Err(Error::invalid("Write between 1 and 1440 minutes; negative ones correct an earlier line.")
            .at("/input/minutes"));
    }
    if ctx.actor.account() == Some(input.account.as_str()) {
        return Err(Error::forbidden("Let another head write down your hours.").at("/input/account"));
    }
    volunteer::ensured(&here, &input.account)?;
    let line = WorklogLine {
        id: random::id(),
        account: AccountKey::from(input.account),
        department_id: input.department,
        worked_on: input.worked_on,
        minutes: input.minutes,
        comment: named(&input.comment, "/input/comment")?,
        added_by: AccountKey::from(here.who()),
        added_at: here.local(here.now),
    };
    database::execute(
        "INSERT INTO worklog (id, account_id, department_id, worked_on, minutes, comment, added_at, added_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            line.id,
            line.account.id,
            line.department_id,
            line.worked_on,
            line.minutes,
            line.comment,
            here.now,
            line.added_by.id
        ],
    )?;
    Ok(line)
}

/// Removes a line of the worklog.
pub(super) fn remove_worklog(ctx: &Context, id: &str) -> Result<bool> {
    let sql = "SELECT department_id, account_id FROM worklog WHERE id = $1";
    let found = database::query_optional::<(Option<String>, String)>(sql, params![id])?;
    let Some((department, _)) = found else {
        return Err(Error::not_found("There is no such line in the worklog."));
    };
    let reach = Reach::of(ctx)?;
    match department.as_deref() {
        Some(department) => reach.require(department)?,
        None => reach.require_some()?,
    }
    database::execute("DELETE FROM worklog WHERE id = $1", params![id])?;
    Ok(true)
}

/// Notes that somebody got a reward they have reached.
pub(super) fn hand_out_reward(ctx: &Context, account: &str, id: &str) -> Result<VolunteerHours> {
    let here = Here::of(ctx)?;
    Reach::of(ctx)?.require_some()?;
    let rewards = here.settings.rewards();
    let Some(wanted) = rewards.iter().find(|reward| reward.id == id) else {
        let names: Vec<_> = rewards.iter().map(|reward| reward.id.as_str()).collect();
        return Err(
            Error::not_found(format!("There is no such reward; there are: {}.", names.join(", "))).at("/reward")
        );
    };
    let sum = hours::sums(&here, &[account.to_owned()])?.remove(account).unwrap_or_default();
    let missing = reward::missing(reward::threshold(wanted.hours), sum.weighted);
    if missing > 0 {
        let missing = crate::rules::words::length(missing);
        return Err(Error::new("NOT_REACHED", format!("{missing} are missing to “{}”.", wanted.name)).at("/reward"));
    }
    let columns = ["account_id", "reward_id", "handed_out_at", "handed_out_by"];
    let row = row![account, id, here.now, here.who()];
    if database::insert_missing("reward_handed_out", &["account_id", "reward_id"], columns, [row])? == 0 {
        return Err(Error::new("ALREADY", format!("“{}” was handed out before.", wanted.name)).at("/reward"));
    }
    hours::shown_one(&here, account)
}

fn shown(here: &Here<'_>, account: &str) -> Result<Volunteer> {
    let row = volunteer::find(account)?.ok_or_else(|| Error::internal("a profile that was just changed is gone"))?;
    Ok(row.shown(here))
}

impl VolunteerEntity for CoreVolunteer {
    fn load(ctx: &Context, keys: &[VolunteerKey]) -> Batch<Option<Volunteer>> {
        let here = Here::of(ctx)?;
        let rows = volunteer::rows(seen(&Sight::of(ctx)?, keys))?;
        batch::optional(keys, rows.into_iter().map(|row| (row.account_id.clone(), row.shown(&here))))
    }
}

/// The accounts among these that the actor may see.
fn seen<'k>(sight: &Sight, keys: &'k [VolunteerKey]) -> Vec<&'k str> {
    keys.iter().map(|key| key.id.as_str()).filter(|account| sight.covers(account)).collect()
}

/// Refuses, in their places, those the actor may not see.
fn guarded<T>(sight: &Sight, keys: &[VolunteerKey], answers: Vec<Result<T>>) -> Batch<T> {
    let guard = |(key, answer): (&VolunteerKey, Result<T>)| {
        if sight.covers(&key.id) { answer } else { Err(Error::forbidden("This is another volunteer's business.")) }
    };
    Ok(keys.iter().zip(answers).map(guard).collect())
}

impl VolunteerFields for CoreVolunteer {
    fn qualifications(ctx: &Context, keys: &[VolunteerKey]) -> Batch<Vec<Qualification>> {
        type Row = (String, String, Option<Timestamp>, Option<Timestamp>, Option<String>);
        let sight = Sight::of(ctx)?;
        let here = Here::of(ctx)?;
        let roles = role::by_id()?;
        let sql = "SELECT account_id, role_id, asked_at, confirmed_at, confirmed_by FROM qualification WHERE account_id IN ($keys) \
                   ORDER BY account_id, role_id";
        let rows = database::query_in::<Row, _>(sql, params![], seen(&sight, keys))?;
        let rows = rows.into_iter().filter_map(|(account, role, asked, confirmed, by)| {
            let qualification = Qualification {
                role: roles.get(&role)?.clone(),
                asked_at: asked.map(|at| here.local(at)),
                confirmed_at: confirmed.map(|at| here.local(at)),
                confirmed_by: by.map(AccountKey::from),
            };
            Some((account, qualification))
        });
        guarded(&sight, keys, batch::lists(keys, rows)?)
    }

    fn licences(ctx: &Context, keys: &[VolunteerKey]) -> Batch<Vec<ConfirmedLicence>> {
        let sight = Sight::of(ctx)?;
        let here = Here::of(ctx)?;
        let sql = "SELECT account_id, licence, confirmed_at, confirmed_by FROM licence WHERE account_id IN ($keys) ORDER BY account_id, licence";
        let rows = database::query_in::<(String, String, Timestamp, String), _>(sql, params![], seen(&sight, keys))?;
        let rows = rows.into_iter().map(|(account, licence, at, by)| {
            (account, ConfirmedLicence { licence, confirmed_at: here.local(at), confirmed_by: AccountKey::from(by) })
        });
        guarded(&sight, keys, batch::lists(keys, rows)?)
    }

    fn availability(ctx: &Context, keys: &[VolunteerKey]) -> Batch<Vec<AvailableSpan>> {
        let sight = Sight::of(ctx)?;
        let here = Here::of(ctx)?;
        let spans = volunteer::availability(seen(&sight, keys))?;
        let rows =
            spans.into_iter().flat_map(|(account, spans)| spans.into_iter().map(move |span| (account.clone(), span)));
        let rows = rows.map(|(account, span)| {
            (account, AvailableSpan { start: here.local(span.start), end: here.local(span.end) })
        });
        guarded(&sight, keys, batch::lists(keys, rows)?)
    }

    fn no_shows(ctx: &Context, keys: &[VolunteerKey]) -> Batch<i32> {
        let sight = Sight::of(ctx)?;
        let sql = "SELECT v.account_id, (SELECT COUNT(*) FROM entry e WHERE e.account_id = v.account_id AND e.state = $1) - v.pardoned_no_shows \
                   AS no_shows FROM volunteer v WHERE v.account_id IN ($keys)";
        let rows = database::query_in::<(String, i64), _>(sql, params![State::NoShow], seen(&sight, keys))?;
        let rows = rows.into_iter().map(|(account, count)| (account, int(count.max(0))));
        guarded(&sight, keys, batch::values(keys, rows, 0)?)
    }

    fn entries(ctx: &Context, keys: &[VolunteerKey]) -> Batch<Vec<ShiftEntry>> {
        let sight = Sight::of(ctx)?;
        let mut rows = entry::of_accounts(seen(&sight, keys))?;
        rows.retain(|row| sight.covers_work(&row.account_id, Some(&row.department_id)));
        let accounts: Vec<String> = rows.iter().map(|row| row.account_id.clone()).collect();
        let entries = entry::shown(&Here::of(ctx)?, rows)?;
        guarded(&sight, keys, batch::lists(keys, accounts.into_iter().zip(entries))?)
    }

    fn hours(ctx: &Context, keys: &[VolunteerKey]) -> Batch<VolunteerHours> {
        let sight = Sight::of(ctx)?;
        let here = Here::of(ctx)?;
        let accounts: Vec<String> = keys.iter().map(|key| key.id.clone()).collect();
        let hours = hours::shown(&here, &accounts)?;
        guarded(&sight, keys, hours.into_iter().map(Ok).collect())
    }

    fn worklog(ctx: &Context, keys: &[VolunteerKey]) -> Batch<Vec<WorklogLine>> {
        type Row = (String, String, Option<String>, Date, i32, String, Timestamp, String);
        let sight = Sight::of(ctx)?;
        let here = Here::of(ctx)?;
        let sql = "SELECT id, account_id, department_id, worked_on, minutes, comment, added_at, added_by FROM worklog \
                   WHERE account_id IN ($keys) ORDER BY worked_on, added_at, id";
        let mut rows = database::query_in::<Row, _>(sql, params![], seen(&sight, keys))?;
        rows.retain(|(_, account, department, ..)| sight.covers_work(account, department.as_deref()));
        let rows =
            rows.into_iter().map(|(id, account, department_id, worked_on, minutes, comment, added_at, added_by)| {
                let line = WorklogLine {
                    id,
                    account: AccountKey::from(account.as_str()),
                    department_id,
                    worked_on,
                    minutes,
                    comment,
                    added_by: AccountKey::from(added_by),
                    added_at: here.local(added_at),
                };
                (account, line)
            });
        guarded(&sight, keys, batch::lists(keys, rows)?)
    }
}
