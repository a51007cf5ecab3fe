//! Importing an export changes nothing, whatever the programme holds: checked on made-up programmes full of awkward texts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod common;

use core_programming::changes::Plan;
use core_programming::export::{Edition, Readers, csv, frab_json, frab_xml, icalendar};
use core_programming::identity;
use core_programming::import::{Format, Options};
use core_programming::model::{
    Conference, Environment, Extra, Link, Part, Person, Programme, Recording, Role, Room, Session, Slot, State, Track,
};
use core_programming::text;
use jiff::Timestamp;
use jiff::civil::{date, time};
use jiff::tz::TimeZone;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Texts with everything that some format reads in its own way.
fn awkward() -> impl Strategy<Value = String> {
    let pieces = vec![
        "<b>",
        "&amp;",
        "&",
        "]]>",
        "\"",
        "'",
        ";",
        ",",
        "[moderator]",
        "\\",
        "\n",
        "\r\n",
        "\t",
        "=1+1",
        "+",
        "-",
        "@",
        "ü",
        "日本",
        "😀",
        " ",
        "  ",
        "a",
        "Z9",
        "%",
        "_",
        "\u{0}",
        "\u{7}",
        "\u{FEFF}",
        "\u{2028}",
        "<!--",
        "{{",
        "://",
        "#",
    ];
    vec(select(pieces), 0..8).prop_map(|pieces| pieces.concat())
}

fn line() -> impl Strategy<Value = String> {
    awkward().prop_map(|text| text::line(&text))
}

fn long() -> impl Strategy<Value = String> {
    awkward().prop_map(|text| text::clean(&text))
}

fn url() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("https://example.org/a?b=c&d=%20#e".to_owned()),
        Just("/relative/path.png?1".to_owned()),
        Just("http://ex ample.org".split(' ').collect()),
        line(),
    ]
}

fn link() -> impl Strategy<Value = Link> {
    (url(), line(), select(vec!["", "slides", "twitter", "web"]))
        .prop_filter("a link has an address", |(url, _, _)| !url.is_empty())
        .prop_map(|(url, title, kind)| Link { url, title, kind: kind.to_owned() })
}

fn slot() -> impl Strategy<Value = Slot> {
    // Around the night in which clocks change in Berlin.
    (0_i64..3 * 86_400, prop_oneof![0_i64..7200, Just(0), Just(359_999)], any::<bool>()).prop_map(
        |(after, seconds, whole)| {
            let begin: Timestamp = "2026-10-24T00:00:00Z".parse().unwrap();
            let round = |seconds: i64| if whole { seconds / 60 * 60 } else { seconds };
            Slot::lasting(Timestamp::from_second(begin.as_second() + round(after)).unwrap(), round(seconds)).unwrap()
        },
    )
}

type Texts = (String, String, String, String, String, String, String, String);

fn texts() -> impl Strategy<Value = Texts> {
    (
        line(),
        line(),
        long(),
        long(),
        line(),
        line(),
        prop_oneof![Just(String::new()), Just("ABC123".to_owned()), line()],
        prop_oneof![Just(String::new()), Just("39c3-opening".to_owned()), line()],
    )
}

fn extra() -> impl Strategy<Value = Extra> {
    (url(), url(), url(), url(), line(), option::of(any::<bool>())).prop_map(
        |(logo, feedback_url, origin_url, video_url, licence, opt_out)| Extra {
            logo,
            feedback_url,
            origin_url,
            video_url,
            recording: Recording { licence, opt_out },
        },
    )
}

