//! Files that are broken, cut off or meant to harm: refused with their place, and never a panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod common;

use common::{REAL, Real, data};
use core_programming::import::{File, Format, Options, Refusal};
use expect_test::{Expect, expect};
use jiff::civil::time;
use jiff::tz::TimeZone;
use proptest::prelude::*;

fn options() -> Options {
    Options::new(TimeZone::get("Europe/Berlin").unwrap(), time(5, 0, 0, 0))
}

fn read(format: Format, bytes: &[u8]) -> Result<File, Refusal> {
    format.read(bytes, &options())
}

/// What an import says of a file: its refusal, or what it found.
fn check(format: Format, text: &str, expected: Expect) {
    let said = match read(format, text.as_bytes()) {
        Err(refusal) => format!("refused: {refusal}\n"),
        Ok(file) => {
            let mut said = format!("{} sessions\n", file.sessions.as_ref().map_or(0, Vec::len));
            for finding in &file.unreadable {
                said += &format!("{}: {}\n", finding.place, finding.message);
            }
            for note in &file.notes {
                said += &format!("note: {note}\n");
            }
            said
        }
    };
    expected.assert_eq(&said);
}

fn event(inside: &str) -> String {
    format!(
        "<schedule><version>1</version><conference><acronym>test</acronym></conference>\n<day date=\"2026-08-14\"><room name=\"A\">\n\
         <event id=\"1\" guid=\"0c8b0cb4-6cf9-5ff8-928a-0a0f49558c48\"><date>2026-08-14T12:00:00+02:00</date><duration>01:00</duration>\
         <title>One</title></event>\n{inside}\n</room></day></schedule>"
    )
}

