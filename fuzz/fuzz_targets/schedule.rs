//! Problems of the scheduler, and solutions of its sample problems.

#![no_main]

use conman_scheduler::check::cost;
use conman_scheduler::document::{Solution, read_problem, write_solution};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

#[path = "../../host/scheduler/tests/hostile/mutations.rs"]
mod mutations;
#[path = "../../host/scheduler/tests/hostile/promises.rs"]
mod promises;
#[path = "../../host/scheduler/tests/exchange/sample.rs"]
mod sample;
#[path = "../../host/scheduler/tests/hostile/tree.rs"]
mod tree;

fuzz_target!(|input: &[u8]| promises::either(input));

// libFuzzer changes bytes. Half of the time what they say is changed instead, which it would seldom come upon.
fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    let mut chance = sample::Chance::new(seed.into());
    let input = match chance.below(100) {
        0 => sample::problem(chance.next()).to_string().into_bytes(),
        1 => solution(&mut chance),
        2..50 => return fuzzer_mutate(data, size, most),
        _ => {
            let (seed, document) = match promises::numbered(&data[..size]) {
                Some((seed, document)) => (format!("{seed}\n"), document),
                None => (String::new(), &data[..size]),
            };
            [seed.into_bytes(), mutations::mutated(&String::from_utf8_lossy(document), &mut chance)].concat()
        }
    };
    let length = input.len().min(most);
    data[..length].copy_from_slice(&input[..length]);
    length
});

/// A solution to begin with.
fn solution(chance: &mut sample::Chance) -> Vec<u8> {
    let seed = chance.below(1000);
    let problem = read_problem(sample::problem(seed).to_string().as_bytes()).expect("samples are problems");
    let timetable = sample::timetable(&problem, chance);
    let stated = Some(cost(&problem, &timetable).into());
    let document = write_solution(&problem, &Solution { timetable, reasons: Default::default(), stated });
    [format!("{seed}\n").into_bytes(), document].concat()
}
