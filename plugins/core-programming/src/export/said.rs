//! What each format can say.
//!
//! `None` means: the format, or this writer of it, leaves the field out.

use std::collections::HashMap;

use crate::import::{FilePerson, FileSession, Format};
use crate::model::{Link, Person, Programme, Recording, Session};
use crate::text;

/// Names for ids.
#[derive(Debug, Default)]
pub struct Names<'p> {
    /// Of rooms.
    pub rooms: HashMap<&'p str, &'p str>,
    /// Of tracks.
    pub tracks: HashMap<&'p str, &'p str>,
}

impl<'p> Names<'p> {
    /// Of this programme.
    #[must_use]
    pub fn of(programme: &'p Programme) -> Self {
        Self {
            rooms: programme.rooms.iter().map(|room| (room.id.as_str(), room.name.as_str())).collect(),
            tracks: programme.tracks.iter().map(|track| (track.id.as_str(), track.name.as_str())).collect(),
        }
    }
}

/// What `format` says of a session. People, number and state are apart: imports treat them by rules of their own.
#[must_use]
pub fn session(session: &Session, format: Format, names: &Names<'_>) -> FileSession {
    let everything = FileSession {
        id: session.id.clone(),
        title: session.title.clone(),
        code: Some(session.code.clone()),
        slug: Some(session.slug.clone()),
        subtitle: Some(session.subtitle.clone()),
        abstract_text: Some(session.abstract_text.clone()),
        description: Some(session.description.clone()),
        kind: Some(session.kind.clone()),
        environment: Some(session.environment),
        language: Some(session.language.clone()),
        track: Some(session.track.as_deref().and_then(|id| names.tracks.get(id)).map(|&name| name.to_owned())),
        room: Some(session.room.as_deref().and_then(|id| names.rooms.get(id)).map(|&name| name.to_owned())),
        slot: Some(session.slot),
        minutes: session.minutes,
        url: Some(session.url.clone()),
        links: Some(session.links.clone()),
        attachments: Some(session.attachments.clone()),
        tags: Some(session.tags.clone()),
        audience: Some(session.audience),
        needs: Some(session.needs.clone()),
        setup_minutes: Some(session.setup_minutes),
        teardown_minutes: Some(session.teardown_minutes),
        logo: Some(session.extra.logo.clone()),
        feedback_url: Some(session.extra.feedback_url.clone()),
        origin_url: Some(session.extra.origin_url.clone()),
        video_url: Some(session.extra.video_url.clone()),
        recording: Some(session.extra.recording.clone()),
        number: Some(session.number),
        ..FileSession::default()
    };
    match format {
        Format::Konopas | Format::Conclar => everything,
        Format::FrabXml => FileSession {
            code: everything.code.filter(|code| is_pretalx_code(code)),
            slug: everything.slug.filter(|slug| is_voc_slug(slug)),
            url: everything.url.filter(|url| is_http(url)),
            logo: everything.logo.filter(|url| is_http(url)),
            feedback_url: everything.feedback_url.filter(|url| is_http(url)),
            origin_url: everything.origin_url.filter(|url| is_http(url)),
            video_url: everything.video_url.filter(|url| is_http(url)),
            // The format has no "not said" for this.
            recording: everything
                .recording
                .filter(|recording| !recording.is_empty())
                .map(|recording| Recording { opt_out: Some(recording.opt_out.unwrap_or(false)), ..recording }),
            environment: None,
            tags: None,
            audience: None,
            needs: None,
            minutes: None,
            setup_minutes: None,
            teardown_minutes: None,
            ..everything
        },
        Format::FrabJson => FileSession {
            code: everything.code.filter(|code| is_json_code(code)),
            slug: Some(json_slug(session)),
            // The format wants an address; without one it gets the session's own name, which reads back as none.
            url: everything.url.map(|url| if is_uri(&url) { url } else { String::new() }),
            logo: everything.logo.filter(|logo| !logo.is_empty()),
            feedback_url: everything.feedback_url.filter(|url| is_uri(url)),
            origin_url: everything.origin_url.filter(|url| is_uri(url)),
            links: everything.links.map(json_links),
            attachments: everything.attachments.map(json_links),
            recording: everything.recording.filter(|recording| !recording.is_empty()),
            video_url: None,
            environment: None,
            tags: None,
            audience: None,
            needs: None,
            minutes: None,
            setup_minutes: None,
            teardown_minutes: None,
            ..everything
        },
        Format::Csv => FileSession {
            links: None,
            attachments: None,
            logo: None,
            feedback_url: None,
            origin_url: None,
            video_url: None,
            recording: None,
            ..everything
        },
    }
}

