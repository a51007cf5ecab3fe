//! The directives of the dialect: what each may stand on, what it takes, and what it means.

use std::sync::Arc;
use std::time::Duration;

use async_graphql_parser::types::ConstDirective;
use async_graphql_parser::{Pos, Positioned};
use async_graphql_value::{ConstValue, Name};
use conman_kernel::event::TopicPattern;
use conman_kernel::id::PluginId;

use super::problem::Problems;
use crate::model::{CacheRule, CacheScope, Cost, Deprecated};
use crate::suggest::did_you_mean;

/// What a directive can stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Site {
    Type,
    QueryField,
    MutationField,
    SubscriptionField,
    ObjectField,
    /// An argument, an input field or an enum value.
    Value,
    /// What takes no directive.
    Nothing,
}

const KNOWN: [(&str, &[Site]); 8] = [
    ("key", &[Site::Type]),
    ("permission", &[Site::Type, Site::QueryField, Site::MutationField, Site::SubscriptionField, Site::ObjectField]),
    ("action", &[Site::MutationField]),
    ("cache", &[Site::Type, Site::QueryField, Site::ObjectField]),
    ("cost", &[Site::QueryField, Site::MutationField, Site::SubscriptionField, Site::ObjectField]),
    ("batched", &[Site::ObjectField]),
    ("topics", &[Site::SubscriptionField]),
    ("deprecated", &[Site::QueryField, Site::MutationField, Site::SubscriptionField, Site::ObjectField, Site::Value]),
];

fn belongs(name: &str) -> &'static str {
    match name {
        "key" => "on types: `type Session @key(fields: \"id\")`",
        "action" => "on fields of Mutation",
        "permission" => "on fields and on entity types",
        "cache" => "on fields of Query, on batched fields and on entity types",
        "batched" => "on fields of object types",
        "topics" => "on fields of Subscription",
        "deprecated" => "on fields, arguments and enum values",
        _ => "on fields",
    }
}

/// What stood on one definition.
#[derive(Debug, Default)]
pub(super) struct Directives {
    pub(super) key: Option<(Vec<Arc<str>>, Pos)>,
    pub(super) permission: Option<Arc<str>>,
    pub(super) action: bool,
    pub(super) cache: Option<(CacheRule, Pos)>,
    pub(super) cost: Option<(Cost, Pos)>,
    pub(super) batched: Option<Pos>,
    pub(super) topics: Option<Vec<TopicPattern>>,
    pub(super) deprecated: Option<Deprecated>,
}

/// Reads directives, noting what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) plugin: &'a PluginId,
    pub(super) problems: &'a mut Problems,
}

