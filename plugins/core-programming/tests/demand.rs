//! Expected audiences on made-up conventions whose truth is known. No real convention's attendance is behind any of these figures:
//! they say what the comparison can tell apart, not how well real audiences are expected.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::fmt::Write as _;

use core_programming::demand::{self, Ask, Day, Demand, Errors, Features, Grouping, HeldOut, Observation, Source};
use core_programming::identity;
use expect_test::{Expect, expect};

/// Numbers that are random enough, the same on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, most: usize) -> usize {
        ((self.next() * most as f64) as usize).min(most - 1)
    }

    /// From the normal distribution, as twelve throws have it nearly.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

/// What makes people come.
#[derive(Clone, Copy, Debug)]
enum Truth {
    /// Favourites alone: 1.8 people for each.
    Favourites,
    /// Favourites, and factors of tracks, kinds and hours.
    Factors,
    /// Nothing that is known: everything is noise, favourites too.
    Noise,
    /// Factors; two of three sessions have no favourites, and those of the others mean little.
    Sparse,
    /// Factors, and nobody could mark anything.
    Unmarked,
    /// Factors of tracks that are others each year.
    Fickle,
    /// Factors so small that noise all but hides them.
    Faint,
    /// Every third session comes back under its title, and draws its own crowd; nobody could mark anything.
    Recurring,
    /// Factors, but to one track the same people come whatever it offers and whenever.
    Contrary,
}

const TRACKS: [(&str, f64); 8] = [
    ("Science", 2.0),
    ("Art", 0.6),
    ("Games", 1.4),
    ("Kids", 0.4),
    ("Music", 1.8),
    ("Writing", 0.9),
    ("Craft", 0.5),
    ("Film", 1.2),
];
const KINDS: [(&str, f64); 4] = [("talk", 1.0), ("panel", 1.3), ("workshop", 0.5), ("reading", 0.4)];
const HOURS: [(i64, f64); 8] = [(9, 0.4), (10, 0.6), (11, 0.9), (13, 1.0), (15, 1.2), (17, 1.3), (20, 1.8), (23, 0.7)];

fn convention(truth: Truth, sessions: usize, seed: u64) -> Vec<Observation> {
    let mut dice = Dice(seed.wrapping_mul(0x5851_f42d_4c95_7f2d));
    (0..sessions)
        .map(|at| {
            let year = at % 2;
            let (track, kind, hour) = (dice.below(TRACKS.len()), dice.below(KINDS.len()), dice.below(HOURS.len()));
            let marks = (12.0 * (0.9 * dice.normal()).exp()).round();
            let factors = TRACKS[track].1 * KINDS[kind].1 * HOURS[hour].1;
            let noise = (0.35 * dice.normal()).exp();
            let (favourites, people) = match truth {
                Truth::Favourites => (Some(marks), 1.8 * marks.max(0.5) * noise),
                Truth::Factors => (Some(marks), 6.0 * marks.max(0.5).powf(0.7) * factors * noise),
                Truth::Noise => (Some(marks), 40.0 * noise * noise),
                Truth::Sparse => {
                    let few = if dice.next() < 0.67 { 0.0 } else { (1.0 + 2.0 * dice.next()).round() };
                    (Some(few), 30.0 * factors * (1.0 + 0.1 * few) * noise)
                }
                Truth::Unmarked => (None, 30.0 * factors * noise),
                Truth::Fickle => {
                    let this_year = TRACKS[(track + 4 * year) % TRACKS.len()].1;
                    (Some(marks), 2.0 * marks.max(0.5) * this_year * this_year * noise)
                }
                Truth::Faint => (Some(marks), 4.0 * marks.max(0.5).powf(0.8) * factors.powf(0.1) * noise * noise),
                Truth::Recurring => {
                    let own = if at % 3 == 0 { TRACKS[at / 6 % 20 % 8].1.powf(2.0) } else { 1.0 };
                    (None, 30.0 * own * factors.sqrt() * noise)
                }
                Truth::Contrary => {
                    let factors = if TRACKS[track].0 == "Kids" { 0.4 } else { factors };
                    (None, 30.0 * factors * noise)
                }
            };
            Observation {
                id: identity::derived(&["made up", &format!("{truth:?}"), &seed.to_string(), &at.to_string()]),
                edition: (2024 + year).to_string(),
                features: Features {
                    favourites: favourites.map(|favourites| favourites as i64),
                    title: if matches!(truth, Truth::Recurring) && at % 3 == 0 {
                        format!("Ball {}", at / 6 % 20)
                    } else {
                        format!("Session {at}")
                    },
                    track: TRACKS[track].0.to_owned(),
                    kind: KINDS[kind].0.to_owned(),
                    hour: Some(HOURS[hour].0),
                    day: Some(Day::of(i64::try_from(at % 3).unwrap() + 1, 3)),
                },
                capacity: Some(10_000),
                attendance: people.round() as i64,
            }
        })
        .collect()
}

