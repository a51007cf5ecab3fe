//! The plugin's HTTP routes: imports and exports.

use std::collections::BTreeSet;

use conman_sdk::prelude::*;

use crate::Programming;
use crate::changes::{self, Counts, Report, Unreadable};
use crate::export::{Edition, Readers, csv, frab_json, frab_xml, icalendar};
use crate::graph::telling::{Renamed, tell_renamed};
use crate::graph::{DRAFT, RELEASE, documents, favourites, release, report};
use crate::import::{Format, Options, Refusal, attendance, moment};
use crate::model::Programme;
use crate::schema::*;
use crate::store::programme::{Extent, load};
use crate::store::{self, View, reach, revision, write};

impl RouteHandlers for Programming {
    fn post_import_frab_xml(ctx: &Context, request: &Request) -> Result<Response> {
        import(ctx, request, Format::FrabXml)
    }

    fn post_import_frab_json(ctx: &Context, request: &Request) -> Result<Response> {
        import(ctx, request, Format::FrabJson)
    }

    fn post_import_konopas(ctx: &Context, request: &Request) -> Result<Response> {
        import(ctx, request, Format::Konopas)
    }

    fn post_import_conclar(ctx: &Context, request: &Request) -> Result<Response> {
        import(ctx, request, Format::Conclar)
    }

    fn post_import_csv(ctx: &Context, request: &Request) -> Result<Response> {
        import(ctx, request, Format::Csv)
    }

    fn post_import_attendance(ctx: &Context, request: &Request) -> Result<Response> {
        import_attendance(ctx, request)
    }

    fn get_attendance_csv(ctx: &Context, _: &Request) -> Result<Response> {
        let table = attendance::write(&store::attendance::here(ctx)?).map_err(|error| unwritten(&error))?;
        let name = format!("{}.attendance.csv", ctx.convention.slug);
        Ok(Response::bytes("text/csv; charset=utf-8", table).download(&name))
    }

    fn get_schedule_xml(ctx: &Context, request: &Request) -> Result<Response> {
        export(ctx, request, "xml", Extent::Whole, |edition, _| {
            Ok(Response::bytes("application/xml; charset=utf-8", frab_xml::write(edition)))
        })
    }

    fn get_schedule_json(ctx: &Context, request: &Request) -> Result<Response> {
        export(ctx, request, "json", Extent::Whole, |edition, _| {
            Ok(Response::bytes("application/json", frab_json::write(edition)?))
        })
    }

    fn get_schedule_csv(ctx: &Context, request: &Request) -> Result<Response> {
        export(ctx, request, "csv", Extent::Whole, |edition, _| {
            let table = csv::write(edition).map_err(|error| unwritten(&error))?;
            Ok(Response::bytes("text/csv; charset=utf-8", table).download(&format!("{}.csv", edition.slug)))
        })
    }

    fn get_schedule_ics(ctx: &Context, request: &Request) -> Result<Response> {
        export(ctx, request, "ics", Extent::Whole, |edition, release| {
            Ok(calendar(edition, edition.headline(), release))
        })
    }

    fn get_planning_problem_json(ctx: &Context, _: &Request) -> Result<Response> {
        Ok(Response::json(&documents::problem(ctx)?)?.download(&format!("{}.problem.json", ctx.convention.slug)))
    }

    fn get_planning_solution_json(ctx: &Context, _: &Request) -> Result<Response> {
        Ok(Response::json(&documents::solution(ctx)?)?.download(&format!("{}.solution.json", ctx.convention.slug)))
    }

    fn get_planning_explanation_json(ctx: &Context, _: &Request) -> Result<Response> {
        Response::json(&report::report(ctx)?)
    }

    /// `people/{id}.ics`
    fn get_people_any(ctx: &Context, request: &Request) -> Result<Response> {
        let person = request.rest().strip_suffix(".ics").ok_or_else(|| Error::not_found("Ask for people/{id}.ics."))?;
        let sql = format!(
            "SELECT e.name FROM person e WHERE e.id = $1 AND e.id IN (SELECT p.person_id FROM part_released p WHERE {})",
            View::Released.condition("p")
        );
        let found: Option<(String,)> = database::query_optional(&sql, params![person])?;
        let (name,) = found.ok_or_else(|| Error::not_found("There is no such person in the released programme."))?;
        export(ctx, request, "person", Extent::Person(person), |edition, release| {
            Ok(calendar(edition, &format!("{name} at {}", edition.headline()), release))
        })
    }

    /// `favourites.ics?token=…`: the token is the sign-in, since calendar programs have no other.
    fn get_favourites_ics(ctx: &Context, request: &Request) -> Result<Response> {
        let owner = match request.query("token") {
            Some(token) => favourites::feed_owner(token)?,
            None => ctx.actor.account().map(str::to_owned),
        };
        let owner = owner
            .ok_or_else(|| Error::not_found("This calendar address does not work, or no longer; make a new one."))?;
        export(ctx, request, "favourites", Extent::Favourites(&owner), |edition, release| {
            Ok(calendar(edition, &format!("My {}", edition.headline()), release))
        })
    }
}

fn calendar(edition: &Edition<'_>, name: &str, release: i64) -> Response {
    Response::bytes("text/calendar; charset=utf-8", icalendar::write(edition, name, release))
}