impl Reader<'_> {
    /// Reads what stands on `subject` (as named in messages).
    pub(super) fn read(&mut self, directives: &[Positioned<ConstDirective>], site: Site, subject: &str) -> Directives {
        let mut found = Directives::default();
        let mut seen: Vec<&str> = Vec::new();
        for directive in directives {
            let (pos, name) = (directive.pos, directive.node.name.node.as_str());
            let Some((_, sites)) = KNOWN.iter().find(|(known, _)| *known == name) else {
                let suggestion = did_you_mean(name, KNOWN.iter().map(|(known, _)| *known));
                self.problems.add(self.plugin, pos, format!("unknown directive `@{name}` on {subject}{suggestion}"));
                continue;
            };
            if !sites.contains(&site) {
                let message = format!("`@{name}` stands on {subject}, but belongs {}", belongs(name));
                self.problems.add(self.plugin, pos, message);
                continue;
            }
            if seen.contains(&name) {
                self.problems.add(self.plugin, pos, format!("`@{name}` stands twice on {subject}; keep one"));
                continue;
            }
            seen.push(name);
            self.read_one(&directive.node, pos, &mut found);
        }
        found
    }

    fn read_one(&mut self, directive: &ConstDirective, pos: Pos, found: &mut Directives) {
        match directive.name.node.as_str() {
            "key" => {
                self.known_arguments(directive, &["fields"]);
                if let Some(fields) = self.text(directive, pos, "fields", "`@key(fields: \"id\")`") {
                    if fields.contains(['{', '}']) {
                        self.problems.add(self.plugin, pos, "a key is made of the type's own scalar fields; nested fields like `{ … }` cannot be part of it");
                    } else {
                        let names: Vec<Arc<str>> = fields.split_whitespace().map(Arc::from).collect();
                        found.key = Some((names, pos));
                    }
                }
            }
            "permission" => {
                self.known_arguments(directive, &["name"]);
                found.permission =
                    self.text(directive, pos, "name", "`@permission(name: \"shift.manage\")`").map(Arc::from);
            }
            "action" => {
                self.known_arguments(directive, &[]);
                found.action = true;
            }
            "batched" => {
                self.known_arguments(directive, &[]);
                found.batched = Some(pos);
            }
            "cache" => found.cache = self.cache(directive, pos).map(|rule| (rule, pos)),
            "cost" => found.cost = Some((self.cost(directive), pos)),
            "topics" => found.topics = self.topics(directive, pos),
            "deprecated" => {
                self.known_arguments(directive, &["reason"]);
                let reason = directive.get_argument("reason").and_then(|value| match &value.node {
                    ConstValue::String(reason) => Some(reason.clone()),
                    _ => None,
                });
                found.deprecated = Some(Deprecated(reason));
            }
            _ => {}
        }
    }

    fn cache(&mut self, directive: &ConstDirective, pos: Pos) -> Option<CacheRule> {
        self.known_arguments(directive, &["maxAge", "scope"]);
        let example = "write `@cache(maxAge: 60, scope: PUBLIC)`, or `ACTOR` if the answer depends on who asks";
        let max_age = self.count(directive, "maxAge", 1);
        let scope = match directive.get_argument("scope").map(|value| &value.node) {
            Some(ConstValue::Enum(name)) if name == "PUBLIC" => Some(CacheScope::Public),
            Some(ConstValue::Enum(name)) if name == "ACTOR" => Some(CacheScope::Actor),
            _ => None,
        };
        let (Some(seconds), Some(scope)) = (max_age, scope) else {
            self.problems.add(self.plugin, pos, format!("`@cache` needs maxAge (seconds) and scope; {example}"));
            return None;
        };
        Some(CacheRule { max_age: Duration::from_secs(seconds), scope })
    }

    fn cost(&mut self, directive: &ConstDirective) -> Cost {
        self.known_arguments(directive, &["weight", "listSize", "sizeArgument"]);
        let size_argument = match directive.get_argument("sizeArgument") {
            None => None,
            Some(Positioned { node: ConstValue::String(name), .. }) => Some(Arc::from(name.as_str())),
            Some(other) => {
                self.problems.add(
                    self.plugin,
                    other.pos,
                    "`sizeArgument` of `@cost` is the name of an argument, in quotes",
                );
                None
            }
        };
        Cost {
            weight: self.count(directive, "weight", 0),
            list_size: self.count(directive, "listSize", 0),
            size_argument,
        }
    }

    fn topics(&mut self, directive: &ConstDirective, pos: Pos) -> Option<Vec<TopicPattern>> {
        self.known_arguments(directive, &["patterns"]);
        let single;
        let texts: &[ConstValue] = match directive.get_argument("patterns").map(|value| &value.node) {
            Some(ConstValue::List(items)) => items,
            Some(text @ ConstValue::String(_)) => {
                single = [text.clone()];
                &single
            }
            _ => &[],
        };
        let mut patterns = Vec::new();
        for text in texts {
            let parsed = match text {
                ConstValue::String(text) => text.parse::<TopicPattern>().map_err(|error| error.to_string()),
                other => Err(format!("`{other}` is not a topic; write it in quotes")),
            };
            match parsed {
                Ok(pattern) => patterns.push(pattern),
                Err(message) => self.problems.add(self.plugin, pos, message),
            }
        }
        if texts.is_empty() {
            self.problems.add(
                self.plugin,
                pos,
                "`@topics` names no topic; write `@topics(patterns: [\"volunteer.*\"])`",
            );
        }
        (!patterns.is_empty()).then_some(patterns)
    }

    fn known_arguments(&mut self, directive: &ConstDirective, known: &[&str]) {
        for (argument, _) in &directive.arguments {
            if !known.contains(&argument.node.as_str()) {
                let suggestion = did_you_mean(&argument.node, known.iter().copied());
                let message = format!("`@{}` takes no `{}`{suggestion}", directive.name.node, argument.node);
                self.problems.add(self.plugin, argument.pos, message);
            }
        }
    }

    fn text(&mut self, directive: &ConstDirective, pos: Pos, argument: &str, example: &str) -> Option<String> {
        match directive.get_argument(argument).map(|value| &value.node) {
            Some(ConstValue::String(text)) if !text.trim().is_empty() => Some(text.clone()),
            _ => {
                let message =
                    format!("`@{}` needs `{argument}`, a text that is not empty; write {example}", directive.name.node);
                self.problems.add(self.plugin, pos, message);
                None
            }
        }
    }

    fn count(&mut self, directive: &ConstDirective, argument: &str, least: u64) -> Option<u64> {
        let value = directive.get_argument(argument)?;
        let count = match &value.node {
            ConstValue::Number(number) => number.as_u64().filter(|count| (least..=1_000_000_000).contains(count)),
            _ => None,
        };
        if count.is_none() {
            let message =
                format!("`{argument}` of `@{}` is a whole number from {least} to 1000000000", directive.name.node);
            self.problems.add(self.plugin, value.pos, message);
        }
        count
    }
}

/// Whether `name` may be given to something at all.
pub(super) fn check_name(problems: &mut Problems, plugin: &PluginId, name: &Positioned<Name>) {
    if name.node.starts_with("__") {
        let message = format!("`{}` starts with `__`, which GraphQL keeps for itself; choose another name", name.node);
        problems.add(plugin, name.pos, message);
    }
}
