//! The made-up convention in `examples/sample-convention`, put into a data folder by the commands an organiser would use.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::civil::{Date, Weekday, date};
use jiff::{ToSpan as _, Zoned};
use serde_json::{Value, json};

use super::conman::{Conman, text};
use super::volunteers;
use crate::workspace;

/// Its short name.
pub const SLUG: &str = "lanternfall";
/// Its name.
pub const NAME: &str = "Lanternfall";
/// Its time zone.
pub const ZONE: &str = "Europe/Berlin";
/// The first day in its files.
const WRITTEN_START: Date = date(2027, 6, 11);
/// A query to start with, without quotation marks so that it fits into a shell line.
pub const EXAMPLE: &str =
    "{ convention { name } sessions(first: 5) { nodes { title start room { name } people { person { name } } } } }";

/// Who can sign in.
pub struct SignIn {
    pub role: &'static str,
    pub email: String,
    pub password: String,
    pub token: String,
}

/// `(role, e-mail, name)`: each has the role in this convention only; nobody of them owns the host.
const PEOPLE: [(&str, &str, &str); 3] = [
    ("admin", "admin@lanternfall.example", "Ansel Ravensdale"),
    ("volunteer", "volunteer@lanternfall.example", "Briar Mossgate"),
    ("attendee", "attendee@lanternfall.example", "Caspian Oakhurst"),
];

pub fn make(conman: &Conman, packages: &Path) -> anyhow::Result<Vec<SignIn>> {
    let folder = workspace::root().join("examples/sample-convention");
    let start = start()?;
    let (first, last) = (start.to_string(), start.checked_add(2.days())?.to_string());
    let dates = ["--time-zone", ZONE, "--starts-on", &first, "--ends-on", &last, "--day-change", "06:00"];
    conman.run(&[["convention", "create", SLUG, "--name", NAME, "--live"].as_slice(), &dates].concat())?;
    for package in feature_packages(packages)? {
        let installed = conman.run(&["plugin", "install", text(&package)?])?;
        let id = installed["id"].as_str().context("conman plugin install did not say which plugin it installed")?;
        conman.run(&["plugin", "enable", id, "--convention", SLUG])?;
    }
    // In the data folder, so that what was imported can be looked at.
    let programme = conman.data.join("programme.csv");
    fs::write(&programme, moved(&fs::read_to_string(folder.join("programme.csv"))?, start)?)?;
    conman.run(&["import", text(&programme)?, "--convention", SLUG])?;
    volunteers::make(conman, &fs::read_to_string(folder.join("volunteers.json"))?, start)?;
    // After the rules, so that the release makes their shifts.
    conman.graphql(None, "mutation { release(name: \"Opening\") { name } }", &json!({}))?;
    PEOPLE.iter().map(|(role, email, name)| sign_in(conman, role, email, name)).collect()
}

fn sign_in(conman: &Conman, role: &'static str, email: &str, name: &str) -> anyhow::Result<SignIn> {
    let account = conman.run(&["account", "create", email, "--name", name, "--role", role, "--convention", SLUG])?;
    let token = conman.run(&["token", "create", "demo", "--account", email, "--days", "1", "--convention", SLUG])?;
    let said = |value: &Value| value.as_str().map(str::to_owned).with_context(|| format!("no sign-in for {email}"));
    Ok(SignIn { role, email: email.to_owned(), password: said(&account["password"])?, token: said(&token["secret"])? })
}

/// The packages of everything in `plugins/`, in the order of their names: the programme defines what volunteers extend.
fn feature_packages(packages: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let sources = fs::read_dir(workspace::root().join("plugins"))?;
    let mut names: Vec<_> = sources.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names.iter().map(|name| packages.join(format!("{name}.wasm"))).collect())
}

/// A Friday three weeks or so ahead: shifts of the past cannot be taken.
fn start() -> anyhow::Result<Date> {
    Ok(Zoned::now().date().checked_add(3.weeks())?.nth_weekday(1, Weekday::Friday)?)
}

/// The programme with its dates moved to begin on `start`. The night after the last day is a fourth date.
fn moved(programme: &str, start: Date) -> anyhow::Result<String> {
    let mut text = programme.to_owned();
    // Through a mark that is in no file, because the new dates may be among the old ones.
    for day in 0..=3 {
        text = text.replace(&WRITTEN_START.checked_add(day.days())?.to_string(), &format!("\u{1}{day}"));
    }
    for day in 0..=3 {
        text = text.replace(&format!("\u{1}{day}"), &start.checked_add(day.days())?.to_string());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_move_together_even_onto_one_another() {
        let programme = "a,2027-06-11 22:00,2027-06-12 01:00\nb,2027-06-12 10:00,2027-06-12 11:00\n";
        let expected = "a,2027-06-12 22:00,2027-06-13 01:00\nb,2027-06-13 10:00,2027-06-13 11:00\n";
        assert_eq!(moved(programme, date(2027, 6, 12)).unwrap(), expected);
    }
}
