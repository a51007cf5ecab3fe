//! What is measured: sets of problems, and sections that say how each set is solved and what is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::figure::Figure;
use crate::arguments::Bench;
use crate::commands::read_file;
use crate::failure::Failure;

/// A plan.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// The table's heading.
    pub(super) title: String,
    /// Problems by the names of their sets.
    pub(super) sets: BTreeMap<String, Vec<Listed>>,
    /// What is measured, in the table's order.
    #[serde(rename = "section")]
    pub(super) sections: Vec<Section>,
}

/// A problem of a set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    /// Its file; the name in the table is the file's without its ending.
    pub(super) file: PathBuf,
    /// The least soft cost that anybody has found.
    pub(super) best_known: Option<u64>,
}

/// One way of solving the problems of a set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// A short name, unlike all others of the plan.
    pub(super) name: String,
    /// For the table.
    pub(super) what: String,
    /// Which set.
    pub(super) set: String,
    /// Whether peers are measured, too.
    #[serde(default)]
    pub(super) peers: bool,
    /// How it is solved.
    pub(super) how: How,
    /// What the table tells, and what it should reach.
    pub(super) figures: BTreeMap<Figure, Bars>,
}

/// How problems are solved. Figures that were measured otherwise are not a section's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    /// How long to search.
    pub(super) seconds: f64,
    /// How many threads search side by side.
    #[serde(default = "one")]
    pub(super) threads: NonZeroU16,
    /// Each problem is solved once with each.
    #[serde(default = "five")]
    pub(super) seeds: Vec<u64>,
    /// Solve it a second time for so long, to see whether more time helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) longer: Option<f64>,
    /// Solve what is left of it when a room is closed for a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) closing: Option<Closing>,
}

/// A room that is closed for a day in a finished timetable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Closing {
    /// How long to search for the timetable.
    pub(super) prepare: f64,
    /// What a session at another time costs, and what one in another room does.
    pub(super) moved: u32,
}

/// What a figure should reach: as little as this, or less.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bars {
    /// What has to hold.
    pub(super) gate: Option<f64>,
    /// What is hoped for.
    pub(super) aim: Option<f64>,
}

fn one() -> NonZeroU16 {
    NonZeroU16::MIN
}

fn five() -> Vec<u64> {
    (1..=5).collect()
}

impl Plan {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let wrong =
            |what: &dyn std::fmt::Display| Failure::invalid(format!("{} cannot be used: {what}", path.display()));
        let text = String::from_utf8(read_file(path)?).map_err(|_| wrong(&"it is not UTF-8 text"))?;
        let plan: Self = toml::from_str(&text).map_err(|error| wrong(&error))?;
        plan.check().map_err(|what| wrong(&what))?;
        Ok(plan)
    }

    /// Problems that somebody has named at the terminal, for each of the times.
    pub(super) fn of_problems(arguments: &Bench) -> Result<Self, Failure> {
        let listed = |file: &PathBuf| Listed { file: file.clone(), best_known: None };
        let section = |time: &Duration| Section {
            name: format!("{}s", time.as_secs_f64()),
            what: format!("{} s", time.as_secs_f64()),
            set: "problems".to_owned(),
            peers: true,
            how: How {
                seconds: time.as_secs_f64(),
                threads: arguments.threads,
                seeds: (1..=u64::from(arguments.seeds.get())).collect(),
                longer: None,
                closing: None,
            },
            figures: Figure::ALL.into_iter().map(|figure| (figure, Bars::default())).collect(),
        };
        let plan = Self {
            title: "Timetabling problems, measured".to_owned(),
            sets: BTreeMap::from([("problems".to_owned(), arguments.problems.iter().map(listed).collect())]),
            sections: arguments.seconds.iter().map(section).collect(),
        };
        plan.check().map_err(Failure::usage)?;
        Ok(plan)
    }

    /// The sections with these names; all of them when there are no names.
    pub(super) fn select(&self, names: &[String]) -> Result<Vec<&Section>, Failure> {
        let known: Vec<_> = self.sections.iter().map(|section| section.name.as_str()).collect();
        if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
            let known = known.join(", ");
            return Err(Failure::usage(format!("the plan has no section \"{unknown}\"; it has {known}")));
        }
        Ok(self.sections.iter().filter(|section| names.is_empty() || names.contains(&section.name)).collect())
    }

    pub(super) fn problems(&self, section: &Section) -> &[Listed] {
        self.sets.get(&section.set).map_or(&[], Vec::as_slice)
    }

    fn check(&self) -> Result<(), String> {
        if self.sections.is_empty() {
            return Err("it has no [[section]]".to_owned());
        }
        for (set, problems) in &self.sets {
            if problems.is_empty() {
                return Err(format!("the set \"{set}\" has no problems"));
            }
            let names: Vec<_> = problems.iter().map(Listed::name).collect();
            if let Some(name) = twice(names.iter()) {
                return Err(format!("two problems of the set \"{set}\" are called \"{name}\""));
            }
        }
        if let Some(name) = twice(self.sections.iter().map(|section| &section.name)) {
            return Err(format!("two sections are called \"{name}\""));
        }
        self.sections.iter().try_for_each(|section| {
            section.check(self).map_err(|what| format!("the section \"{}\": {what}", section.name))
        })
    }
}