fn learn(truth: Truth, sessions: usize, seed: u64) -> Demand {
    Demand::learn(&convention(truth, sessions, seed))
}

/// How often the model is chosen in twenty such conventions.
fn chosen(truth: Truth, sessions: usize) -> usize {
    (0..20).filter(|seed| learn(truth, sessions, 1000 + seed).report().used == Source::Learned).count()
}

fn figures(truth: Truth, sessions: usize) -> String {
    let demand = learn(truth, sessions, 1);
    let report = demand.report();
    let mut told = String::new();
    for trial in &report.trials {
        let all = &trial.comparisons[0];
        let line = |errors: &Errors| format!("{:6.1} {:5.3} {:6.1}", errors.people, errors.log_ratio, errors.cost());
        let how = if trial.held_out == HeldOut::Fifths { "fifths" } else { "years " };
        let better = all.better.map_or("too close", Source::as_str);
        writeln!(told, "{how} baseline {}  model {}  better: {better}", line(&all.baseline), line(&all.learned))
            .unwrap();
    }
    writeln!(told, "{}", report.why).unwrap();
    told
}

fn check(truth: Truth, sessions: usize, expected: Expect) {
    expected.assert_eq(&figures(truth, sessions));
}

#[test]
fn favourites_alone_leave_nothing_to_learn() {
    check(
        Truth::Favourites,
        400,
        expect![[r#"
            fifths baseline    8.6 0.278   19.3  model    8.9 0.280   20.6  better: too close
            years  baseline    8.6 0.277   19.3  model    9.0 0.280   21.4  better: too close
            The baseline is used: on sessions held out the model was off by 8.9 people and 0.28 on the log scale, the baseline by 8.6 and 0.28, which is too close to tell.
        "#]],
    );
}

#[test]
fn factors_are_learned() {
    check(
        Truth::Factors,
        400,
        expect![[r#"
            fifths baseline   22.1 0.679   58.2  model    9.7 0.287   21.8  better: learned
            years  baseline   21.7 0.672   57.2  model   10.0 0.293   23.1  better: learned
            The model is used: on sessions held out the model was off by 9.7 people and 0.29 on the log scale, the baseline by 22.1 and 0.68.
        "#]],
    );
}

#[test]
fn noise_is_not_mistaken_for_something() {
    check(
        Truth::Noise,
        400,
        expect![[r#"
        fifths baseline   24.9 0.550   59.6  model   25.0 0.552   59.9  better: too close
        years  baseline   24.9 0.550   59.8  model   24.9 0.550   59.7  better: too close
        The baseline is used: on sessions held out the model was off by 25.0 people and 0.55 on the log scale, the baseline by 24.9 and 0.55, which is too close to tell.
    "#]],
    );
}

#[test]
fn sparse_favourites_do_not_hide_what_can_be_learned() {
    check(
        Truth::Sparse,
        400,
        expect![[r#"
        fifths baseline   15.7 0.559   40.7  model    9.5 0.303   20.8  better: learned
        years  baseline   15.9 0.570   41.4  model    9.7 0.311   20.9  better: learned
        The model is used: on sessions held out the model was off by 9.5 people and 0.30 on the log scale, the baseline by 15.7 and 0.56.
    "#]],
    );
}

#[test]
fn without_favourites_there_are_still_factors() {
    check(
        Truth::Unmarked,
        400,
        expect![[r#"
        fifths baseline   14.3 0.576   37.2  model    7.3 0.280   16.0  better: learned
        years  baseline   14.5 0.582   37.5  model    7.5 0.290   16.5  better: learned
        The model is used: on sessions held out the model was off by 7.3 people and 0.28 on the log scale, the baseline by 14.3 and 0.58.
    "#]],
    );
}

#[test]
fn what_comes_back_is_known() {
    check(
        Truth::Recurring,
        400,
        expect![[r#"
            fifths baseline   13.3 0.426   33.2  model    9.2 0.283   21.2  better: learned
            years  baseline   13.8 0.438   34.4  model    9.8 0.300   22.6  better: learned
            The model is used: on sessions held out the model was off by 9.2 people and 0.28 on the log scale, the baseline by 13.3 and 0.43.
        "#]],
    );
    let demand = learn(Truth::Recurring, 400, 1);
    let count = |title: &str| {
        let expected = demand.expect(&ask(&Features { title: title.to_owned(), ..features("Film", "talk", 13, None) }));
        expected.unwrap()
    };
    let (ball, other) = (count("BALL 0"), count("New"));
    assert!(ball.count > 2.0 * other.count, "{ball:?} {other:?}");
    assert!(ball.because.iter().any(|effect| effect.factor == "counted before: Ball 0"), "{ball:?}");
}

#[test]
fn what_is_another_each_year_is_not_used_for_the_next() {
    check(
        Truth::Fickle,
        400,
        expect![[r#"
            fifths baseline   47.1 0.987  130.3  model   27.6 0.682   67.7  better: learned
            years  baseline   49.8 1.086  136.2  model   42.0 1.201   94.8  better: baseline
            The baseline is used: the model is better within years, but not clearly so in a year it knows nothing of: it was off by 1.20 on the log scale, the baseline by 1.09.
        "#]],
    );
}

#[test]
fn what_noise_all_but_hides_takes_many_sessions() {
    check(
        Truth::Faint,
        100,
        expect![[r#"
            fifths baseline   16.8 0.596   40.7  model   16.5 0.591   39.8  better: too close
            years  baseline   17.3 0.591   41.2  model   17.5 0.591   42.2  better: too close
            The baseline is used: on sessions held out the model was off by 16.5 people and 0.59 on the log scale, the baseline by 16.8 and 0.60, which is too close to tell.
        "#]],
    );
    check(
        Truth::Faint,
        1600,
        expect![[r#"
            fifths baseline   23.7 0.551   58.7  model   23.4 0.547   56.9  better: too close
            years  baseline   23.7 0.551   58.8  model   23.6 0.551   57.9  better: too close
            The baseline is used: on sessions held out the model was off by 23.4 people and 0.55 on the log scale, the baseline by 23.7 and 0.55, which is too close to tell.
        "#]],
    );
}

#[test]
fn few_sessions_choose_no_model() {
    check(
        Truth::Factors,
        0,
        expect![[r#"
        No attendance is known, so a favourite counts as one person; record attendance, or import former years'.
    "#]],
    );
    check(
        Truth::Factors,
        8,
        expect![[r#"
        8 sessions were counted; the model is considered from 40 on.
    "#]],
    );
    check(
        Truth::Factors,
        30,
        expect![[r#"
            fifths baseline   16.9 0.681   44.1  model   16.6 0.672   40.0  better: too close
            30 sessions were counted; the model is considered from 40 on.
        "#]],
    );
    check(
        Truth::Factors,
        60,
        expect![[r#"
            fifths baseline   19.1 0.688   50.0  model    8.3 0.336   19.9  better: learned
            years  baseline   20.2 0.748   50.2  model    9.5 0.414   20.4  better: learned
            The model is used: on sessions held out the model was off by 8.3 people and 0.34 on the log scale, the baseline by 19.1 and 0.69.
        "#]],
    );
}

/// How often the model is chosen, over twenty conventions of each size.
#[test]
fn how_often_the_model_is_chosen() {
    let mut table = String::from("             60  240\n");
    for truth in [
        Truth::Favourites,
        Truth::Noise,
        Truth::Faint,
        Truth::Factors,
        Truth::Sparse,
        Truth::Unmarked,
        Truth::Recurring,
        Truth::Fickle,
    ] {
        write!(table, "{:10}", format!("{truth:?}")).unwrap();
        for sessions in [60, 240] {
            write!(table, "{:5}", chosen(truth, sessions)).unwrap();
        }
        table.push('\n');
    }
    expect![[r#"
                     60  240
        Favourites    0    0
        Noise         0    0
        Faint         0    0
        Factors      19   20
        Sparse       18   20
        Unmarked     19   20
        Recurring     0   20
        Fickle        0    0
    "#]]
    .assert_eq(&table);
}

fn ask(features: &Features) -> Ask {
    Ask { id: "asked".to_owned(), given: None, features: features.clone() }
}

fn features(track: &str, kind: &str, hour: i64, favourites: Option<i64>) -> Features {
    let (title, day) = ("New".to_owned(), None);
    Features { favourites, title, track: track.to_owned(), kind: kind.to_owned(), hour: Some(hour), day }
}

#[test]
fn factors_multiply_to_the_count() {
    for truth in [Truth::Favourites, Truth::Factors, Truth::Sparse, Truth::Unmarked] {
        let counted = convention(truth, 200, 7);
        let demand = Demand::learn(&counted);
        for observation in &counted {
            let expected = demand.expect(&ask(&observation.features)).unwrap();
            let product: f64 = expected.because.iter().map(|effect| effect.times).product();
            assert!((product / expected.count - 1.0).abs() < 1e-9, "{truth:?}: {expected:?}");
            assert!(expected.low <= expected.count && expected.count <= expected.high, "{truth:?}: {expected:?}");
        }
    }
}

#[test]
fn a_learned_factor_is_near_the_truth() {
    let demand = learn(Truth::Factors, 800, 3);
    let effect = |name: &str| {
        let effects = &demand.report().effects;
        effects.iter().find(|effect| effect.factor == name).unwrap_or_else(|| panic!("no {name}: {effects:?}")).times
    };
    let near = |found: f64, truth: f64| assert!((found / truth).ln().abs() < 0.15, "{found} instead of {truth}");
    near(effect("track Science") / effect("track Kids"), 5.0);
    near(effect("kind panel") / effect("kind workshop"), 2.6);
    near(effect("from 20 o’clock") / effect("from 9 o’clock"), 4.5);
    near(effect("twice as many favourites"), 2_f64.powf(0.7));
    near(effect("first day") / effect("last day"), 1.0);
}

#[test]
fn eight_of_ten_lie_between_low_and_high() {
    let demand = learn(Truth::Factors, 400, 11);
    let others = convention(Truth::Factors, 1000, 12);
    let within = others.iter().filter(|other| {
        let expected = demand.expect(&ask(&other.features)).unwrap();
        (expected.low..=expected.high).contains(&(other.attendance as f64))
    });
    let within = within.count();
    assert!((760..=840).contains(&within), "{within}");
}

#[test]
fn the_order_of_what_is_known_changes_nothing() {
    let mut counted = convention(Truth::Factors, 150, 5);
    let asked = [ask(&features("science", "PANEL", 20, Some(12)))];
    let before = (demand::expected(&asked, &counted), Demand::learn(&counted).report().clone());
    counted.reverse();
    assert_eq!(before, (demand::expected(&asked, &counted), Demand::learn(&counted).report().clone()));
    assert_eq!(before.0[0].as_ref().unwrap().from, Source::Learned);
}

#[test]
fn what_organisers_say_goes_first() {
    let given = Ask { given: Some(77), ..ask(&features("Science", "talk", 20, Some(12))) };
    let expected = learn(Truth::Factors, 200, 1).expect(&given).unwrap();
    assert_eq!((expected.count, expected.low, expected.high, expected.from), (77.0, 77.0, 77.0, Source::Given));
}

#[test]
fn without_any_attendance_a_favourite_is_a_person() {
    let nothing = Demand::learn(&[]);
    let expected = nothing.expect(&ask(&features("Science", "talk", 20, Some(12)))).unwrap();
    assert_eq!((expected.count, expected.low, expected.high, expected.from), (12.0, 6.0, 24.0, Source::Baseline));
    for favourites in [None, Some(0)] {
        assert_eq!(nothing.expect(&ask(&features("Science", "talk", 20, favourites))), None);
    }
    // One session is no group; all of them are drawn to it.
    let one = Demand::learn(&convention(Truth::Unmarked, 1, 1));
    let expected = one.expect(&ask(&features("Elsewhere", "", 3, None))).unwrap();
    assert_eq!((expected.from, expected.because.len()), (Source::Baseline, 1));
}

#[test]
fn what_was_never_counted_has_no_effect() {
    let demand = learn(Truth::Factors, 200, 1);
    let known = demand.expect(&ask(&features("Science", "talk", 20, Some(12)))).unwrap();
    let unknown = demand.expect(&ask(&Features { favourites: Some(12), ..Features::default() })).unwrap();
    let factors = |of: &demand::Expectation| of.because.iter().map(|effect| effect.factor.clone()).collect::<Vec<_>>();
    assert_eq!(factors(&known), ["any session", "12 favourites", "track Science", "kind talk", "from 20 o’clock"]);
    assert_eq!(factors(&unknown), ["any session", "12 favourites"]);
}

#[test]
fn a_track_that_goes_its_own_way_is_expected_the_plain_way() {
    let demand = learn(Truth::Contrary, 2000, 2);
    assert_eq!(demand.report().used, Source::Learned);
    let kids = demand.report().trials[0].comparisons.iter().find(|group| group.name == "track Kids").unwrap();
    assert_eq!((kids.by, kids.better), (Grouping::Track, Some(Source::Baseline)), "{kids:?}");
    let from = |track| demand.expect(&ask(&features(track, "talk", 20, None))).unwrap().from;
    assert_eq!((from("Kids"), from("Science")), (Source::Baseline, Source::Learned));
}

#[test]
fn full_rooms_are_told() {
    let mut counted = convention(Truth::Factors, 50, 1);
    for observation in &mut counted {
        observation.capacity = None;
    }
    (counted[0].capacity, counted[0].attendance) = (Some(100), 95);
    (counted[1].capacity, counted[1].attendance) = (Some(100), 94);
    assert_eq!(Demand::learn(&counted).report().full_rooms, 1);
}
