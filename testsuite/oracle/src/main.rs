use brainworm_oracle::{memory::*, native::Native, state::State};
fn main() {
    let mut n = Native::new().unwrap();
    let mut s = State::new();
    s.rip = CODE + 100;
    s.gpr[4] = LOW + 0x6800;
    s.gpr[0] = LOW;
    let cases: &[&[u8]] = &[
        &[0x48, 0x01, 0xd8],
        &[0x48, 0x8b, 0x18],
        &[0xcc],
        &[0x0f, 0x0b],
        &[0xeb, 0x10],
        &[0xf4],
        &[0xff, 0xe0],
        &[0x50],
        &[0x9d],
        &[0xf7, 0xf3],
        &[0xff, 0xd3],
    ];
    for c in cases {
        n.put_code(100, c);
        let (a, stop) = n.run(&s, c.len() as u64);
        println!("{c:x?} {stop:?} {}", a.diff_text(&s));
    }
    for c in &cases[..4] {
        n.put_code(100, c);
        let t = std::time::Instant::now();
        for _ in 0..100000 {
            std::hint::black_box(n.run(&s, c.len() as u64));
        }
        println!("{c:x?} {} ns", t.elapsed().as_nanos() / 100000);
    }
}