/// Reads a file into the work in progress, in one transaction. `?dry-run=true` only says what would happen, `?source=` names whose
/// programme it is, `?timezone=` the zone of times that say none, `?release=` releases it in the same go.
fn import(ctx: &Context, request: &Request, format: Format) -> Result<Response> {
    let dry_run = is_dry_run(request);
    let release = request.query("release").filter(|name| !name.is_empty());
    if release.is_some() {
        ctx.actor.require(RELEASE)?;
    }
    let mut options = Options::new(ctx.convention.zone().clone(), ctx.convention.day_change);
    if let Some(name) = request.query("timezone").filter(|name| !name.is_empty()) {
        let wrong = || {
            Error::invalid(format!("`{name}` is not a time zone; write one of the IANA names, like Europe/Berlin."))
                .at("timezone")
        };
        options.chosen_zone = Some(moment::zone(name).ok_or_else(wrong)?);
    }
    options.source = request.query("source").map(crate::text::line).filter(|source| !source.is_empty());
    let file = format.read(&request.body, &options).map_err(|refusal| unreadable(&refusal))?;
    let report: Report = database::transaction(|| {
        let (existing, elsewhere) = reach::load(&file)?;
        let mut plan = changes::plan(&existing, &elsewhere, &file);
        plan.spare(&reach::used_elsewhere(&plan, &existing)?);
        drop(existing);
        plan.report.dry_run = dry_run;
        if !dry_run {
            write::plan(&plan)?;
            tell_renamed(ctx, Renamed::Rooms, plan.renamed_rooms.iter().map(String::as_str))?;
            if let Some(name) = release {
                plan.report.release = Some(release::make(ctx, name, "")?.number);
            }
        }
        Ok(plan.report)
    })?;
    tracing::info!(format = report.format, source = %report.source, sessions = report.read.sessions, dry_run, "imported");
    Response::json(&report)
}

/// Reads former years' attendance: each edition the table speaks of is replaced. `?dry-run=true` only says what would happen,
/// `?edition=` names the edition of rows that name none.
fn import_attendance(ctx: &Context, request: &Request) -> Result<Response> {
    let dry_run = is_dry_run(request);
    let edition = request.query("edition").map(crate::text::line).unwrap_or_default();
    let table = attendance::read(&request.body, &edition).map_err(|refusal| unreadable(&refusal))?;
    let editions: BTreeSet<&str> = table.sessions.iter().map(|session| session.edition.as_str()).collect();
    if editions.contains(ctx.convention.slug.as_str()) {
        let own = "This edition is this convention's own, whose attendance is recorded with `recordAttendance`; name a former one.";
        return Err(Error::invalid(own).at("edition"));
    }
    let changed = database::transaction(|| store::attendance::replace(&table.sessions, dry_run))?;
    let report = Report {
        format: "attendance",
        source: editions.into_iter().collect::<Vec<_>>().join(", "),
        dry_run,
        read: Counts { sessions: table.sessions.len(), ..Counts::default() },
        added: changed.added,
        changed: changed.changed,
        removed: changed.removed,
        unreadable: table.unreadable.iter().map(Unreadable::from).collect(),
        unreadable_count: table.unreadable_count,
        notes: table.notes,
        release: None,
    };
    tracing::info!(source = %report.source, sessions = report.read.sessions, dry_run, "imported attendance");
    Response::json(&report)
}

fn is_dry_run(request: &Request) -> bool {
    matches!(request.query("dry-run"), Some("" | "true" | "1" | "yes"))
}

fn unwritten(error: &dyn std::fmt::Display) -> Error {
    Error::internal(format!("the table could not be written: {error}"))
}

fn unreadable(refusal: &Refusal) -> Error {
    Error::invalid(format!("The file cannot be read, and nothing was imported: {}", refusal.message))
        .at(refusal.place.to_string())
}

/// Writes the released programme, or with `?view=draft` the work in progress for those who may see it. Tagged with the revision, so
/// that who has it already gets it no second time.
fn export(
    ctx: &Context,
    request: &Request,
    kind: &str,
    extent: Extent<'_>,
    write: impl FnOnce(&Edition<'_>, i64) -> Result<Response>,
) -> Result<Response> {
    let view = match request.query("view") {
        Some("draft") => {
            ctx.actor.require(DRAFT)?;
            View::Draft
        }
        None | Some("released" | "") => View::Released,
        Some(other) => {
            return Err(Error::invalid(format!("There is no view `{other}`; write `draft` or `released`.")).at("view"));
        }
    };
    let mut tag = format!("{kind}-{}-{}", revision::now()?, if view == View::Draft { "draft" } else { "released" });
    if let Extent::Favourites(account) = extent {
        let (count, newest): (i64, Option<i64>) = database::query_one(
            "SELECT COUNT(*), MAX(marked_at) FROM favourite WHERE account_id = $1",
            params![account],
        )?;
        tag += &format!("-{count}-{}", newest.unwrap_or_default());
    }
    if let Some(unchanged) = request.not_modified(&tag) {
        return Ok(unchanged);
    }
    let latest: Option<(i64, String, Timestamp)> = database::query_optional(
        "SELECT number, name, made_at FROM schedule_release ORDER BY number DESC LIMIT 1",
        params![],
    )?;
    let (number, version, made_at) = latest.unwrap_or((0, "unreleased".to_owned(), Timestamp::UNIX_EPOCH));
    let programme: Programme = load(view, extent)?;
    let edition = Edition {
        programme: &programme,
        readers: if view == View::Draft { Readers::Organisers } else { Readers::Public },
        title: &ctx.convention.name,
        slug: &ctx.convention.slug,
        zone: ctx.convention.zone().clone(),
        day_change: ctx.convention.day_change,
        starts_on: ctx.convention.starts_on,
        ends_on: ctx.convention.ends_on,
        version: if view == View::Draft { format!("draft after {version}") } else { version },
        made_at,
    };
    Ok(write(&edition, number)?.etag(&tag))
}
