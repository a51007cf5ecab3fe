//! The fields of `Mutation`.

use conman_sdk::prelude::*;

use super::edit::{self, changed, changed_line, changed_long, count, free_name, last_position, line, long, needed};
use super::telling::{Renamed, tell_renamed};
use super::{accepting, attendance, conflicts, favourites, people, planning, release, requirements, rooms, stored};
use crate::Programming;
use crate::model;
use crate::schema::*;
use crate::store::programme;
use crate::store::{View, revision, write};

fn room_now(id: &str) -> Result<Room> {
    rooms::room(View::Draft, id)?.ok_or_else(|| Error::not_found(format!("There is no room {id}.")))
}

fn track_now(id: &str) -> Result<Track> {
    rooms::track(View::Draft, id)?.ok_or_else(|| Error::not_found(format!("There is no track {id}.")))
}

fn person_now(ctx: &Context, id: &str) -> Result<Person> {
    people::one(ctx, View::Draft, id)?.ok_or_else(|| Error::not_found(format!("There is no person {id}.")))
}

/// Something of a room, track or person changed, so every session it stands in shows it: names are read where they stand.
fn keep_room(room: &model::Room, features: Option<&[String]>) -> Result<Room> {
    write::rooms([room])?;
    if let Some(features) = features {
        database::execute("UPDATE room SET features = $2 WHERE id = $1", params![room.id, Json(features)])?;
    }
    revision::touch()?;
    room_now(&room.id)
}

fn keep_track(track: &model::Track) -> Result<Track> {
    write::tracks([track])?;
    revision::touch()?;
    track_now(&track.id)
}

fn keep_person(ctx: &Context, person: &model::Person, daily_limit: Maybe<i32>, at: &str) -> Result<Person> {
    write::people([person])?;
    let limit = match daily_limit {
        Maybe::Absent => None,
        Maybe::Null => Some(None),
        Maybe::Value(limit) => Some(count(Some(limit), at)?),
    };
    if let Some(limit) = limit {
        database::execute("UPDATE person SET daily_limit = $2 WHERE id = $1", params![person.id, limit])?;
    }
    revision::touch()?;
    person_now(ctx, &person.id)
}

impl MutationResolvers for Programming {
    fn create_room(_: &Context, args: MutationCreateRoomArgs) -> Result<Room> {
        let RoomInput { name, area, capacity, exclusive, description, features } = args.input;
        let name = needed(&name, "/input/name")?;
        free_name("room", &name, "", "/input/name")?;
        let features = requirements::features(&features, "/input/features")?;
        let room = model::Room {
            id: edit::new_id(),
            name,
            position: last_position("room")?,
            area: line(&area, "/input/area")?,
            capacity: count(capacity, "/input/capacity")?,
            exclusive,
            description: long(&description, "/input/description")?,
            extra: serde_json::Map::new(),
            source: String::new(),
        };
        keep_room(&room, Some(&features))
    }

    fn update_room(ctx: &Context, args: MutationUpdateRoomArgs) -> Result<Room> {
        let mut room = programme::room(&args.id).map_err(|error| error.at("/id"))?;
        let old_name = room.name.clone();
        let RoomPatch { name, area, capacity, exclusive, description, features, position } = args.patch;
        room.name = needed(&name.or_keep(room.name).map_err(|error| error.at("/patch/name"))?, "/patch/name")?;
        free_name("room", &room.name, &room.id, "/patch/name")?;
        room.area = changed_line(area, room.area, "/patch/area")?;
        room.description = changed_long(description, room.description, "/patch/description")?;
        room.exclusive = exclusive.or_keep(room.exclusive).map_err(|error| error.at("/patch/exclusive"))?;
        match capacity {
            Maybe::Value(capacity) => room.capacity = count(Some(capacity), "/patch/capacity")?,
            Maybe::Null => room.capacity = None,
            Maybe::Absent => {}
        }
        if let Maybe::Value(position) = position {
            room.position = i64::from(position);
        }
        let features =
            changed(features).map(|features| requirements::features(&features, "/patch/features")).transpose()?;
        let kept = keep_room(&room, features.as_deref())?;
        if room.name != old_name {
            tell_renamed(ctx, Renamed::Rooms, [room.id.as_str()])?;
        }
        Ok(kept)
    }

    fn delete_room(_: &Context, args: MutationDeleteRoomArgs) -> Result<bool> {
        let room = programme::room(&args.id).map_err(|error| error.at("/id"))?;
        let sql = "UPDATE session_draft SET room_id = NULL, revision = $2 WHERE room_id = $1";
        database::execute(sql, params![room.id, revision::next()?])?;
        write::remove_rooms([room.id.as_str()])?;
        Ok(true)
    }

    fn set_room_availability(_: &Context, args: MutationSetRoomAvailabilityArgs) -> Result<Room> {
        let room = programme::room(&args.id).map_err(|error| error.at("/id"))?;
        edit::windows("room_window", "room_id", &room.id, &args.windows)?;
        revision::touch()?;
        room_now(&room.id)
    }