impl Listed {
    /// Its name in the table.
    pub(super) fn name(&self) -> String {
        self.file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Section {
    fn check(&self, plan: &Plan) -> Result<(), String> {
        if !self.name.chars().all(|letter| letter.is_alphanumeric() || "-_.".contains(letter)) {
            return Err("files are named after it; use letters, digits and -_. only".to_owned());
        }
        if !plan.sets.contains_key(&self.set) {
            return Err(format!("there is no set \"{}\"; add it to [sets]", self.set));
        }
        if self.figures.is_empty() {
            return Err("it has no figures; name one at least, such as figures.cost = {}".to_owned());
        }
        if self.how.seeds.is_empty() {
            return Err("it has no seeds; name one at least, or leave them out for five".to_owned());
        }
        if let Some(seed) = twice(self.how.seeds.iter()) {
            return Err(format!("the seed {seed} is there twice"));
        }
        let prepare = self.how.closing.as_ref().map(|closing| ("closing.prepare", closing.prepare));
        let times = [Some(("seconds", self.how.seconds)), self.how.longer.map(|time| ("longer", time)), prepare];
        match times.into_iter().flatten().find(|(_, time)| !(1e-3..=1e6).contains(time)) {
            Some((key, time)) => Err(format!("{key} is {time}; choose at least 0.001 and at most 1000000")),
            None => Ok(()),
        }
    }
}

/// The first that is there a second time.
fn twice<T: Ord + Copy>(all: impl Iterator<Item = T>) -> Option<T> {
    let mut seen = BTreeSet::new();
    all.into_iter().find(|one| !seen.insert(*one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_plan_is_named() {
        let set = "title = \"t\"\nsets.a = [{ file = \"x.json\" }]\n";
        let section = |more: &str| {
            let (how, more) = more.split_once('|').unwrap_or((more, ""));
            format!(
                "[[section]]\nname = \"s\"\nwhat = \"w\"\nset = \"a\"\nhow = {{ {how} }}\nfigures.cost = {{}}\n{more}\n"
            )
        };
        for (plan, wrong) in [
            ("title = \"t\"\nsets = {}\nsection = []".to_owned(), "no [[section]]"),
            (section("seconds = 1") + "[sets]\n", "missing field `title`"),
            (format!("{set}{}", section("seconds = 0")), "seconds is 0; choose"),
            (format!("{set}{}", section("seconds = nan")), "seconds is NaN; choose"),
            (format!("{set}{}", section("seconds = 1, seeds = []")), "it has no seeds"),
            (format!("{set}{}", section("seconds = 1, seeds = [1, 2, 1]")), "the seed 1 is there twice"),
            (format!("{set}{}", section("seconds = 1, threads = 0")), "expected a nonzero u16"),
            (format!("{set}{}", section("seconds = 1|figures.beauty = {}")), "unknown variant `beauty`"),
            (format!("{set}{}", section("seconds = 1|peeers = true")), "unknown field `peeers`"),
            (format!("{set}{0}{0}", section("seconds = 1")), "two sections are called \"s\""),
            (format!("{set}{}", section("seconds = 1").replace("\"a\"", "\"b\"")), "there is no set \"b\""),
            (format!("{set}{}", section("seconds = 1").replace("\"s\"", "\"s/t\"")), "files are named after it"),
            (format!("title = \"t\"\nsets.a = []\n{}", section("seconds = 1")), "the set \"a\" has no problems"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("plan.toml");
            std::fs::write(&file, &plan).unwrap();
            let failure = Plan::read(&file).unwrap_err();
            assert!(failure.message.contains(wrong), "{wrong}: {failure}");
            assert!(failure.message.contains("plan.toml cannot be used"), "{failure}");
        }
    }
    #[test]
    fn the_plan_of_this_repository_can_be_used() {
        let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/benchmarks/scheduling.toml");
        let plan = Plan::read(&plan).unwrap();
        assert_eq!(plan.sets.get("comp").unwrap().iter().map(|problem| problem.best_known.unwrap()).sum::<u64>(), 1318);
    }
}
