//! Who is in a session, as the file has it and as it was.

use std::collections::{HashMap, HashSet};

use super::Planning;
use crate::import::FilePart;
use crate::model::{Part, Role};

impl Planning<'_> {
    fn person_id(&self, part: &FilePart) -> String {
        self.people.get(part.person.as_str()).cloned().unwrap_or_else(|| part.person.clone())
    }

    pub(super) fn new_line_up(&mut self, session: &str, parts: &[FilePart]) {
        let line_up: Vec<Part> = self
            .resolved(parts)
            .into_iter()
            .zip(1..)
            .map(|((person, role), position)| Part {
                session: session.to_owned(),
                position,
                person,
                role: role.unwrap_or(Role::Presenter),
            })
            .collect();
        if !line_up.is_empty() {
            self.plan.report.added.assignments += line_up.len();
            self.plan.line_ups.insert(session.to_owned(), line_up);
        }
    }

    /// The people meant, each once: two of the file's people may turn out to be one of ours.
    fn resolved(&self, parts: &[FilePart]) -> Vec<(String, Option<Role>)> {
        let mut seen = HashSet::new();
        parts
            .iter()
            .map(|part| (self.person_id(part), part.role))
            .filter(|(person, _)| seen.insert(person.clone()))
            .collect()
    }

    pub(super) fn compare_line_up(&mut self, session: &str, existing: &[&Part], parts: &[FilePart]) {
        let said = self.resolved(parts);
        let said_of: HashMap<&str, Option<Role>> = said.iter().map(|(person, role)| (person.as_str(), *role)).collect();
        let known: HashMap<&str, Role> = existing.iter().map(|part| (part.person.as_str(), part.role)).collect();
        // Reserves and people who are not announced are in no public file, so no file takes them away.
        let unheard: Vec<&&Part> = existing
            .iter()
            .filter(|part| !part.role.announced() && !said_of.contains_key(part.person.as_str()))
            .collect();
        let gone =
            existing.iter().filter(|part| part.role.announced() && !said_of.contains_key(part.person.as_str())).count();
        let added = said.iter().filter(|(person, _)| !known.contains_key(person.as_str())).count();
        let changed = said
            .iter()
            .filter(|(person, role)| {
                role.is_some_and(|role| known.get(person.as_str()).is_some_and(|have| *have != role))
            })
            .count();
        let order_before: Vec<&str> =
            existing.iter().map(|part| part.person.as_str()).filter(|person| said_of.contains_key(person)).collect();
        let order_after: Vec<&str> =
            said.iter().map(|(person, _)| person.as_str()).filter(|person| known.contains_key(person)).collect();
        let reordered = order_before != order_after;
        if gone + added + changed == 0 && !reordered {
            return;
        }
        let counts = &mut self.plan.report;
        counts.removed.assignments += gone;
        counts.added.assignments += added;
        counts.changed.assignments += changed.max(usize::from(reordered && gone + added == 0));
        let line_up = said
            .iter()
            .map(|(person, role)| {
                (person.clone(), role.or_else(|| known.get(person.as_str()).copied()).unwrap_or(Role::Presenter))
            })
            .chain(unheard.into_iter().map(|part| (part.person.clone(), part.role)))
            .zip(1..)
            .map(|((person, role), position)| Part { session: session.to_owned(), position, person, role })
            .collect();
        self.plan.line_ups.insert(session.to_owned(), line_up);
    }
}
