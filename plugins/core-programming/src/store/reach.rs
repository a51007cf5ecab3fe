//! What of the work in progress a file can touch. An import reads that and no more, so that it costs the same whether its programme is
//! the only one of a convention or one of many.

use std::collections::{BTreeMap, HashSet};

use conman_sdk::prelude::*;

use super::View;
use super::programme::{
    PERSON, PartRow, PersonRow, ROOM, RoomRow, SessionRow, TRACK, TrackRow, conference, session_columns,
};
use crate::changes::{Elsewhere, Plan, UsedElsewhere};
use crate::identity;
use crate::import::File;
use crate::model::{Part, Person, Programme, Room, Session, Track};
use crate::text;

/// Reads the sessions of the file's source and those it names with the people in them, the people it may mean, and all rooms and
/// tracks, sorted; and what matters of the rest.
///
/// # Errors
/// The database's; `quota` when that is more than one call may read.
pub fn load(file: &File) -> Result<(Programme, Elsewhere)> {
    let sessions = sessions(file)?;
    let within: HashSet<&str> = sessions.iter().map(|session| session.id.as_str()).collect();
    let parts: Vec<PartRow> = database::query_in(
        "SELECT session_id, person_id, sort_order, role FROM part_draft WHERE session_id IN ($keys)",
        params![],
        &within,
    )?;
    let all: i64 = database::query_value("SELECT COUNT(*) FROM session_draft", params![])?;
    let others = usize::try_from(all).is_ok_and(|all| all > sessions.len());
    let elsewhere = Elsewhere { sessions: others, numbers: numbers(file, &within)? };
    let rooms: Vec<RoomRow> = database::query_as(&format!("{ROOM} WHERE NOT removed"), params![])?;
    let tracks: Vec<TrackRow> = database::query_as(&format!("{TRACK} WHERE NOT removed"), params![])?;
    let mut programme = Programme {
        conference: conference()?,
        rooms: rooms.into_iter().map(Room::from).collect(),
        tracks: tracks.into_iter().map(Track::from).collect(),
        people: people(file)?,
        parts: parts.into_iter().map(PartRow::part).collect::<Result<Vec<Part>>>()?,
        sessions,
    };
    programme.sort();
    Ok((programme, elsewhere))
}

fn sessions(file: &File) -> Result<Vec<Session>> {
    // A file that does not speak of sessions touches none.
    let Some(said) = &file.sessions else { return Ok(Vec::new()) };
    let columns = session_columns(View::Draft);
    let own = format!("SELECT {columns} FROM session_draft s WHERE s.source = $1");
    let mut rows: Vec<SessionRow> = database::query_as(&own, params![file.source])?;
    let named = format!("SELECT {columns} FROM session_draft s WHERE s.source <> $1 AND s.id IN ($keys)");
    rows.extend(database::query_in::<SessionRow, _>(
        &named,
        params![file.source],
        said.iter().map(|session| session.id.as_str()),
    )?);
    rows.into_iter().map(SessionRow::session).collect()
}

/// The numbers of other sessions that those of the file would get.
fn numbers(file: &File, within: &HashSet<&str>) -> Result<HashSet<i64>> {
    let new = file.sessions.iter().flatten().filter(|session| !within.contains(session.id.as_str()));
    let wanted: HashSet<i64> =
        new.flat_map(|session| session.number.into_iter().chain([identity::number(&session.id)])).collect();
    let sql = "SELECT number, id FROM session_draft WHERE number IN ($keys)";
    let taken: Vec<(i64, String)> = database::query_in(sql, params![], wanted)?;
    Ok(taken.into_iter().filter(|(_, id)| !within.contains(id.as_str())).map(|(number, _)| number).collect())
}

/// People of the file's source, and those it may mean by id or by name.
fn people(file: &File) -> Result<Vec<Person>> {
    let select = format!("SELECT {PERSON} FROM person e WHERE NOT e.removed AND");
    let mut rows: Vec<PersonRow> = database::query_as(&format!("{select} e.source = $1"), params![file.source])?;
    let ids = file.people.iter().flat_map(|person| [Some(&person.id), person.also.as_ref()]).flatten();
    let by_id = format!("{select} e.source <> $1 AND e.id IN ($keys)");
    rows.extend(database::query_in::<PersonRow, _>(&by_id, params![file.source], ids)?);
    let names = file.people.iter().filter(|person| person.by_name).map(|person| text::fold(&person.name));
    let by_name = format!("{select} e.source <> $1 AND e.name_key IN ($keys)");
    rows.extend(database::query_in::<PersonRow, _>(&by_name, params![file.source], names)?);
    // Somebody may be meant in both ways.
    let people: BTreeMap<String, Person> =
        rows.into_iter().map(Person::from).map(|person| (person.id.clone(), person)).collect();
    Ok(people.into_values().collect())
}

/// What the plan would remove, but sessions that are not in `reach` have.
///
/// # Errors
/// The database's.
pub fn used_elsewhere(plan: &Plan, reach: &Programme) -> Result<UsedElsewhere> {
    let within: HashSet<&str> = reach.sessions.iter().map(|session| session.id.as_str()).collect();
    let users = |sql: &str, ids: &[String]| -> Result<HashSet<String>> {
        let rows: Vec<(String, String)> = database::query_in(sql, params![plan.report.source], ids)?;
        Ok(rows.into_iter().filter(|(_, session)| !within.contains(session.as_str())).map(|(id, _)| id).collect())
    };
    Ok(UsedElsewhere {
        people: users(
            "SELECT p.person_id, s.id FROM part_draft p JOIN session_draft s ON s.id = p.session_id \
             WHERE s.source <> $1 AND p.person_id IN ($keys)",
            &plan.removed_people,
        )?,
        rooms: users(
            "SELECT room_id, id FROM session_draft WHERE source <> $1 AND room_id IN ($keys)",
            &plan.removed_rooms,
        )?,
        tracks: users(
            "SELECT track_id, id FROM session_draft WHERE source <> $1 AND track_id IN ($keys)",
            &plan.removed_tracks,
        )?,
    })
}
