//! Lowered code does what the interpreter does, for every instruction form. `TIERS_STATES`, `TIERS_SEED` and `TIERS_ONLY`
//! (names, or parts of them) ask for more or for less.

use brainworm_tiers::forms::{Options, run};
use std::io::Write;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn lowered_forms_agree_with_the_interpreter() {
    let only = std::env::var("TIERS_ONLY").unwrap_or_default();
    let options = Options {
        states: number("TIERS_STATES", 100),
        seed: number("TIERS_SEED", 1),
        only: only.split(',').filter(|s| !s.is_empty()).map(str::to_string).collect(),
    };
    let outcomes = run(&options);
    let known: Vec<_> = outcomes.iter().filter(|o| o.lowered + o.stepped + o.left > 0).collect();
    let share = |f: fn(&brainworm_tiers::forms::Outcome) -> bool| known.iter().filter(|o| f(o)).count();
    // Past the harness, which keeps to itself what a test prints that passes.
    let told = writeln!(
        std::io::stderr(),
        "seed {}, {} states a form, {} forms: {} lowered, {} step through the interpreter, {} only leave",
        options.seed,
        options.states,
        known.len(),
        share(|o| o.lowered > 0),
        share(|o| o.lowered == 0 && o.stepped > 0),
        share(|o| o.lowered + o.stepped == 0),
    );
    told.expect("stderr can be written");
    if std::env::var("TIERS_LIST").is_ok() {
        let names: Vec<_> = known.iter().filter(|o| o.lowered == 0).map(|o| o.name.as_str()).collect();
        println!("not lowered: {}", names.join(" "));
    }
    let failing: Vec<_> = known.iter().filter(|o| !o.failures.is_empty()).collect();
    for outcome in failing.iter().take(30) {
        println!("{}: {} failures, first: {}", outcome.name, outcome.failures.len(), outcome.failures[0]);
    }
    assert!(failing.is_empty(), "{} forms differ", failing.len());
    if options.only.is_empty() {
        assert!(share(|o| o.lowered > 0) * 100 >= known.len() * 55, "fewer forms are lowered than were");
    }
}
