//! Departments. There are a few dozen at most, so they are always read whole.

use std::collections::{BTreeMap, HashMap};

use conman_sdk::prelude::*;

use crate::schema::Department;
use crate::stored::int;

#[derive(FromRow)]
struct Row {
    id: String,
    parent_id: Option<String>,
    name: String,
    description: String,
    position: i64,
}

impl From<Row> for Department {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            position: int(row.position),
            parent_id: row.parent_id,
        }
    }
}

fn rows() -> Result<Vec<Department>> {
    let sql = "SELECT id, parent_id, name, description, position FROM department ORDER BY position, name, id";
    Ok(database::query_as::<Row>(sql, params![])?.into_iter().map(Department::from).collect())
}

/// All departments by id.
pub(crate) fn by_id() -> Result<HashMap<String, Department>> {
    Ok(rows()?.into_iter().map(|department| (department.id.clone(), department)).collect())
}

/// All departments, each after its parent, siblings by position and name.
pub(crate) fn all() -> Result<Vec<Department>> {
    let mut children: BTreeMap<Option<String>, Vec<Department>> = BTreeMap::new();
    for department in rows()? {
        children.entry(department.parent_id.clone()).or_default().push(department);
    }
    let mut sorted = Vec::new();
    let mut next: Vec<Department> = children.remove(&None).unwrap_or_default();
    next.reverse();
    while let Some(department) = next.pop() {
        let below = children.remove(&Some(department.id.clone())).unwrap_or_default();
        next.extend(below.into_iter().rev());
        sorted.push(department);
    }
    Ok(sorted)
}

/// One department.
pub(crate) fn one(id: &str) -> Result<Department> {
    find(id)?.ok_or_else(|| Error::not_found("There is no such department."))
}

/// One department, if there is one.
pub(crate) fn find(id: &str) -> Result<Option<Department>> {
    let sql = "SELECT id, parent_id, name, description, position FROM department WHERE id = $1";
    Ok(database::query_optional::<Row>(sql, params![id])?.map(Department::from))
}

/// Adds a department.
pub(crate) fn insert(department: &Department) -> Result<()> {
    database::execute(
        "INSERT INTO department (id, parent_id, name, description, position) VALUES ($1, $2, $3, $4, $5)",
        params![department.id, department.parent_id, department.name, department.description, department.position],
    )?;
    Ok(())
}

/// Overwrites a department.
pub(crate) fn update(department: &Department) -> Result<()> {
    database::execute(
        "UPDATE department SET parent_id = $2, name = $3, description = $4, position = $5 WHERE id = $1",
        params![department.id, department.parent_id, department.name, department.description, department.position],
    )?;
    Ok(())
}
