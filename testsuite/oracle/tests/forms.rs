//! The engine against this machine's CPU: every implemented form, short programs, and the stored cases.

use brainworm_oracle::bench::Bench;
use brainworm_oracle::case::Case;
use brainworm_oracle::run::{Options, run};
use brainworm_oracle::{damaged, forms, generate, memory, rng::Rng, sequence, vendor};

#[test]
fn every_implemented_form_agrees() {
    let mut bench = Bench::new().expect("a machine");
    let options = Options { states: 60, seed: 1, only: Vec::new(), missing: false, part: (1, 1) };
    let outcomes = run(&mut bench, &options, |_| ());
    let failed: Vec<String> = outcomes
        .iter()
        .flat_map(|outcome| &outcome.failures)
        .map(|failure| format!("{}\n  {}", failure.case.to_text(None), failure.lines.join("\n  ")))
        .collect();
    assert!(outcomes.iter().filter(|o| o.implemented).count() > 1000, "the engine's table is there");
    assert!(failed.is_empty(), "{} kinds of mismatch, seed 1:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn short_programs_agree() {
    let mut bench = Bench::new().expect("a machine");
    let all = sequence::run(&mut bench, 2000, 1);
    let failed: Vec<String> =
        all.failures.iter().map(|(case, lines)| format!("{}\n  {}", case.to_text(None), lines.join("\n  "))).collect();
    assert!(failed.is_empty(), "{} of {} programs, seed 1:\n{}", failed.len(), all.programs, failed.join("\n"));
}

#[test]
fn damaged_encodings_agree() {
    let mut bench = Bench::new().expect("a machine");
    let all = damaged::run(&mut bench, 30_000, 1);
    let failed: Vec<String> =
        all.failures.iter().map(|(case, lines)| format!("{}\n  {}", case.to_text(None), lines.join("\n  "))).collect();
    assert!(all.invalid > 3000 && all.compared - all.invalid > 3000, "both kinds: {} of {}", all.invalid, all.compared);
    assert!(failed.is_empty(), "{} of {}, seed 1:\n{}", failed.len(), all.compared, failed.join("\n"));
}

#[test]
fn stored_cases_hold_on_both() {
    let mut bench = Bench::new().expect("a machine");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../isa/cases");
    for entry in std::fs::read_dir(folder).expect("testsuite/isa/cases") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a readable file");
        for (case, expect) in Case::read_all(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
            let lines = bench.case(&case, case.budget());
            assert!(lines.is_empty(), "{}:\n{}\n{lines:#?}", path.display(), case.to_text(None));
            // They were recorded on Intel's.
            if let Some(expect) = expect.filter(|_| !vendor::is_amd()) {
                let truth = bench.truth(&case);
                assert_eq!(case.to_text(Some(&truth)), case.to_text(Some(&expect)), "{}", path.display());
            }
        }
    }
}

#[test]
fn every_form_in_scope_can_be_encoded() {
    let mut rng = Rng::new(1);
    for form in forms::all() {
        let found = (0..60).any(|_| generate::encode(&mut rng, form.code).is_some_and(|s| s.insn.code() == form.code));
        assert!(found, "{:?}", form.code);
    }
}

#[test]
fn cases_survive_their_text() {
    let mut rng = Rng::new(7);
    for _ in 0..50 {
        let mut state = generate::registers(&mut rng);
        state.rip = memory::CODE;
        let mut image = memory::Image::new();
        image.write(memory::LOW + 5, &rng.bits().to_le_bytes());
        let case = Case { title: "a title\nof two lines".into(), bytes: vec![0x90], state, image };
        let text = case.to_text(None);
        let (again, expect) = Case::read_all(&text).expect("a case").remove(0);
        assert!(expect.is_none());
        assert_eq!(again.to_text(None), text);
    }
}