fn session() -> impl Strategy<Value = Session> {
    let place = (
        option::weighted(0.9, slot()),
        option::of(0_usize..3),
        option::of(0_usize..3),
        select(State::ALL),
        select(Environment::ALL),
    );
    let more = (
        url(),
        vec(link(), 0..3),
        vec(link(), 0..2),
        vec(line().prop_filter("a tag is not empty", |tag| !tag.is_empty()), 0..3),
        option::of(0_i64..500),
        vec(line().prop_filter("a need is not empty", |need| !need.is_empty()), 0..3),
        (option::of(1_i64..5_999), 0_i64..90, 0_i64..90),
    );
    (texts(), place, more, extra()).prop_map(|(texts, place, more, extra)| {
        let (title, subtitle, abstract_text, description, kind, language, code, slug) = texts;
        let (slot, room, track, state, environment) = place;
        let (url, links, attachments, mut tags, audience, needs, (minutes, setup, teardown)) = more;
        tags.dedup();
        let mut session = Session::new("", 0, if title.is_empty() { "untitled".to_owned() } else { title });
        session.subtitle = subtitle;
        session.abstract_text = abstract_text;
        session.description = description;
        session.kind = kind;
        session.language = language;
        session.code = code;
        session.slug = slug;
        session.slot = slot;
        session.minutes = minutes.filter(|_| slot.is_none());
        session.state = if slot.is_none() && state == State::Scheduled { State::Draft } else { state };
        session.environment = environment;
        session.room = room.map(|at| identity::derived(&["room", &at.to_string()]));
        session.track = track.map(|at| identity::derived(&["track", &at.to_string()]));
        (session.url, session.links, session.attachments, session.tags, session.audience, session.extra) =
            (url, links, attachments, tags, audience, extra);
        (session.needs, session.setup_minutes, session.teardown_minutes) = (text::each_once(needs), setup, teardown);
        session
    })
}

fn person() -> impl Strategy<Value = Person> {
    (option::of(1_i64..99), line(), long(), url(), url(), vec(link(), 0..2)).prop_map(
        |(number, name, biography, avatar, url, links)| Person {
            id: String::new(),
            number,
            name: if name.is_empty() { "somebody".to_owned() } else { name },
            biography,
            avatar,
            url,
            links,
            source: "made up".to_owned(),
        },
    )
}

fn programme() -> impl Strategy<Value = Programme> {
    let names = vec(line(), 6);
    let parts = vec((0_usize..8, 0_usize..4, select(Role::ALL)), 0..12);
    (names, vec(session(), 1..8), vec(person(), 4), parts, url(), option::of(0_i64..900)).prop_map(
        |(names, sessions, people, parts, base_url, capacity)| {
            let mut programme =
                Programme { conference: Conference { base_url, ..Conference::default() }, ..Programme::default() };
            for at in 0..3_usize {
                let name = |of: &str, at: usize| format!("{of}{at} {}", names[at]).trim_end().to_owned();
                programme.rooms.push(Room {
                    id: identity::derived(&["room", &at.to_string()]),
                    name: name("R", at),
                    position: i64::try_from(at).unwrap(),
                    area: names[at].clone(),
                    capacity,
                    exclusive: at != 1,
                    description: names[at + 3].clone(),
                    extra: serde_json::Map::new(),
                    source: "made up".to_owned(),
                });
                programme.tracks.push(Track {
                    id: identity::derived(&["track", &at.to_string()]),
                    name: name("T", at + 3),
                    position: i64::try_from(at).unwrap(),
                    color: names[at].clone(),
                    slug: names[at + 3].clone(),
                    source: "made up".to_owned(),
                });
            }
            for (at, mut session) in sessions.into_iter().enumerate() {
                session.id = identity::derived(&["session", &at.to_string()]);
                session.number = i64::try_from(at).unwrap() + 1;
                session.source = "made up".to_owned();
                programme.sessions.push(session);
            }
            for (at, mut person) in people.into_iter().enumerate() {
                person.id = identity::derived(&["person", &at.to_string()]);
                programme.people.push(person);
            }
            for (at, (session, person, role)) in parts.into_iter().enumerate() {
                let (Some(session), Some(person)) = (programme.sessions.get(session), programme.people.get(person))
                else {
                    continue;
                };
                if !programme.parts.iter().any(|part| part.session == session.id && part.person == person.id) {
                    programme.parts.push(Part {
                        session: session.id.clone(),
                        position: i64::try_from(at).unwrap(),
                        person: person.id.clone(),
                        role,
                    });
                }
            }
            programme.sort();
            programme
        },
    )
}