/// What `format` says of a person.
#[must_use]
pub fn person(person: &Person, format: Format) -> FilePerson {
    let everything = FilePerson {
        id: person.id.clone(),
        number: person.number,
        name: person.name.clone(),
        biography: Some(person.biography.clone()),
        avatar: Some(person.avatar.clone()),
        url: Some(person.url.clone()),
        links: Some(person.links.clone()),
        ..FilePerson::default()
    };
    match format {
        Format::Konopas | Format::Conclar => everything,
        Format::FrabXml | Format::Csv => {
            FilePerson { biography: None, avatar: None, url: None, links: None, ..everything }
        }
        Format::FrabJson => FilePerson {
            biography: everything.biography.filter(|text| !text.is_empty()),
            avatar: everything.avatar.filter(|url| is_uri(url)),
            url: everything.url.filter(|url| is_uri(url)),
            links: everything.links.map(json_links).filter(|links| !links.is_empty()),
            ..everything
        },
    }
}

fn is_pretalx_code(code: &str) -> bool {
    code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

fn is_json_code(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

/// `[a-z0-9_]{4,}-[a-z0-9\-_]{4,}`
fn is_voc_slug(slug: &str) -> bool {
    let word = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_';
    slug.split_once('-').is_some_and(|(first, rest)| {
        first.len() >= 4 && first.bytes().all(word) && rest.len() >= 4 && rest.bytes().all(|b| word(b) || b == b'-')
    })
}

/// `[a-z0-9_-]+[a-z0-9]`
pub(super) fn is_json_slug(slug: &str) -> bool {
    let word = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    slug.len() >= 2
        && slug.bytes().all(|b| word(b) || matches!(b, b'_' | b'-'))
        && slug.bytes().last().is_some_and(word)
}

fn json_slug(session: &Session) -> String {
    if is_json_slug(&session.slug) {
        return session.slug.clone();
    }
    let words: String =
        text::fold(&session.title).chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let words = words.split('-').filter(|word| !word.is_empty()).take(12).collect::<Vec<_>>().join("-");
    if words.is_empty() { format!("session-{}", session.number) } else { format!("{}-{words}", session.number) }
}

/// An absolute address on the web.
fn is_http(url: &str) -> bool {
    (url.starts_with("http://") || url.starts_with("https://")) && is_uri(url)
}

/// An absolute URI of RFC 3986, strictly enough for validators: `scheme:` and only allowed characters.
pub(super) fn is_uri(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    let (hierarchy, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let authority = hierarchy.strip_prefix("//").map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    // Host and port: brackets and stray `@` or `:` are more than any programme needs.
    let authority_ok = authority.is_none_or(|authority| {
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
        !host.is_empty()
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
            && port.bytes().all(|b| b.is_ascii_digit())
    });
    scheme_ok && !rest.is_empty() && authority_ok && characters_ok(hierarchy) && characters_ok(fragment)
}

fn characters_ok(part: &str) -> bool {
    let mut bytes = part.bytes();
    while let Some(b) = bytes.next() {
        let ok = match b {
            b'%' => {
                bytes.next().is_some_and(|b| b.is_ascii_hexdigit())
                    && bytes.next().is_some_and(|b| b.is_ascii_hexdigit())
            }
            b => b.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=".contains(&b),
        };
        if !ok {
            return false;
        }
    }
    true
}

/// Links with an absolute address; kinds the format does not know are left out.
fn json_links(links: Vec<Link>) -> Vec<Link> {
    links
        .into_iter()
        .filter(|link| is_uri(&link.url))
        .map(|link| {
            let known = matches!(
                link.kind.as_str(),
                "slides" | "paper" | "web" | "blog" | "article" | "media" | "related" | "activitypub"
            );
            Link { kind: if known { link.kind } else { String::new() }, ..link }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_uri() {
        for good in [
            "https://example.org/a?b=c#d",
            "http://localhost/x",
            "urn:uuid:0c8b0cb4-6cf9-5ff8-928a-0a0f49558c48",
            "mailto:a@example.org",
            "https://example.org:8080/%20",
        ] {
            assert!(is_uri(good), "{good}");
        }
        for bad in [
            "",
            "/a/b",
            "example.org",
            "https://",
            "https://a b",
            "http://ü.de",
            "https://x/%zz",
            "https://x/[1]",
            "1a:b",
            "http://[::1]/",
        ] {
            assert!(!is_uri(bad), "{bad}");
        }
    }
}
