//! `conman doctor`: looks at everything that has to be right, and says of each thing that is not what to do about it.

mod folder;
mod host;
mod machine;

use serde_json::json;

use crate::arguments::Where;
use crate::failure::{Failure, Kind, Outcome};
use crate::terminal::Terminal;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Fine,
    /// Works, but not as well or as safely as it could.
    Remark,
    /// Does not work.
    Problem,
}

impl Severity {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Remark => "remark",
            Self::Problem => "problem",
        }
    }
}

/// What one look has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) subject: &'static str,
    pub(crate) severity: Severity,
    pub(crate) what: String,
    /// What to do about it; empty when it is fine.
    pub(crate) remedy: String,
}

impl Finding {
    pub(crate) fn fine(subject: &'static str, what: impl Into<String>) -> Self {
        Self { subject, severity: Severity::Fine, what: what.into(), remedy: String::new() }
    }

    pub(crate) fn remark(subject: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { subject, severity: Severity::Remark, what: what.into(), remedy: remedy.into() }
    }

    pub(crate) fn problem(subject: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { subject, severity: Severity::Problem, what: what.into(), remedy: remedy.into() }
    }
}

pub(crate) async fn run(place: &Where, terminal: Terminal) -> Outcome {
    let mut findings = Vec::new();
    if place.host.is_none() {
        let _progress = terminal.progress("looking at the data folder");
        findings.extend(folder::look(&place.data));
    }
    findings.extend(host::look(place, terminal).await);
    let progress = terminal.progress("looking at the machine");
    findings.extend(machine::look(&place.data));
    drop(progress);

    let all = findings.iter().map(|finding| {
        json!({ "subject": finding.subject, "severity": finding.severity.as_str(), "what": finding.what, "remedy": finding.remedy })
    });
    terminal.answer(&all.collect())?;
    let rows = findings.iter().map(|finding| {
        [finding.subject.to_owned(), finding.severity.as_str().to_owned(), finding.what.clone(), finding.remedy.clone()]
    });
    terminal.table(["Subject", "", "Found", "What to do"], rows)?;
    let problems = findings.iter().filter(|finding| finding.severity == Severity::Problem).count();
    match problems {
        0 => Ok(()),
        1 => Err(Failure::new(Kind::Failed, "one problem; what to do about it is above")),
        problems => Err(Failure::new(Kind::Failed, format!("{problems} problems; what to do about them is above"))),
    }
}
