//! What a document calls things, and where they are.

use std::borrow::Cow;
use std::collections::HashMap;

use super::fields::Fields;
use super::flaw::{Report, Stop};
use super::limits;
use super::place::{Place, quoted};
use super::tape::Node;

/// What to make of a name that is in a list twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeated {
    /// It is a flaw.
    Refused,
    /// It is the same as naming it once.
    Harmless,
}

/// The ids of one kind of thing.
#[derive(Debug)]
pub(super) struct Names<'de> {
    /// A thing of this kind, in messages.
    kind: &'static str,
    /// The section in which they are.
    section: &'static str,
    positions: HashMap<Cow<'de, str>, u32>,
    /// Whether all of them are known.
    is_complete: bool,
}

impl<'de> Names<'de> {
    pub(super) fn new(kind: &'static str, section: &'static str) -> Self {
        Self { kind, section, positions: HashMap::new(), is_complete: true }
    }

    /// The ids of things that are known to have different ones.
    pub(super) fn of(kind: &'static str, section: &'static str, ids: impl Iterator<Item = &'de str>) -> Self {
        Self { kind, section, positions: ids.map(Cow::Borrowed).zip(0..).collect(), is_complete: true }
    }

    /// Reads the id of the thing at a position of the section, which nothing else of this kind may have.
    pub(super) fn read(&mut self, fields: &Fields<'_, 'de, '_>, position: usize, report: &mut Report) -> String {
        let place = fields.at("id");
        let Some(id) = fields.needed("id", report).and_then(|node| report.text(node, &place)) else {
            self.miss();
            return String::new();
        };
        if let Some(before) = self.positions.get(id) {
            report.add(
                &place,
                format_args!("{} is also the id of /{}/{before}", quoted(id), self.section),
                format_args!("give one of them another"),
            );
            self.miss();
        } else {
            self.positions.insert(id.clone(), super::index(position));
        }
        id.clone().into_owned()
    }

    /// One of the things could not be understood: whoever refers to something that is not known may mean this one.
    pub(super) fn miss(&mut self) {
        self.is_complete = false;
    }

    /// Where the thing is that a document refers to.
    pub(super) fn find(&self, node: Node<'_, '_>, place: &Place<'_>, report: &mut Report) -> Option<u32> {
        let id = node.text().or_else(|| {
            report.unlike(place, node, format_args!("the id of a {}", self.kind));
            None
        })?;
        self.find_id(id, place, report)
    }

    /// Where all those things are that an object has a list of, sorted; `None` when it has no such list.
    pub(super) fn in_list(
        &self,
        fields: &Fields<'_, '_, '_>,
        key: &str,
        repeated: Repeated,
        report: &mut Report,
    ) -> Option<Vec<u32>> {
        let list = fields.list(key, report)?;
        let place = fields.at(key);
        let mut found: Vec<_> = list
            .enumerate()
            .filter_map(|(element, node)| Some((self.find(node, &place.index(element), report)?, element, node)))
            .collect();
        found.sort_unstable_by_key(|(position, element, _)| (*position, *element));
        found.dedup_by(|next, before| {
            let is_same = next.0 == before.0;
            if is_same && repeated == Repeated::Refused {
                let what = format_args!("{} is in this list twice", quoted(next.2.text().unwrap_or_default()));
                report.add(&place.index(next.1), what, format_args!("name it once"));
            }
            is_same
        });
        Some(found.into_iter().map(|(position, ..)| position).collect())
    }

    /// Where the thing with this id is.
    pub(super) fn find_id(&self, id: &str, place: &Place<'_>, report: &mut Report) -> Option<u32> {
        let position = self.positions.get(id).copied();
        if position.is_none() && self.is_complete {
            report.add(
                place,
                format_args!("there is no {} {}", self.kind, quoted(id)),
                format_args!("add it to \"{}\", or take it out here", self.section),
            );
        }
        position
    }
}

/// Names that need no list of their own: the first use makes them.
#[derive(Debug, Default)]
pub(super) struct Features<'de> {
    pub(super) names: Vec<String>,
    positions: HashMap<Cow<'de, str>, u32>,
}

impl<'de> Features<'de> {
    /// The positions of the `features` of a room or session, sorted.
    pub(super) fn of(&mut self, fields: &Fields<'_, 'de, '_>, report: &mut Report) -> Result<Vec<u32>, Stop> {
        let place = fields.at("features");
        let mut positions = Vec::new();
        for (element, node) in fields.list("features", report).into_iter().flatten().enumerate() {
            let place = place.index(element);
            positions.extend(report.text(node, &place).map(|name| self.position(name.clone())));
            if self.names.len() > limits::FEATURES {
                return Err(report.beyond(&place, "different features", limits::FEATURES));
            }
        }
        positions.sort_unstable();
        positions.dedup();
        Ok(positions)
    }

    fn position(&mut self, name: Cow<'de, str>) -> u32 {
        if let Some(position) = self.positions.get(&name) {
            return *position;
        }
        let position = super::index(self.names.len());
        self.names.push(name.clone().into_owned());
        self.positions.insert(name, position);
        position
    }
}
