//! Guests that eat memory: the call fails or one process is killed, and the machine goes on.

use brainworm_sim::{End, Options, Outcome, run};
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, OnceLock};

/// A packed image with the one program.
fn image() -> &'static [u8] {
    static IMAGE: OnceLock<Vec<u8>> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("eat");
        for dir in ["tmp", "proc", "dev"] {
            std::fs::create_dir_all(root.join(dir)).unwrap();
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eat.c");
        let gcc = Command::new("gcc").args(["-static", "-O1", "-w", "-o"]).arg(root.join("eat")).arg(source).status();
        assert!(gcc.is_ok_and(|status| status.success()), "gcc makes the program");
        let container = brainworm_pack::load(&format!("rootfs:{}", root.display()), &mut ()).unwrap();
        container.pack().unwrap().0
    })
}

fn eat(how: &str, mib: u64) -> Outcome {
    // What the kernel holds is counted for the whole program: one machine at a time.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(|held| held.into_inner());
    let args = ["/eat", how].map(|word| word.as_bytes().to_vec()).to_vec();
    run(image(), &Options { args, memory_bytes: mib << 20, ..Options::default() })
}

fn check(how: &str, mib: u64, expect: &str) {
    let outcome = eat(how, mib);
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), expect, "{how}: {}", String::from_utf8_lossy(&outcome.stderr));
    assert_eq!(outcome.end, End::Exited(brainworm_abi::ExitStatus::Code(0)), "{how}");
}

#[test]
fn who_touches_too_much_is_killed_and_leaves_the_rest_in_peace() {
    check("touch", 32, "touch: signal 9\ntouch: signal 9\n");
}

#[test]
fn a_call_that_runs_out_of_memory_is_no_fault_of_the_caller() {
    check("copy", 32, "copy: signal 9\n");
}

#[test]
fn files_get_enospc_before_processes_lack_memory() {
    check("files", 32, "reserved 4 of 4\nreserved 4 of 4\nfiles: No space left on device\nstatfs: 1\nagain: 1\n");
}

#[test]
fn what_the_kernel_holds_is_limited_too() {
    let outcome = eat("pipes", 64);
    assert_eq!(outcome.end, End::Exited(brainworm_abi::ExitStatus::Code(0)));
    check("names", 32, "names: signal 9\n");
}

#[test]
fn a_fork_bomb_meets_its_limits_and_can_be_ended() {
    check("bomb", 64, "bomb: 1\ntouch: signal 9\n");
}