    fn create_track(_: &Context, args: MutationCreateTrackArgs) -> Result<Track> {
        let name = needed(&args.input.name, "/input/name")?;
        free_name("track", &name, "", "/input/name")?;
        keep_track(&model::Track {
            id: edit::new_id(),
            name,
            position: last_position("track")?,
            color: color(&args.input.color, "/input/color")?,
            slug: String::new(),
            source: String::new(),
        })
    }

    fn update_track(ctx: &Context, args: MutationUpdateTrackArgs) -> Result<Track> {
        let mut track = programme::track(&args.id).map_err(|error| error.at("/id"))?;
        let old_name = track.name.clone();
        let TrackPatch { name, color: new_color, position } = args.patch;
        track.name = needed(&name.or_keep(track.name).map_err(|error| error.at("/patch/name"))?, "/patch/name")?;
        free_name("track", &track.name, &track.id, "/patch/name")?;
        match new_color {
            Maybe::Value(new) => track.color = color(&new, "/patch/color")?,
            Maybe::Null => track.color.clear(),
            Maybe::Absent => {}
        }
        if let Maybe::Value(position) = position {
            track.position = i64::from(position);
        }
        let kept = keep_track(&track)?;
        if track.name != old_name {
            tell_renamed(ctx, Renamed::Tracks, [track.id.as_str()])?;
        }
        Ok(kept)
    }

    fn delete_track(_: &Context, args: MutationDeleteTrackArgs) -> Result<bool> {
        let track = programme::track(&args.id).map_err(|error| error.at("/id"))?;
        let sql = "UPDATE session_draft SET track_id = NULL, revision = $2 WHERE track_id = $1";
        database::execute(sql, params![track.id, revision::next()?])?;
        write::remove_tracks([track.id.as_str()])?;
        Ok(true)
    }

    fn create_person(ctx: &Context, args: MutationCreatePersonArgs) -> Result<Person> {
        let PersonInput { name, biography, avatar, url, daily_limit } = args.input;
        let person = model::Person {
            id: edit::new_id(),
            number: None,
            name: needed(&name, "/input/name")?,
            biography: long(&biography, "/input/biography")?,
            avatar: line(&avatar, "/input/avatar")?,
            url: line(&url, "/input/url")?,
            links: Vec::new(),
            source: String::new(),
        };
        keep_person(ctx, &person, daily_limit.map_or(Maybe::Absent, Maybe::Value), "/input/dailyLimit")
    }

    fn update_person(ctx: &Context, args: MutationUpdatePersonArgs) -> Result<Person> {
        let mut person = programme::person(&args.id).map_err(|error| error.at("/id"))?;
        let PersonPatch { name, biography, avatar, url, daily_limit } = args.patch;
        person.name = needed(&name.or_keep(person.name).map_err(|error| error.at("/patch/name"))?, "/patch/name")?;
        person.biography = changed_long(biography, person.biography, "/patch/biography")?;
        person.avatar = changed_line(avatar, person.avatar, "/patch/avatar")?;
        person.url = changed_line(url, person.url, "/patch/url")?;
        keep_person(ctx, &person, daily_limit, "/patch/dailyLimit")
    }

    fn delete_person(_: &Context, args: MutationDeletePersonArgs) -> Result<bool> {
        let person = programme::person(&args.id).map_err(|error| error.at("/id"))?;
        let sql = "UPDATE session_draft SET revision = $2 WHERE id IN (SELECT session_id FROM part_draft WHERE person_id = $1)";
        database::execute(sql, params![person.id, revision::next()?])?;
        write::remove_people([person.id.as_str()])?;
        Ok(true)
    }

    fn set_person_availability(ctx: &Context, args: MutationSetPersonAvailabilityArgs) -> Result<Person> {
        let person = programme::person(&args.id).map_err(|error| error.at("/id"))?;
        edit::windows("person_window", "person_id", &person.id, &args.windows)?;
        revision::touch()?;
        person_now(ctx, &person.id)
    }

    fn set_person_preference(ctx: &Context, args: MutationSetPersonPreferenceArgs) -> Result<Person> {
        let person = programme::person(&args.id).map_err(|error| error.at("/id"))?;
        edit::windows("person_preferred", "person_id", &person.id, &args.windows)?;
        revision::touch()?;
        person_now(ctx, &person.id)
    }

    fn keep_apart(ctx: &Context, args: MutationKeepApartArgs) -> Result<Person> {
        let person = programme::person(&args.person).map_err(|error| error.at("/person"))?.id;
        let other = programme::person(&args.other).map_err(|error| error.at("/other"))?.id;
        if person == other {
            return Err(Error::invalid("These are the same person.").at("/other"));
        }
        let (first, second) = if person < other { (&person, &other) } else { (&other, &person) };
        let row = row![first, second, long(&args.reason, "/reason")?];
        database::upsert_many("kept_apart", &["person_id", "other_id"], ["person_id", "other_id", "reason"], [row])?;
        person_now(ctx, &person)
    }

