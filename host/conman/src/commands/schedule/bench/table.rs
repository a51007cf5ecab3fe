//! What has been measured, for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::figure::{Figure, Summary};
use super::plan::{Bars, How, Listed, Plan, Section};
use super::results::{Measured, Results};

/// The heads of [`rows`].
pub(super) const HEAD: [&str; 8] = ["What", "Solver", "Figure", "Median", "Worst", "Gate", "Aim", "Reached"];

const INTRODUCTION: &str = "Written by `conman schedule bench`. Median and worst are those of the seeds; what is reached is judged by the \
    median. Every solution was checked anew: none breaks a hard constraint, and each costs what it says.";

/// A row for each figure that a solver tells of a section.
pub(super) fn rows(section: &Section, solver: &str, measured: &Measured) -> Vec<[String; 8]> {
    let by_seed = measured.by_seed();
    let row = |(figure, bars): (&Figure, &Bars)| {
        let summary = figure.summary(&by_seed, measured.how.seconds)?;
        let bar = |bar: Option<f64>| bar.map(|bar| figure.show(bar)).unwrap_or_default();
        Some([
            section.what.clone(),
            solver.to_owned(),
            figure.text().to_owned(),
            figure.show_amount(summary.median),
            figure.show_amount(summary.worst),
            bar(bars.gate),
            bar(bars.aim),
            summary.reached(*bars).map(|reached| reached.text().to_owned()).unwrap_or_default(),
        ])
    };
    section.figures.iter().filter_map(row).collect()
}

/// All that has been measured, as a page in Markdown.
pub(super) fn markdown(plan: &Plan, results: &Results) -> String {
    let mut page = format!("# {}\n\n{INTRODUCTION}\n\n", plan.title);
    let mut circumstances = Circumstances::default();
    head(&mut page, HEAD.into_iter().chain(["How", ""]));
    for section in &plan.sections {
        for (solver, measured) in results.of_section(section) {
            let note = circumstances.note(measured);
            for row in rows(section, solver, measured) {
                line(&mut page, row.into_iter().chain([measured.how.to_string(), note.clone()]));
            }
        }
    }
    let missing = plan.sections.iter().filter(|section| results.of_section(section).is_empty());
    for section in missing {
        let _ = writeln!(page, "\nNot measured: {} (`{}`)", section.what, section.name);
    }
    for (name, problems) in &plan.sets {
        if problems.len() > 1 {
            one_by_one(&mut page, plan, (name, problems), results, &mut circumstances);
        }
    }
    page.push_str("\n## When and on what\n\n");
    for (index, text) in circumstances.0.iter().enumerate() {
        let _ = writeln!(page, "{}. {text}", index + 1);
    }
    page
}

/// The soft costs of a set's problems.
fn one_by_one(
    page: &mut String,
    plan: &Plan,
    (set, problems): (&str, &[Listed]),
    results: &Results,
    circumstances: &mut Circumstances,
) {
    let of_set =
        plan.sections.iter().filter(|section| section.set == set && section.figures.contains_key(&Figure::Cost));
    let columns: Vec<_> = of_set
        .flat_map(|section| {
            results.of_section(section).into_iter().map(move |(solver, measured)| (section, solver, measured))
        })
        .collect();
    if columns.is_empty() {
        return;
    }
    let _ = writeln!(
        page,
        "\n## {set}, one by one\n\nSoft costs: the median, and in brackets the worst where it is another.\n"
    );
    let is_known = problems.iter().any(|problem| problem.best_known.is_some());
    let known = |text: String| is_known.then_some(text);
    let heads = columns
        .iter()
        .map(|(section, solver, measured)| format!("{solver}, {} {}", section.name, circumstances.note(measured)));
    let heads: Vec<_> = ["".to_owned()].into_iter().chain(known("best known".to_owned())).chain(heads).collect();
    head(page, heads.iter().map(String::as_str));
    for problem in problems {
        let name = problem.name();
        let best = known(problem.best_known.map_or_else(String::new, |cost| Figure::Cost.show(cost as f64)));
        let costs: Vec<_> = columns
            .iter()
            .map(|(_, _, measured)| cell(Figure::Cost.summary(&measured.of_problem(&name), measured.how.seconds)))
            .collect();
        line(page, [name].into_iter().chain(best).chain(costs));
    }
    let best: Option<u64> = problems.iter().map(|problem| problem.best_known).sum();
    let best = known(best.map_or_else(String::new, |cost| Figure::Cost.show(cost as f64)));
    let costs =
        columns.iter().map(|(_, _, measured)| cell(Figure::Cost.summary(&measured.by_seed(), measured.how.seconds)));
    line(page, ["all".to_owned()].into_iter().chain(best).chain(costs));
}

fn cell(summary: Option<Summary>) -> String {
    let Some(Summary { median, worst }) = summary else { return String::new() };
    let (median, worst) = (Figure::Cost.show_amount(median), Figure::Cost.show_amount(worst));
    if median == worst { median } else { format!("{median} ({worst})") }
}

/// Under which circumstances sections were measured, each told once.
#[derive(Default)]
struct Circumstances(Vec<String>);

impl Circumstances {
    /// `[2]`
    fn note(&mut self, measured: &Measured) -> String {
        let text = measured.circumstances.to_string();
        let index = self.0.iter().position(|known| *known == text).unwrap_or_else(|| {
            self.0.push(text);
            self.0.len() - 1
        });
        format!("[{}]", index + 1)
    }
}

impl std::fmt::Display for How {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seconds, threads, seeds, longer, closing } = self;
        let plural = |many: usize| if many == 1 { "" } else { "s" };
        write!(f, "{seconds} s, {threads} thread{}, ", plural(usize::from(threads.get())))?;
        let are_in_a_row =
            seeds.windows(2).all(|pair| matches!(pair, [one, next] if one.checked_add(1) == Some(*next)));
        match (seeds.as_slice(), are_in_a_row) {
            ([first, .., last], true) => write!(f, "seeds {first} to {last}")?,
            _ => {
                let seeds: BTreeSet<_> = seeds.iter().map(u64::to_string).collect();
                write!(f, "seed{} {}", plural(seeds.len()), seeds.into_iter().collect::<Vec<_>>().join(", "))?;
            }
        }
        if let Some(longer) = longer {
            write!(f, "; compared with {longer} s")?;
        }
        if let Some(closing) = closing {
            write!(f, "; from a solution found in {} s, a move costs {}", closing.prepare, closing.moved)?;
        }
        Ok(())
    }
}

fn head<'a>(page: &mut String, heads: impl Iterator<Item = &'a str> + Clone) {
    line(page, heads.clone().map(str::to_owned));
    page.push('|');
    heads.for_each(|_| page.push_str("---|"));
    page.push('\n');
}

fn line(page: &mut String, cells: impl IntoIterator<Item = String>) {
    page.push('|');
    for cell in cells {
        // Whatever a plan or a solver says, it stays in its cell.
        let _ = write!(page, " {} |", cell.replace('|', "\\|").replace('\n', " "));
    }
    page.push('\n');
}