fn edition(programme: &Programme) -> Edition<'_> {
    Edition {
        programme,
        readers: Readers::Organisers,
        title: "Some Con",
        slug: "some-con",
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        day_change: time(5, 0, 0, 0),
        starts_on: date(2026, 10, 24),
        ends_on: date(2026, 10, 26),
        version: "1".to_owned(),
        made_at: "2026-08-14T10:00:00Z".parse().unwrap(),
    }
}

fn back(programme: &Programme, format: Format, bytes: &[u8]) -> Plan {
    let mut options = Options::new(TimeZone::get("Europe/Berlin").unwrap(), time(5, 0, 0, 0));
    options.source = Some("made up".to_owned());
    let file = format
        .read(bytes, &options)
        .unwrap_or_else(|refusal| panic!("{}: {refusal}\n{}", format.as_str(), String::from_utf8_lossy(bytes)));
    assert_eq!(file.unreadable, [], "{}", String::from_utf8_lossy(bytes));
    common::plan(programme, &file)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frab_xml_changes_nothing(programme in programme()) {
        let bytes = frab_xml::write(&edition(&programme));
        let plan = back(&programme, Format::FrabXml, bytes.as_bytes());
        prop_assert!(plan.is_empty(), "{plan:#?}\n{bytes}");
    }

    #[test]
    fn frab_json_changes_nothing(programme in programme()) {
        let bytes = frab_json::write(&edition(&programme)).unwrap();
        let plan = back(&programme, Format::FrabJson, bytes.as_bytes());
        prop_assert!(plan.is_empty(), "{plan:#?}\n{bytes}");
    }

    #[test]
    fn csv_changes_nothing(programme in programme()) {
        let bytes = csv::write(&edition(&programme)).unwrap();
        let plan = back(&programme, Format::Csv, &bytes);
        prop_assert!(plan.is_empty(), "{plan:#?}\n{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_public_table_takes_no_requirement_away(programme in programme()) {
        let bytes = csv::write(&Edition { readers: Readers::Public, ..edition(&programme) }).unwrap();
        let plan = back(&programme, Format::Csv, &bytes);
        prop_assert!(plan.is_empty(), "{plan:#?}\n{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn the_table_says_everything_of_a_session(programme in programme()) {
        // Into nothing: all sessions, with their texts, states, times, places, tags and line-ups.
        let plan = back(&Programme::default(), Format::Csv, &csv::write(&edition(&programme)).unwrap());
        let mut copy = Programme::default();
        common::apply(&mut copy, plan);
        let shape = |programme: &Programme| -> Vec<_> {
            programme.sessions.iter().map(|session| {
                let people: Vec<_> = programme.parts.iter().filter(|part| part.session == session.id).map(|part| (part.person.clone(), part.role)).collect();
                (session.id.clone(), session.number, session.title.clone(), session.state, session.slot, session.description.clone(), session.tags.clone(), session.environment, people,
                    (session.minutes, session.needs.clone(), session.setup_minutes, session.teardown_minutes))
            }).collect()
        };
        prop_assert_eq!(shape(&copy), shape(&programme));
    }

    #[test]
    fn calendar_lines_are_short(programme in programme()) {
        let calendar = icalendar::write(&edition(&programme), "x, y; z", 1);
        prop_assert!(calendar.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])));
    }

    #[test]
    fn a_calendar_says_when_its_sessions_are(programme in programme()) {
        let calendar = icalendar::write(&edition(&programme), "x, y; z", 1);
        let mut expected: Vec<_> = programme
            .sessions
            .iter()
            .filter(|session| session.state != State::Draft)
            .filter_map(|session| Some((session.slot?, session.id.clone())))
            .map(|(slot, id)| (slot.start, id, slot.end))
            .collect();
        expected.sort();
        let events = common::calendar::events(&calendar);
        let found: Vec<_> = events.into_iter().map(|event| (event.start, event.session, event.end)).collect();
        prop_assert_eq!(found, expected, "{}", calendar);
    }
}
