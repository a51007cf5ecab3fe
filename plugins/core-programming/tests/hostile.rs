//! Files that are broken, cut off or meant to harm: refused with their place, and never a panic.

mod common;

use common::{REAL, data};
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
        expect![[r#""#]],
    );
}

#[test]
fn xml_that_is_broken() {
    check(Format::FrabXml, "<schedule><day></schedule>", expect![[r#""#]]);
    check(Format::FrabXml, "<schedule/><schedule/>", expect![[r#""#]]);
    check(Format::FrabXml, "just words", expect![[r#""#]]);
    check(Format::FrabXml, "<html><body>404</body></html>", expect![[r#""#]]);
    check(Format::FrabXml, &event("<event id=\"&undefined;\"/>"), expect![[r#""#]]);
    check(Format::FrabXml, &event("&undefined;"), expect![[r#""#]]);
    check(Format::FrabXml, "<schedule><version>1</version></schedule>", expect![[r#""#]]);
    check(Format::FrabXml, &format!("<schedule>{}", "<x>".repeat(100_000)), expect![[r#""#]]);
    check(
        Format::FrabXml,
        "<?xml version=\"1.0\"?>\n<!DOCTYPE schedule SYSTEM \"file:///etc/passwd\">\n<schedule/>",
        expect![[r#""#]],
    );
    check(Format::FrabXml, "<?xml version=\"1.0\" encoding=\"windows-1252\"?><schedule/>", expect![[r#""#]]);
}

#[test]
fn json_that_is_broken() {
    check(Format::FrabJson, "{\"schedule\": 1}", expect![[r#""#]]);
    check(Format::FrabJson, "{\"schedule\": {\"conference\": {}}}", expect![[r#""#]]);
    check(Format::FrabJson, "{\"schedule\": {\n \"conference\": {\"days\": [}}", expect![[r#""#]]);
    check(Format::FrabJson, &format!("{{\"schedule\": {}", "[".repeat(100_000)), expect![[r#""#]]);
    check(
        Format::FrabJson,
        "{\"schedule\": {\"conference\": {\"time_zone_name\": \"Europe/Atlantis\", \"days\": []}}}",
        expect![[r#""#]],
    );
    check(
        Format::FrabJson,
        "{\"schedule\": {\"conference\": {\"days\": [{\"date\": \"2026-08-14\", \"rooms\": {\"A\": [\n\
         {\"id\": 1, \"date\": \"2026-08-14T12:00:00+02:00\", \"duration\": \"01:00\", \"title\": \"One\"},\n\
         {\"id\": 2, \"date\": \"2026-08-14T12:00:00+02:00\", \"duration\": \"01:00\", \"title\": [\"Two\"]},\n\
         {\"id\": 3, \"date\": \"2026-08-14T12:00:00\", \"duration\": \"-01:00\", \"title\": \"Three\"},\n\
         7]}}]}}}",
        expect![[r#""#]],
    );
}

#[test]
fn tables_that_are_broken() {
    check(Format::Csv, "id,title,start,end\n1,One,2026-08-14 12:00,2026-08-14 11:00\n2,Two,2026-08-14 12:00,\n3,,,\n,,,\n4,Four,,\n", expect![[r#""#]]);
    check(Format::Csv, "title,title\n", expect![[r#""#]]);
    check(Format::Csv, "title,people,colour\nOne,Ann [king],red\n", expect![[r#""#]]);
    check(Format::Csv, "title;state;audience\nOne;maybe;\nTwo;draft;-3\n", expect![[r#""#]]);
}

#[test]
fn javascript_that_is_broken() {
    check(Format::Konopas, "var program = [{id: 1, title: 'One', date: '2026-08-14', time: '12:00', mins: 'x'}, {title: 'Two'}];", expect![[r#""#]]);
    check(Format::Konopas, "var program = [{id: 1, title: 'One'", expect![[r#""#]]);
    check(Format::Konopas, "var program = [{id: 1, title: fetch('/')}];", expect![[r#""#]]);
    check(Format::Conclar, "{\"schemaVersion\": 7, \"program\": []}", expect![[r#""#]]);
    check(Format::Conclar, "{\"timezone\": \"Nowhere\", \"program\": []}", expect![[r#""#]]);
}

#[test]
fn a_text_too_long_is_told_not_cut() {
    let long = "x".repeat(300_000);
    let text = event(&format!(
        "<event id=\"2\"><date>2026-08-14T12:00:00+02:00</date><duration>01:00</duration><title>Two</title><description>{long}</description></event>"
    ));
    check(Format::FrabXml, &text, expect![[r#""#]]);
}

/// pretalx' validator has this file as an example of what is invalid; it is also cut off.
#[test]
fn the_invalid_example() {
    let Some(folder) = data("schemas") else { return };
    let text = std::fs::read_to_string(folder.join("invalid-example.json")).unwrap();
    let refused = read(Format::FrabJson, text.as_bytes()).unwrap_err();
    expect![[r#""#]].assert_eq(&refused.to_string());
    // Mended, it is read: ids that are words are as good as numbers.
    let mended = read(Format::FrabJson, format!("{text}}}").as_bytes()).unwrap();
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

#[test]
fn a_file_cut_off_anywhere_is_refused_with_its_end() {
    for real in &REAL {
        let Some(bytes) = real.bytes() else { return };
        for part in 1..20 {
            let cut = &bytes[..bytes.len() * part / 20];
            let refused = real.format.read(cut, &real.options());
            let refused = refused.expect_err(&format!("{} cut at {part}/20", real.name));
            assert!(refused.place.is_some(), "{} cut at {part}/20: {refused}", real.name);
        }
    }
}

#[test]
fn other_encodings_are_named() {
    for real in &REAL {
        let Some(bytes) = real.bytes() else { return };
        let text = String::from_utf8(bytes).unwrap();
        let utf16: Vec<u8> = [0xFE, 0xFF].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
        assert!(real.format.read(&utf16, &real.options()).unwrap_err().message.contains("UTF-16"), "{}", real.name);
        let without_mark: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(real.format.read(&without_mark, &real.options()).unwrap_err().message.contains("UTF-16"), "{}", real.name);
        let latin1: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
        let refused = real.format.read(&latin1, &real.options()).unwrap_err();
        assert!(refused.message.contains("not UTF-8") && refused.place.is_some(), "{}: {refused}", real.name);
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
