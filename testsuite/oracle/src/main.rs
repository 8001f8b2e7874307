use brainworm_oracle::{forms, generate, memory::*, native::Native, rng::Rng, state::*};
fn main() {
    let forms = forms::all();
    println!("{} forms, {} left out", forms.len(), forms::left_out().len());
    let mut rng = Rng::new(1);
    let mut n = Native::new().unwrap();
    let (mut runs, mut t) = (0, std::time::Instant::now());
    for f in &forms {
        let mut enc = 0;
        let mut bad = 0;
        let mut stops = std::collections::BTreeMap::<String, u32>::new();
        for _ in 0..60 {
            let Some(s) = generate::encode(&mut rng, f.code) else {
                bad += 1;
                continue;
            };
            enc += 1;
            if std::env::args().nth(1).is_some() {
                eprintln!("{:?} {:x?} {}", f.code, s.bytes, s.insn.len());
            }
            n.put_code((s.rip - CODE) as usize, &s.bytes);
            for _ in 0..5 {
                let mut st = generate::registers(&mut rng);
                generate::prepare(&mut rng, &s, &mut st);
                for (at, bytes) in generate::windows(&mut rng, &s, &st) {
                    for (i, b) in bytes.iter().enumerate() {
                        let a = at.wrapping_add(i as u64);
                        if let Some(p) = page_index(a) {
                            n.page(p)[(a % PAGE) as usize] = *b;
                        }
                    }
                }
                let (_, stop) = n.run(&st, s.bytes.len() as u64);
                runs += 1;
                *stops
                    .entry(match stop {
                        Stop::Page { .. } => "PF".into(),
                        x => format!("{x:?}"),
                    })
                    .or_default() += 1;
            }
        }
        println!("{:?} {} enc {enc} bad {bad} {stops:?}", f.code, f.level);
    }
    println!("{runs} in {:?}", t.elapsed());
}
