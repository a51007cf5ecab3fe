//! Greetings are read aloud in two corners; the host's scheduler finds out when and where, so that nobody has to read two at once.

use conman_sdk::prelude::*;
use conman_sdk::scheduler::{self, Job, Options, Person, Problem, Room, Session, State};

const CORNERS: [&str; 2] = ["fireplace", "window"];

/// How long one takes.
const MINUTES: u32 = 5;

/// Starts planning with whatever greetings there are.
pub(crate) fn plan(iterations: Option<u64>) -> Result<Job> {
    let greetings: Vec<(String, String)> =
        database::query_as("SELECT id, author FROM greeting ORDER BY id", params![])?;
    let mut people: Vec<Person> =
        greetings.iter().map(|(_, author)| Person { id: author.clone(), ..Person::default() }).collect();
    people.sort_by(|one, other| one.id.cmp(&other.id));
    people.dedup();
    let sessions = greetings.into_iter().map(|(id, author)| Session {
        id,
        duration: 1,
        people: vec![author],
        ..Session::default()
    });
    let problem = Problem {
        name: "Readings".to_owned(),
        days: 1,
        slots_per_day: 60 / MINUTES,
        slot_minutes: MINUTES,
        rooms: CORNERS.map(|corner| Room { id: corner.to_owned(), capacity: 20, ..Room::default() }).into(),
        people,
        sessions: sessions.collect(),
        ..Problem::default()
    };
    scheduler::start(&problem, &Options { seconds: Some(2.0), iterations, ..Options::default() })
}

/// Takes over what was planned. The handler runs once for each job, so that no plan is taken over twice.
pub(crate) fn take_over(event: &Event) -> Result<()> {
    if event.payload::<scheduler::Progress>()?.state != State::Done {
        return Ok(());
    }
    let job = Job::from_id(&event.key);
    let planned = job.solution()?;
    database::execute("DELETE FROM reading", params![])?;
    let rows =
        planned.assignments.iter().map(|place| row![place.session, place.room, i64::from(place.start * MINUTES)]);
    database::insert_many("reading", ["greeting_id", "corner", "minutes"], rows)?;
    tracing::info!(%job, readings = planned.assignments.len(), unplaced = planned.unplaced.len(), "planned");
    Ok(())
}
