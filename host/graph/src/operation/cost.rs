//! What an operation costs: the objects it may answer with. A list counts as many as its argument asks for, as `@cost` says, or as
//! the limits assume, times the objects it hangs below.

use async_graphql_value::{ConstValue, Value};

use crate::error::GraphError;
use crate::limits::{Limits, within};
use crate::model::{Field, Resolution, list_depth};
use crate::operation::input::Variables;

/// An operation's fields, as far as they cost.
#[derive(Debug, Default)]
pub(crate) struct CostPlan(pub(crate) Vec<CostNode>);

/// One field's.
#[derive(Debug)]
pub(crate) struct CostNode {
    weight: u64,
    size: ListSize,
    pub(crate) children: Vec<CostNode>,
}

#[derive(Debug)]
enum ListSize {
    Fixed(u64),
    /// By an argument with a variable in it; the other where the variable is absent.
    Variable(String, u64),
    /// As long as the list in a variable.
    Items(String),
}

impl CostNode {
    /// A field that answers objects.
    pub(crate) fn composite(
        field: &Field,
        given: impl Fn(&str) -> Option<Value>,
        children: Vec<Self>,
        limits: &Limits,
    ) -> Self {
        Self { weight: field.cost.weight.unwrap_or(1), size: list_size(field, given, limits), children }
    }

    /// A field that answers values: free, unless its author says otherwise.
    pub(crate) fn leaf(field: &Field) -> Option<Self> {
        let weight = field.cost.weight.filter(|weight| *weight > 0)?;
        Some(Self { weight, size: ListSize::Fixed(1), children: Vec::new() })
    }

    /// `_entities`: as many as there are representations.
    pub(crate) fn entities(given: Option<&Value>, otherwise: u64, children: Vec<Self>) -> Self {
        let size = match given {
            Some(Value::List(items)) => ListSize::Fixed(u64::try_from(items.len()).unwrap_or(u64::MAX)),
            Some(Value::Variable(name)) => ListSize::Items(name.to_string()),
            _ => ListSize::Fixed(otherwise),
        };
        Self { weight: 1, size, children }
    }

    fn total(&self, parents: u64, variables: &Variables) -> u64 {
        let size = match &self.size {
            ListSize::Fixed(size) => *size,
            ListSize::Variable(name, otherwise) => variables
                .get(name)
                .and_then(|text| text.parse::<i64>().ok())
                .map_or(*otherwise, |size| size.max(1).unsigned_abs()),
            ListSize::Items(name) => variables
                .get(name)
                .and_then(|text| serde_json::from_str::<Vec<serde::de::IgnoredAny>>(text).ok())
                .map_or(1, |items| u64::try_from(items.len()).unwrap_or(u64::MAX)),
        };
        let objects = parents.saturating_mul(size);
        self.children
            .iter()
            .fold(objects.saturating_mul(self.weight), |sum, child| sum.saturating_add(child.total(objects, variables)))
    }
}

impl CostPlan {
    /// Refuses what costs too much.
    pub(crate) fn check(&self, variables: &Variables, limits: &Limits) -> Result<(), GraphError> {
        let cost = self.0.iter().fold(0_u64, |sum, node| sum.saturating_add(node.total(1, variables)));
        within(
            "cost (objects asked for, lists by their size)",
            cost,
            limits.cost,
            None,
            "ask for shorter lists or fewer nested ones",
        )
    }
}

fn list_size(field: &Field, given: impl Fn(&str) -> Option<Value>, limits: &Limits) -> ListSize {
    let depth = list_depth(&field.declared);
    if depth == 0 {
        return ListSize::Fixed(1);
    }
    let deep = u32::try_from(depth).unwrap_or(u32::MAX);
    let assumed =
        field.cost.list_size.map_or_else(|| assumed_size(field, limits).saturating_pow(deep), |size| size.max(1));
    let Some(argument) = field.cost.size_argument.as_ref().and_then(|name| field.arguments.get(name)) else {
        return ListSize::Fixed(assumed);
    };
    let by_default = match &argument.default {
        Some(ConstValue::Number(number)) => number.as_u64().map(|size| size.max(1)),
        _ => None,
    };
    match given(&argument.name) {
        Some(Value::Number(number)) => ListSize::Fixed(number.as_u64().unwrap_or(1).max(1)),
        Some(Value::Variable(name)) => ListSize::Variable(name.to_string(), by_default.unwrap_or(assumed)),
        Some(_) => ListSize::Fixed(assumed),
        None => ListSize::Fixed(by_default.unwrap_or(assumed)),
    }
}

fn assumed_size(field: &Field, limits: &Limits) -> u64 {
    if field.resolution == Resolution::Root { limits.list_size } else { limits.nested_list_size }
}
