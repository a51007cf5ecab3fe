//! What another file of the same source changes, and what organisers did in between keeps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod common;

use core_programming::changes::{self, Elsewhere, Report};
use core_programming::import::{File, Format, Options, moment};
use core_programming::model::{Programme, State};
use jiff::civil::time;

fn options() -> Options {
    Options::new(moment::zone("Europe/Berlin").unwrap(), time(5, 0, 0, 0))
}

fn read(format: Format, text: &str) -> File {
    format.read(text.as_bytes(), &options()).unwrap_or_else(|refusal| panic!("{refusal}\n{text}"))
}

fn import(programme: &mut Programme, format: Format, text: &str) -> Report {
    let plan = common::plan(programme, &read(format, text));
    let report = plan.report.clone();
    common::apply(programme, plan);
    report
}

fn starts(file: &File) -> Vec<String> {
    let slots = file.sessions.iter().flatten().filter_map(|session| session.slot.flatten());
    slots.map(|slot| slot.start.to_string()).collect()
}

const LOCAL: &str = r#"{"id": "1", "title": "One", "date": "2026-08-14", "time": "20:00", "mins": 60}"#;

#[test]
fn the_files_zone_counts_wherever_it_stands() {
    for text in [
        format!(r#"{{"timezone": "America/Chicago", "program": [{LOCAL}]}}"#),
        format!(r#"{{"program": [{LOCAL}], "timezone": "America/Chicago"}}"#),
        format!(r#"var program = [{LOCAL}]; var more = {{"people": [], "time_zone_name": "America/Chicago"}};"#),
    ] {
        for format in [Format::Konopas, Format::Conclar] {
            let file = read(format, &text);
            assert_eq!(starts(&file), ["2026-08-15T01:00:00Z"], "{text}");
            assert_eq!(file.notes, ["times without an offset are read in the file's time zone, America/Chicago"]);
        }
    }
    let day = r#"<day date="2026-08-14"><room name="A"><event id="1"><date>2026-08-14T20:00:00</date><duration>01:00</duration><title>One</title></event></room></day>"#;
    let zone = "<conference><time_zone_name>America/Chicago</time_zone_name></conference>";
    for text in [format!("<schedule>{zone}{day}</schedule>"), format!("<schedule>{day}{zone}</schedule>")] {
        assert_eq!(starts(&read(Format::FrabXml, &text)), ["2026-08-15T01:00:00Z"], "{text}");
    }
}

#[test]
fn the_importers_zone_counts_before_the_files() {
    let mut options = options();
    options.chosen_zone = moment::zone("Europe/London");
    for zone in ["America/Chicago", "Mars/Base"] {
        let text = format!(r#"{{"timezone": "{zone}", "program": [{LOCAL}]}}"#);
        let file = Format::Konopas.read(text.as_bytes(), &options).unwrap();
        assert_eq!(starts(&file), ["2026-08-14T19:00:00Z"]);
        let note =
            format!("the file's time zone is `{zone}`; times without an offset are read in Europe/London, as asked");
        assert_eq!(file.notes, [note]);
    }
}

#[test]
fn a_version_nobody_knows_is_refused_wherever_it_stands() {
    for (text, column) in
        [(r#"{"schemaVersion": 3, "program": []}"#, 19), (r#"{"program": [], "schemaVersion": 3}"#, 34)]
    {
        let refusal = Format::Conclar.read(text.as_bytes(), &options()).unwrap_err();
        let place = format!("line 1, column {column}");
        assert_eq!(refusal.to_string(), format!("{place}: the file has schemaVersion 3; 1 and 2 are known"));
    }
}

fn event(id: u32, title: &str, persons: &str) -> String {
    format!(
        r#"<event id="{id}"><date>2026-08-14T1{id}:00:00+02:00</date><duration>01:00</duration><title>{title}</title><persons>{persons}</persons></event>"#
    )
}

fn schedule(events: &[String]) -> String {
    format!(r#"<schedule><day date="2026-08-14"><room name="A">{}</room></day></schedule>"#, events.concat())
}

#[test]
fn what_was_called_off_stays_called_off() {
    let text = schedule(&[event(1, "One", ""), event(2, "Two", "")]);
    let mut programme = Programme::default();
    import(&mut programme, Format::FrabXml, &text);
    let one = programme.sessions.iter_mut().find(|session| session.title == "One").unwrap();
    one.state = State::Cancelled;
    let report = import(&mut programme, Format::FrabXml, &text);
    assert!(report.changed.is_empty(), "{report:?}");
    assert_eq!(
        report.notes,
        ["1 of the file's sessions are cancelled here and stay so; change their state to bring them back"]
    );
    // Also when the file moves it.
    let moved = text.replace("T11:00", "T13:00");
    assert_eq!(import(&mut programme, Format::FrabXml, &moved).changed.sessions, 1);
    let one = programme.sessions.iter().find(|session| session.title == "One").unwrap();
    assert_eq!(one.state, State::Cancelled);
    // A table can say it.
    let table = "id,title,state,start,minutes\nx,Three,cancelled,2026-08-14 10:00,60\n";
    import(&mut programme, Format::Csv, table);
    import(&mut programme, Format::Csv, &table.replace("cancelled", "scheduled"));
    let three = programme.sessions.iter().find(|session| session.title == "Three").unwrap();
    assert_eq!(three.state, State::Scheduled);
}

#[test]
fn a_session_without_a_time_is_a_draft() {
    let mut programme = Programme::default();
    import(&mut programme, Format::Csv, "id,title,start,minutes\nx,One,2026-08-14 10:00,60\n");
    assert_eq!(programme.sessions[0].state, State::Scheduled);
    let report = import(&mut programme, Format::Csv, "id,title,start,minutes\nx,One,,\n");
    assert_eq!((programme.sessions[0].state, programme.sessions[0].slot), (State::Draft, None));
    assert!(report.notes.is_empty());
    let report = import(&mut programme, Format::Csv, "id,title,state,start,minutes\nx,One,scheduled,,\n");
    assert_eq!(programme.sessions[0].state, State::Draft);
    assert_eq!(
        report.notes,
        ["1 of the file's sessions are `scheduled` without a start, so they are drafts; give them a start"]
    );
}

/// The ids of everybody, by name.
fn people(programme: &Programme) -> Vec<(&str, &str)> {
    let mut people: Vec<_> = programme.people.iter().map(|person| (person.name.as_str(), person.id.as_str())).collect();
    people.sort_unstable();
    people
}

/// One id with two spellings in one of the files: whoever has the same name stays who they were, with their availability and calendar.
#[test]
fn a_second_spelling_makes_nobody_else_of_a_person() {
    let once = schedule(&[event(1, "One", r#"<person id="7">Ann Lee</person>"#)]);
    let twice = schedule(&[
        event(1, "One", r#"<person id="7">Ann Lee</person>"#),
        event(2, "Two", r#"<person id="7">Anne Lee</person>"#),
    ]);
    let other = schedule(&[event(2, "Two", r#"<person id="7">Anne Lee</person>"#)]);
    let json = r#"{"schedule": {"conference": {"days": [{"date": "2026-08-14", "rooms": {"A": [
        {"id": 1, "title": "One", "date": "2026-08-14T11:00:00+02:00", "duration": "01:00", "persons": [{"id": 7, "name": "Ann Lee"}]}]}}]}}}"#;

    let mut programme = Programme::default();
    import(&mut programme, Format::FrabXml, &once);
    let ann = programme.people[0].id.clone();
    let report = import(&mut programme, Format::FrabXml, &twice);
    assert_eq!((report.added.people, report.removed.people), (1, 0), "{report:?}");
    let anne = programme.people.iter().find(|person| person.name == "Anne Lee").unwrap().id.clone();
    assert_eq!(people(&programme), [("Ann Lee", ann.as_str()), ("Anne Lee", anne.as_str())]);
    // Both spellings again: nothing to do.
    assert!(common::plan(&programme, &read(Format::FrabXml, &twice)).is_empty());
    // In JSON it is the same person.
    assert_eq!(common::plan(&programme, &read(Format::FrabJson, json)).report.added.people, 0);
    // Only the second one is left, and is not taken for the first.
    import(&mut programme, Format::FrabXml, &other);
    assert_eq!(people(&programme), [("Anne Lee", anne.as_str())]);

    // The other way round: once both were there, each keeps who they are when the other goes.
    let mut programme = Programme::default();
    import(&mut programme, Format::FrabXml, &twice);
    let before = people(&programme)[0].1.to_owned();
    import(&mut programme, Format::FrabXml, &once);
    assert_eq!(people(&programme), [("Ann Lee", before.as_str())]);
}

#[test]
fn a_person_of_one_id_may_get_another_name() {
    let mut programme = Programme::default();
    import(&mut programme, Format::FrabXml, &schedule(&[event(1, "One", r#"<person id="7">Ann Lee</person>"#)]));
    let ann = programme.people[0].id.clone();
    import(&mut programme, Format::FrabXml, &schedule(&[event(1, "One", r#"<person id="7">Ann Ray</person>"#)]));
    assert_eq!(people(&programme), [("Ann Ray", ann.as_str())]);
}

#[test]
fn a_number_used_elsewhere_is_not_used_again() {
    let file = read(Format::FrabXml, &schedule(&[event(1, "One", "")]));
    let elsewhere = Elsewhere { sessions: true, numbers: [1].into() };
    let plan = changes::plan(&Programme::default(), &elsewhere, &file);
    assert!(plan.sessions[0].number > 1, "{}", plan.sessions[0].number);
    assert_eq!(plan.conference, None);
}
