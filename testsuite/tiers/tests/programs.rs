//! Random programs end alike in both tiers. `TIERS_PROGRAMS` and `TIERS_SEED` ask for more, or for others.

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn random_programs_agree_between_tiers() {
    let (failures, counts) = brainworm_tiers::programs::run(number("TIERS_PROGRAMS", 1000), number("TIERS_SEED", 1));
    println!("{counts:?}");
    for failure in &failures {
        println!("{failure}\n");
    }
    assert!(failures.is_empty(), "{} programs differ", failures.len());
}