    fn allow_together(ctx: &Context, args: MutationAllowTogetherArgs) -> Result<Person> {
        let (first, second) =
            if args.person < args.other { (&args.person, &args.other) } else { (&args.other, &args.person) };
        database::execute("DELETE FROM kept_apart WHERE person_id = $1 AND other_id = $2", params![first, second])?;
        person_now(ctx, &args.person)
    }

    fn set_approval(ctx: &Context, args: MutationSetApprovalArgs) -> Result<Person> {
        let person = programme::person(&args.person).map_err(|error| error.at("/person"))?;
        database::execute(
            "UPDATE person SET approval = $2 WHERE id = $1",
            params![person.id, stored(args.approval.as_str())],
        )?;
        person_now(ctx, &person.id)
    }

    fn create_session(ctx: &Context, args: MutationCreateSessionArgs) -> Result<Session> {
        edit::create(ctx, args.input)
    }

    fn update_session(ctx: &Context, args: MutationUpdateSessionArgs) -> Result<Session> {
        edit::update(ctx, &args.id, args.patch)
    }

    fn delete_session(_: &Context, args: MutationDeleteSessionArgs) -> Result<bool> {
        edit::delete(&args.id)
    }

    fn place_session(ctx: &Context, args: MutationPlaceSessionArgs) -> Result<Session> {
        edit::place(ctx, args)
    }

    fn unschedule_session(ctx: &Context, args: MutationUnscheduleSessionArgs) -> Result<Session> {
        edit::unschedule(ctx, &args.id)
    }

    fn cancel_session(ctx: &Context, args: MutationCancelSessionArgs) -> Result<Session> {
        edit::cancel(ctx, &args.id)
    }

    fn assign_person(ctx: &Context, args: MutationAssignPersonArgs) -> Result<Session> {
        edit::assign(ctx, args)
    }

    fn unassign_person(ctx: &Context, args: MutationUnassignPersonArgs) -> Result<Session> {
        edit::unassign(ctx, &args.session, &args.person)
    }

    fn record_attendance(ctx: &Context, args: MutationRecordAttendanceArgs) -> Result<Session> {
        attendance::record(ctx, &args.session, args.count)
    }

    fn forget_attendance(_: &Context, args: MutationForgetAttendanceArgs) -> Result<i32> {
        attendance::forget(&args.edition)
    }

    fn clear_schedule(ctx: &Context, args: MutationClearScheduleArgs) -> Result<i32> {
        planning::clear(ctx, args.scope)
    }

    fn plan_schedule(ctx: &Context, args: MutationPlanScheduleArgs) -> Result<SchedulePlan> {
        planning::plan(ctx, args.input)
    }

    fn reschedule(ctx: &Context, args: MutationRescheduleArgs) -> Result<SchedulePlan> {
        planning::reschedule(ctx, args.input)
    }

    fn cancel_plan(ctx: &Context, args: MutationCancelPlanArgs) -> Result<SchedulePlan> {
        planning::cancel(ctx, &args.id)
    }

    fn accept_plan(ctx: &Context, args: MutationAcceptPlanArgs) -> Result<SchedulePlan> {
        accepting::accept(ctx, &args.id, args.sessions.as_deref(), args.skip)
    }

    fn drop_plan(_: &Context, args: MutationDropPlanArgs) -> Result<bool> {
        planning::drop_plan(&args.id)
    }

    fn ignore_conflict(ctx: &Context, args: MutationIgnoreConflictArgs) -> Result<SessionConflict> {
        conflicts::ignore(ctx, &args.id, Some(&args.reason))
    }

    fn heed_conflict(ctx: &Context, args: MutationHeedConflictArgs) -> Result<SessionConflict> {
        conflicts::ignore(ctx, &args.id, None)
    }

    fn release(ctx: &Context, args: MutationReleaseArgs) -> Result<ScheduleRelease> {
        release::make(ctx, &args.name, &args.note)
    }

    fn favourite(ctx: &Context, args: MutationFavouriteArgs) -> Result<Session> {
        favourites::mark(ctx, &args.session)
    }

    fn unfavourite(ctx: &Context, args: MutationUnfavouriteArgs) -> Result<Session> {
        favourites::unmark(ctx, &args.session)
    }

    fn create_favourites_feed(ctx: &Context) -> Result<FavouritesFeed> {
        favourites::make_feed(ctx)
    }

    fn revoke_favourites_feed(ctx: &Context) -> Result<bool> {
        favourites::revoke_feed(ctx)
    }
}

fn color(color: &str, at: &str) -> Result<String> {
    let color = crate::text::line(color);
    let good = color.is_empty()
        || color.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    if good { Ok(color) } else { Err(Error::invalid("Write a colour like `#a4a300`.").at(at)) }
}