#[test]
fn one_bad_event_is_one_finding() {
    check(
        Format::FrabXml,
        &event(
            "<event id=\"2\"><date>2026-08-14T12:00:00+02:00</date><duration>soon</duration><title>Two</title></event>\n\
             <event id=\"3\"><date>yesterday</date><duration>01:00</duration><title>Three</title></event>\n\
             <event id=\"4\"><date>2026-08-14T12:00:00+02:00</date><duration>01:00</duration></event>\n\
             <event><date>2026-08-14T12:00:00+02:00</date><duration>01:00</duration><title>Five</title></event>\n\
             <event id=\"6\"><date>2026-08-14T12:00:00+02:00</date><duration>200:00</duration><title>Six</title></event>",
        ),
        expect![[r#"
            1 sessions
            line 4, column 1: session `Two`: `soon` is no duration; write it like 01:30
            line 5, column 1: session `Three`: `yesterday` is no time; write it like 2026-08-14T20:15:00+02:00 or 2026-08-14 20:15
            line 6, column 1: a session could not be read: it has no title
            line 7, column 1: session `Five`: it has neither guid nor id
            line 8, column 1: session `Six`: it lasts 200 hours; at most 99 are possible
        "#]],
    );
}

#[test]
fn xml_that_is_broken() {
    check(
        Format::FrabXml,
        "<schedule><day></schedule>",
        expect![[r#"
            refused: line 1, column 16: the XML is broken here: ill-formed document: expected `</day>`, but `</schedule>` was found
        "#]],
    );
    check(
        Format::FrabXml,
        "<schedule/><schedule/>",
        expect![[r#"
        refused: line 1, column 12: a second document begins here; a file holds one
    "#]],
    );
    check(
        Format::FrabXml,
        "just words",
        expect![[r#"
        refused: line 1, column 1: this is not XML: it does not begin with an element
    "#]],
    );
    check(
        Format::FrabXml,
        "<html><body>404</body></html>",
        expect![[r#"
        refused: line 1, column 1: this is not a frab schedule: it begins with <html>, not <schedule>
    "#]],
    );
    check(
        Format::FrabXml,
        &event("<event id=\"&undefined;\"/>"),
        expect![[r#"
        refused: line 4, column 1: an attribute is broken: at 1..10: unrecognized entity `undefined`
    "#]],
    );
    check(
        Format::FrabXml,
        &event("&undefined;"),
        expect![[r#"
        refused: line 4, column 1: the entity &undefined; is not defined; only &amp; &lt; &gt; &quot; &apos; and numbers are
    "#]],
    );
    check(
        Format::FrabXml,
        "<schedule><version>1</version></schedule>",
        expect![[r#"
        refused: line 1, column 1: this schedule has no <day>; nothing was read
    "#]],
    );
    check(
        Format::FrabXml,
        &format!("<schedule>{}", "<x>".repeat(100_000)),
        expect![[r#"
        refused: line 1, column 104: elements nest deeper than 32; no schedule does
    "#]],
    );
    check(
        Format::FrabXml,
        "<?xml version=\"1.0\"?>\n<!DOCTYPE schedule SYSTEM \"file:///etc/passwd\">\n<schedule/>",
        expect![[r#"
            refused: line 2, column 1: the file declares a document type (<!DOCTYPE …>), which is not accepted; remove the declaration
        "#]],
    );
    check(
        Format::FrabXml,
        "<?xml version=\"1.0\" encoding=\"windows-1252\"?><schedule/>",
        expect![[r#"
        refused: line 1, column 1: the file says it is windows-1252; save it as UTF-8 and import it again
    "#]],
    );
}

#[test]
fn json_that_is_broken() {
    check(
        Format::FrabJson,
        "{\"schedule\": 1}",
        expect![[r#"
            refused: line 1, column 14: this is not the JSON of a schedule: invalid type: integer `1`, expected an object
        "#]],
    );
    check(
        Format::FrabJson,
        "{\"generator\": {\"name\": \"conference\"},\n\"schedule\": {\"conference\": {}}}",
        expect![[r#"
            refused: line 2, column 28: this schedule.json has no "days"; nothing was read
        "#]],
    );
    check(
        Format::FrabJson,
        "{\n \"schedule\": {}}",
        expect![[r#"
            refused: line 2, column 14: this is not a schedule.json: "schedule" has no "conference"
        "#]],
    );
    check(
        Format::FrabJson,
        "{\"days\": []}",
        expect![[r#"
        refused: line 1, column 1: this is not a schedule.json: it has no "schedule"
    "#]],
    );
    check(
        Format::FrabJson,
        "{\"schedule\": {\n \"conference\": {\"days\": [}}",
        expect![[r#"
        refused: line 2, column 26: this is not the JSON of a schedule: expected value
    "#]],
    );
    check(
        Format::FrabJson,
        &format!("{{\"schedule\": {}", "[".repeat(100_000)),
        expect![[r#"
            refused: line 1, column 100014: the JSON ends in the middle; the file was cut off
        "#]],
    );
    check(
        Format::FrabJson,
        "{\"about\": \"time_zone_name\",\n\"schedule\": {\"conference\": {\"time_zone_name\": \"Europe/Atlantis\", \"days\": []}}}",
        expect![[r#"
            refused: line 2, column 47: `Europe/Atlantis` is not a time zone; write one of the IANA names, like Europe/Berlin
        "#]],
    );
    check(
        Format::FrabJson,
        "{\"schedule\": {\"conference\": {\"days\": [{\"date\": \"2026-08-14\", \"rooms\": {\"A\": [\n\
         {\"id\": 1, \"date\": \"2026-08-14T12:00:00+02:00\", \"duration\": \"01:00\", \"title\": \"One\"},\n\
         {\"id\": 2, \"date\": \"2026-08-14T12:00:00+02:00\", \"duration\": \"01:00\", \"title\": [\"Two\"]},\n\
         {\"id\": 3, \"date\": \"2026-08-14T12:00:00\", \"duration\": \"-01:00\", \"title\": \"Three\"},\n\
         7]}}]}}}",
        expect![[r#"
            1 sessions
            line 3, column 1: a session could not be read: invalid type: sequence, expected a text
            line 4, column 1: session `Three`: `-01:00` is no duration; write it like 01:30
            line 5, column 1: a session could not be read: invalid type: integer `7`, expected an event
        "#]],
    );
}

#[test]
fn tables_that_are_broken() {
    check(
        Format::Csv,
        "id,title,start,end\n1,One,2026-08-14 12:00,2026-08-14 11:00\n2,Two,2026-08-14 12:00,\n3,,,\n,,,\n4,Four,,\n",
        expect![[r#"
        1 sessions
        line 2, column 1: session `One`: it ends before it starts
        line 3, column 1: session `Two`: it starts but has neither `end` nor `minutes`
        line 4, column 1: a session could not be read: it has no title
    "#]],
    );
    check(
        Format::Csv,
        "\n\ntitle,title\n",
        expect![[r#"
        refused: line 3, column 1: there are two columns `title`; keep one
    "#]],
    );
    check(
        Format::Csv,
        "title,people,colour\nOne,Ann [king],red\n",
        expect![[r#"
        refused: line 2, column 1: none of its 1 sessions can be read; the first: session `One`: `king` is not known here; write one of: presenter, moderator, participant, reserve, invisible
    "#]],
    );
    check(
        Format::Csv,
        "title;state;audience\nOne;maybe;\nTwo;draft;-3\n",
        expect![[r#"
        refused: line 2, column 1: none of its 2 sessions can be read; the first: session `One`: `maybe` is not known here; write one of: draft, scheduled, cancelled
    "#]],
    );
}

#[test]
fn javascript_that_is_broken() {
    check(
        Format::Konopas,
        "var program = [{id: 1, title: 'One', date: '2026-08-14', time: '12:00', mins: 'x'}, {title: 'Two'}];",
        expect![[r#"
        refused: line 1, column 16: none of its 2 sessions can be read; the first: session `One`: `x` is no number of minutes
    "#]],
    );
    check(
        Format::Konopas,
        "var program = [{id: 1, title: 'One'",
        expect![[r#"
        refused: line 1, column 36: the file ends in the middle; it was cut off
    "#]],
    );
    check(
        Format::Konopas,
        "var program = [{id: 1, title: fetch('/')}];",
        expect![[r#"
        refused: line 1, column 31: `fetch` is program code or an unquoted text; only data can be read
    "#]],
    );
    check(
        Format::Conclar,
        "{\"schemaVersion\": 7, \"program\": []}",
        expect![[r#"
        refused: line 1, column 19: the file has schemaVersion 7; 1 and 2 are known
    "#]],
    );
    check(
        Format::Conclar,
        "{\"timezone\": \"Nowhere\", \"program\": []}",
        expect![[r#"
        refused: line 1, column 14: `Nowhere` is not a time zone; write one of the IANA names, like Europe/Berlin
    "#]],
    );
}

#[test]
fn a_text_too_long_is_told_not_cut() {
    let long = "x".repeat(300_000);
    let text = event(&format!(
        "<event id=\"2\"><date>2026-08-14T12:00:00+02:00</date><duration>01:00</duration><title>Two</title><description>{long}</description></event>"
    ));
    check(
        Format::FrabXml,
        &text,
        expect![[r#"
        1 sessions
        line 4, column 1: session `Two`: one of its texts has 300000 bytes; at most 200000 are kept
    "#]],
    );
}

/// The schema's own example of what is invalid: ids that are words.
#[test]
fn the_invalid_example() {
    let Some(folder) = data("schemas") else { return };
    let text = std::fs::read_to_string(folder.join("invalid-example.json")).unwrap();
    let Err(refused) = read(Format::FrabJson, text.as_bytes()) else { panic!("it was read") };
    expect![[r#"line 22, column 17: none of its 1 sessions can be read; the first: session `Internal Penetration Testing Basics`: a person's "id" is `dsadf`, but the format has whole numbers there"#]].assert_eq(&refused.to_string());
    let mended = text.replace("\"id\": \"dsadf\"", "\"id\": 7");
    let mended = read(Format::FrabJson, mended.as_bytes()).unwrap();
    assert_eq!((mended.sessions.unwrap().len(), mended.people.len(), mended.unreadable_count), (1, 1, 0));
}

#[test]
fn pretalx_democon_is_read() {
    let Some(folder) = data("schemas") else { return };
    let bytes = std::fs::read(folder.join("pretalx-democon.json")).unwrap();
    let file = read(Format::FrabJson, &bytes).unwrap();
    assert_eq!(file.unreadable_count, 0);
    assert!(file.sessions.unwrap().len() > 20);
}

/// Without showing what was read instead: it is about real people.
fn refusal(real: &Real, bytes: &[u8]) -> Refusal {
    match real.format.read(bytes, &real.options()) {
        Err(refusal) => refusal,
        Ok(_) => panic!("{} was read", real.name),
    }
}

#[test]
fn a_file_cut_off_anywhere_is_refused_with_its_end() {
    for real in &REAL {
        let Some(bytes) = real.bytes() else { return };
        for part in 1..20 {
            let cut = &bytes[..bytes.len() * part / 20];
            let refused = refusal(real, cut);
            let lines = cut.iter().filter(|byte| **byte == b'\n').count() + 1;
            assert_eq!(refused.place.line, lines, "{} cut at {part}/20: {refused}", real.name);
        }
    }
}

#[test]
fn other_encodings_are_named() {
    for real in &REAL {
        let Some(bytes) = real.bytes() else { return };
        let text = String::from_utf8(bytes).unwrap();
        let utf16: Vec<u8> = [0xFE, 0xFF].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
        assert!(refusal(real, &utf16).message.contains("UTF-16"), "{}", real.name);
        let without_mark: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(refusal(real, &without_mark).message.contains("UTF-16"), "{}", real.name);
        // 39C3's JSON escapes everything beyond ASCII, so it is the same in both encodings.
        if !text.is_ascii() {
            let latin1: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
            let refused = refusal(real, &latin1);
            assert!(refused.message.contains("not UTF-8"), "{}: {refused}", real.name);
            let before = text.split_once(|c: char| ('\u{80}'..='\u{FF}').contains(&c)).unwrap().0;
            assert_eq!(refused.place.line, before.split('\n').count(), "{}: {refused}", real.name);
        }
        let marked: Vec<u8> = [0xEF, 0xBB, 0xBF].into_iter().chain(text.bytes()).collect();
        assert!(real.format.read(&marked, &real.options()).is_ok(), "{}: UTF-8 with its mark is fine", real.name);
    }
}

const EVERY: [Format; 5] = [Format::FrabXml, Format::FrabJson, Format::Konopas, Format::Conclar, Format::Csv];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for format in EVERY {
            let _ = read(format, &bytes);
        }
    }

    #[test]
    fn no_pieces_of_formats_make_a_reader_panic(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "<schedule>", "</schedule>", "<day date=\"2026-08-14\">", "</day>", "<room name=\"A\">", "<room guid='x'/>", "</room>", "<event id=\"1\">", "</event>",
        "<date>", "</date>", "2026-08-14T12:00:00+02:00", "<persons>", "<person id=\"0\">x</person>", "</persons>", "<![CDATA[", "]]>", "&#0;", "&#xD800;", "&amp;",
        "<!--", "-->", "<?x", "?>", "{", "}", "[", "]", "\"schedule\":", "\"conference\":", "\"days\":", "\"rooms\":", "{\"A\":[", "\"date\":", "null", "1e999", "-",
        "var program =", "var people =", "id:", "title:", "'x'", "\"x\"", ",", ";", "(", ")", "title,start,end\n", "x,2026-08-14 12:00,", "\"", "\n", "é", "\u{FEFF}",
    ]), 0..40)) {
        let text = pieces.concat();
        for format in EVERY {
            let _ = read(format, text.as_bytes());
        }
    }

    #[test]
    fn a_flipped_byte_never_makes_a_reader_panic(at in 0.0_f64..1.0, byte in any::<u8>(), which in 0_usize..5) {
        let texts = [
            event("<event id=\"2\" code=\"ABCDEF\"><date>2026-08-14T12:00:00+02:00</date><duration>01:00</duration><title>Two</title><persons><person id=\"3\">C</person></persons><links><link href=\"x\">y</link></links></event>"),
            "{\"schedule\": {\"conference\": {\"acronym\": \"x\", \"rooms\": [{\"name\": \"A\", \"capacity\": 3}], \"days\": [{\"date\": \"2026-08-14\", \"rooms\": {\"A\": [{\"id\": 1, \"date\": \"2026-08-14T12:00:00+02:00\", \"duration\": \"01:00\", \"title\": \"One\", \"persons\": [{\"id\": 4, \"public_name\": \"D\"}]}]}}]}}}".to_owned(),
            "var program = [{id: '1', title: 'One', date: '2026-08-14', time: '12:00', mins: '60', loc: ['A', 'B'], people: [{id: '2', name: 'C'}]}]; var people = [{id: '2', name: ['C', 'D', '', ''], links: {url: 'x'}}];".to_owned(),
            "[{\"id\": \"1\", \"title\": \"One\", \"datetime\": \"2026-08-14T12:00:00Z\", \"mins\": 60, \"loc\": [\"A\"], \"tags\": [{\"label\": \"x\", \"category\": \"Area\"}], \"people\": []}]".to_owned(),
            "id,title,start,minutes,people,tags\n1,One,2026-08-14 12:00,60,\"A [moderator]; B\",x;y\n".to_owned(),
        ];
        let mut bytes = texts[which].clone().into_bytes();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short text")]
        let place = ((bytes.len() - 1) as f64 * at) as usize;
        bytes[place] = byte;
        let _ = read(EVERY[which], &bytes);
    }
}
