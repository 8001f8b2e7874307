//! The command as users meet it: statuses, one-line errors, nothing half-written, and guests that really run.
//!
//! Guests are a few hand-assembled instructions, so that the tests need nothing but this crate.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A folder of its own for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn start(folder: &Path, words: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_brainworm"))
        .args(words)
        .current_dir(folder)
        // Compiled modules are shared by the tests: compiling is what takes long.
        .env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn brainworm(folder: &Path, words: &[&str], input: &[u8]) -> Output {
    let mut child = start(folder, words);
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn refused(folder: &Path, words: &[&str], expect: &str) {
    let output = brainworm(folder, words, b"");
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(125), "{words:?}: {line}");
    assert!(line.contains(expect), "{words:?}: said {line}");
    assert_eq!(line.lines().count(), 1, "{words:?}: one line, not {line}");
    assert!(output.stdout.is_empty());
}

/// A static program of these instructions, loaded at 0x400000 with the code at 0x400078.
fn program(code: &[u8]) -> Vec<u8> {
    let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 62, 0, 1, 0, 0, 0];
    file.extend(0x40_0078u64.to_le_bytes());
    file.extend(64u64.to_le_bytes());
    file.extend([0; 12]);
    file.extend([64, 0, 56, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    let len = 0x78 + code.len() as u64;
    file.extend([1, 0, 0, 0, 7, 0, 0, 0]);
    for word in [0, 0x40_0000, 0x40_0000, len, len + 0x2000, 0x1000] {
        file.extend(u64::to_le_bytes(word));
    }
    file.extend_from_slice(code);
    file
}

/// write(1, "hi\n", 3); exit(7)
const HELLO: &[u8] = &[
    0xb8, 1, 0, 0, 0, 0xbf, 1, 0, 0, 0, 0x48, 0x8d, 0x35, 0x13, 0, 0, 0, 0xba, 3, 0, 0, 0, 0x0f, 0x05, 0xb8, 60, 0, 0,
    0, 0xbf, 7, 0, 0, 0, 0x0f, 0x05, b'h', b'i', b'\n',
];
/// while ((n = read(0, sp - 4096, 4096)) > 0) write(1, sp - 4096, n); exit(0)
const CAT: &[u8] = &[
    0x48, 0x81, 0xec, 0, 0x10, 0, 0, // sub rsp, 4096
    0x31, 0xc0, 0x31, 0xff, 0x48, 0x89, 0xe6, 0xba, 0, 0x10, 0, 0, 0x0f, 0x05, // read
    0x48, 0x85, 0xc0, 0x7e, 0x14, // test rax, rax; jle end
    0x48, 0x89, 0xc2, 0xbf, 1, 0, 0, 0, 0x48, 0x89, 0xe6, 0xb8, 1, 0, 0, 0, 0x0f, 0x05, // write
    0xeb, 0xd9, // jmp read
    0x31, 0xff, 0xb8, 60, 0, 0, 0, 0x0f, 0x05, // exit
];
/// Adds 1 to eax a million times, changes the 1 in its own code to 2, does it again; exit(eax != 3,000,000)
const CHANGES: &[u8] = &[
    0xb9, 0x40, 0x42, 0x0f, 0, 0x31, 0xc0, // mov ecx, 1000000; xor eax, eax
    0x83, 0xc0, 1, 0xff, 0xc9, 0x75, 0xf9, // loop: add eax, 1; dec ecx; jnz loop
    0x48, 0x8d, 0x15, 0xf4, 0xff, 0xff, 0xff, 0x80, 0x3a, 2, 0x74,
    0x0a, // lea rdx, [loop + 2]; cmp [rdx], 2; je done
    0xc6, 0x02, 2, 0xb9, 0x40, 0x42, 0x0f, 0, 0xeb, 0xe3, // mov [rdx], 2; mov ecx, 1000000; jmp loop
    0x31, 0xff, 0x3d, 0xc0, 0xc6, 0x2d, 0, 0x40, 0x0f, 0x95, 0xc7, // done: cmp eax, 3000000; setne dil
    0xb8, 60, 0, 0, 0, 0x0f, 0x05,
];
/// mov [0], eax
const CRASH: &[u8] = &[0x31, 0xc0, 0x89, 0x00];
/// Of AVX-512: vaddps zmm0, zmm0, zmm0
const REFUSED: &[u8] = &[0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc0];

/// CPUID; exit(SSE4.2 | AVX << 1 | BMI2 << 2)
const SHOWS: &[u8] = &[
    0xb8, 1, 0, 0, 0, 0x0f, 0xa2, 0x89, 0xcf, // mov eax, 1; cpuid; mov edi, ecx
    0xc1, 0xef, 20, 0x83, 0xe7, 1, 0xc1, 0xe9, 27, 0x83, 0xe1, 2, 0x09, 0xcf, // bits 20 and 28
    0xb8, 7, 0, 0, 0, 0x31, 0xc9, 0x0f, 0xa2, // mov eax, 7; xor ecx, ecx; cpuid
    0xc1, 0xeb, 6, 0x83, 0xe3, 4, 0x09, 0xdf, // bit 8 of ebx
    0xb8, 60, 0, 0, 0, 0x0f, 0x05,
];

/// A root directory with the programs.
fn root(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let bin = folder.join("root/bin");
    std::fs::create_dir_all(&bin).unwrap();
    for (name, code) in [("hello", HELLO), ("cat", CAT), ("crash", CRASH), ("refused", REFUSED)] {
        std::fs::write(bin.join(name), program(code)).unwrap();
        std::fs::set_permissions(bin.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    std::fs::write(folder.join("root/plain"), b"no program").unwrap();
}

/// Adds a program whose code changes.
fn changing(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mut changes = program(CHANGES);
    // Without zeros behind the file: its page stays the image's until the program writes to it.
    let len = changes.len() as u64;
    changes[104..112].copy_from_slice(&len.to_le_bytes());
    let path = folder.join("root/bin/changes");
    std::fs::write(&path, changes).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn bad_input_is_one_line_and_leaves_nothing() {
    let dir = folder("bad");
    std::fs::write(dir.join("cut.tar"), [b'x'; 700]).unwrap();
    std::fs::write(dir.join("other.wasm"), b"\0asm\x01\0\0\0").unwrap();
    std::fs::write(dir.join("broken.wasm"), b"\0asm\x01\0\0\0\x05").unwrap();
    let before = std::fs::read_dir(&dir).unwrap().count();
    refused(&dir, &["build", "none.tar"], "no such file");
    refused(&dir, &["build", "alpine:3.20"], "registry");
    refused(&dir, &["build", "cut.tar", "-o", "out.wasm"], "cut.tar: corrupt tar");
    refused(&dir, &["build", "other.wasm"], "wasm file already");
    refused(&dir, &["run", "other.wasm"], "no module of brainworm");
    refused(&dir, &["inspect", "other.wasm"], "no module of brainworm");
    refused(&dir, &["inspect", "broken.wasm"], "no wasm module");
    refused(&dir, &["run", "-p", "80:80", "cut.tar"], "not there yet");
    refused(&dir, &["run", "-v", "none:/x", "cut.tar"], "no directory");
    refused(&dir, &["run", "-m", "much", "cut.tar"], "no size");
    refused(&dir, &["run", "--env-file", "none", "cut.tar"], "none");
    refused(&dir, &["build", "--http", "command", "cut.tar"], "for --target http");
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), before, "nothing is left behind");
}

#[test]
fn builds_are_reproducible_small_and_tell_what_they_hold() {
    let dir = folder("builds");
    root(&dir);
    for name in ["a.wasm", "b.wasm"] {
        let words = ["build", "rootfs:root", "-o", name, "--entrypoint", "hello", "-e", "A=b", "-w", "/bin", "--json"];
        let output = brainworm(&dir, &words, b"");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let wasm = std::fs::read(dir.join("a.wasm")).unwrap();
    assert!(wasm == std::fs::read(dir.join("b.wasm")).unwrap(), "same input, same bytes");
    let output = brainworm(&dir, &["inspect", "a.wasm", "--json"], b"");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&json["entrypoint"][0], &json["workdir"], &json["env"][0]),
        (&"hello".into(), &"/bin".into(), &"A=b".into())
    );
    assert_eq!((json["files"].as_u64(), json["inodes"].as_u64()), (Some(5), Some(7)));
    // Files + kernel + 4 KiB a mapped file + 128 bytes an inode + 256 KiB.
    let report = brainworm(&dir, &["build", "rootfs:root", "-o", "a.wasm", "--json"], b"").stdout;
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let number = |name: &str| report[name].as_u64().unwrap();
    let bound = number("file_bytes")
        + number("kernel_bytes")
        + 4096 * number("mapped_files")
        + 128 * number("inodes")
        + (256 << 10);
    assert!(number("bytes") <= bound, "{} bytes, at most {bound}", number("bytes"));
}

#[test]
fn translated_code_does_the_same_and_is_left_when_it_changes() {
    let dir = folder("translated");
    root(&dir);
    changing(&dir);

    let build = |words: &[&str]| {
        let output = brainworm(&dir, &[&["build", "rootfs:root", "--json"], words].concat(), b"");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let trained = ["--train", "changes", "--train", "'hello' \"a b\""];
    let report = build(&[&trained[..], &["-o", "a.wasm", "--profile", "p"]].concat());
    assert!(report["aot_functions"].as_u64().unwrap() > 0, "{report}");
    build(&[&trained[..], &["-o", "b.wasm"]].concat());
    build(&["-o", "c.wasm", "--profile", "p"]);
    let file = |name: &str| std::fs::read(dir.join(name)).unwrap();
    assert!(file("a.wasm") == file("b.wasm"), "same image and commands, same bytes");
    assert!(file("a.wasm") == file("c.wasm"), "the profile says what training found");
    assert!(report["aot_share_of_training"].as_f64().unwrap() > 0.99, "{report}");
    assert_eq!(report["aot_functions_run"], report["aot_functions_run_translated"]);
    // Without a word the image's command is run; one that cannot be is no reason to build nothing.
    let usual = build(&["--entrypoint", "changes", "-o", "usual.wasm"]);
    assert!(usual["aot_functions"].as_u64().unwrap() > 0, "{usual}");
    build(&["--entrypoint", "changes", "--train", "", "-o", "same.wasm"]);
    assert!(file("usual.wasm") == file("same.wasm"));
    assert_eq!(build(&["--entrypoint", "changes", "--aot", "off", "-o", "off.wasm"])["aot_functions"], 0);
    assert_eq!(build(&["--entrypoint", "none", "-o", "mute.wasm"])["aot_functions"], 0);
    refused(&dir, &["build", "rootfs:root", "--aot", "off", "--aot-size", "1m", "-o", "d.wasm"], "--aot-size");
    refused(&dir, &["build", "rootfs:root/bin", "--profile", "p", "-o", "d.wasm"], "another image");
    refused(&dir, &["build", "rootfs:root", "--train", "none", "-o", "d.wasm"], "cannot be run");
    refused(&dir, &["build", "rootfs:root", "--train", "'a", "-o", "d.wasm"], "quote");
    refused(&dir, &["build", "rootfs:root", "--aot", "/bin/none", "-o", "d.wasm"], "no such program");

    let stats = |words: &[&str]| {
        let output = brainworm(&dir, &[&["run", "--stats"], words].concat(), b"");
        let figures: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{figures}");
        (figures["aot_instructions"].as_u64().unwrap(), figures["instructions"].as_u64().unwrap())
    };
    // Twice: the second start takes the parts from the cache.
    for _ in 0..2 {
        let (translated, all) = stats(&["a.wasm", "changes"]);
        assert!(
            (3_000_000..3_100_000).contains(&translated),
            "the first loop, and nothing of the second: {translated}"
        );
        assert!((6_000_000..6_100_000).contains(&all), "{all}");
    }
    assert_eq!(stats(&["--engine", "interp", "a.wasm", "changes"]).0, 0);
    let output = brainworm(&dir, &["run", "a.wasm", "hello"], b"");
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(7), &b"hi\n"[..]));
    assert_eq!(brainworm(&dir, &["run", "a.wasm", "crash"], b"").status.code(), Some(139));
}

/// A site of an image has the same kernel and code as one of the file built from it with the same commands.
#[test]
fn sites_have_code_translated_ahead_too() {
    let dir = folder("site");
    root(&dir);
    changing(&dir);
    let parts = |site: &str| {
        let names = std::fs::read_dir(dir.join(site)).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let names: Vec<String> =
            names.filter(|name| name.starts_with("kernel.") || name.starts_with("image.")).collect();
        let mut parts: Vec<(String, usize)> =
            names.iter().map(|name| (name.clone(), std::fs::read(dir.join(site).join(name)).unwrap().len())).collect();
        parts.sort();
        parts
    };
    let run = |words: &[&str]| {
        let output = brainworm(&dir, words, b"");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let web = |words: &[&str]| {
        serde_json::from_slice::<serde_json::Value>(&run(
            &[&["web", "--json", "--entrypoint", "changes"], words].concat()
        ))
        .unwrap()
    };
    let plain = web(&["rootfs:root", "-o", "plain"]);
    let trained = web(&["rootfs:root", "-o", "trained", "--train", ""]);
    assert_eq!(plain["aot_functions"].as_u64(), Some(0), "{plain}");
    assert!(trained["aot_functions"].as_u64() > Some(0), "{trained}");
    assert!(trained["kernel_bytes"].as_u64() > plain["kernel_bytes"].as_u64(), "{plain} {trained}");
    run(&["build", "rootfs:root", "--entrypoint", "changes", "--train", "", "-o", "built.wasm"]);
    web(&["built.wasm", "-o", "from-built"]);
    assert_eq!(parts("trained"), parts("from-built"));
    assert_eq!(parts("trained").len(), 2);
    refused(&dir, &["web", "built.wasm", "--train", "", "-o", "none"], "a wasm file already");
    refused(&dir, &["web", "rootfs:root", "--entrypoint", "changes", "--aot-size", "1m", "-o", "none"], "--aot-size");
}

/// ebx times: counts up the number that a function behind it loads, calls it and adds; exits with the sum's low 7 bits.
/// Every round the code on its page is other code.
fn rewriter(times: u32) -> Vec<u8> {
    let mut code = vec![0xbb];
    code.extend(times.to_le_bytes());
    code.extend([
        0x31, 0xed, // xor ebp, ebp
        0xff, 0x05, 0x19, 0, 0, 0, // inc dword [the number]
        0xe8, 0x13, 0, 0, 0, // call the function
        0x01, 0xc5, // add ebp, eax
        0xff, 0xcb, // dec ebx
        0x75, 0xef, // jnz inc
        0x83, 0xe5, 0x7f, // and ebp, 127
        0x89, 0xef, // mov edi, ebp
        0xb8, 60, 0, 0, 0, // mov eax, SYS_exit
        0x0f, 0x05, // syscall
        0xcc, 0xb8, 0, 0, 0, 0,    // int3; mov eax, number
        0xc3, // ret
    ]);
    code
}

#[test]
fn generated_code_does_not_fill_memory() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder("generated");
    root(&dir);
    let run = |times: u32| {
        let path = dir.join("root/bin/rewriter");
        std::fs::write(&path, program(&rewriter(times))).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let forced = ["run", "--stats", "--engine", "jit", "--jit-threshold", "0", "--jit-code", "128k"];
        let output = brainworm(&dir, &[&forced[..], &["rootfs:root", "rewriter"]].concat(), b"");
        let figures: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        let sum = times * (times + 1) / 2;
        assert_eq!(output.status.code(), Some(sum as i32 & 0x7f), "{figures}");
        let figure = |name: &str| figures[name].as_u64().unwrap();
        assert_eq!(figure("jit_modules_refused"), 0, "{figures}");
        assert!(figure("jit_instructions") > 0 && figure("jit_modules_retired") >= times as u64, "{figures}");
        (figure("jit_store_moves"), figure("resident_bytes"))
    };
    let (few, small) = run(40);
    let (many, large) = run(300);
    assert!(few < 30 && many >= 100, "{few} and {many} fresh stores");
    assert!(large < small + (16 << 20), "{small} bytes resident after {few} moves, {large} after {many}");
}

#[test]
fn perf_finds_translated_functions() {
    let dir = folder("perf");
    root(&dir);
    let child = start(&dir, &["run", "--perf-map", "--engine", "jit", "--jit-threshold", "0", "rootfs:root", "hello"]);
    let map = PathBuf::from(format!("/tmp/perf-{}.map", child.id()));
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(7));
    let text = std::fs::read_to_string(&map).unwrap();
    std::fs::remove_file(map).unwrap();
    let is_line = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        words.len() == 3 && words[..2].iter().all(|word| u64::from_str_radix(word, 16).is_ok_and(|n| n > 0))
    };
    assert!(text.lines().all(is_line), "{text}");
    assert!(text.lines().any(|line| line.contains(" guest_400")), "{text}");
}

#[test]
fn the_processor_is_what_was_chosen_for_the_file_or_the_run() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder("levels");
    root(&dir);
    std::fs::write(dir.join("root/bin/shows"), program(SHOWS)).unwrap();
    std::fs::set_permissions(dir.join("root/bin/shows"), std::fs::Permissions::from_mode(0o755)).unwrap();
    for (level, status) in [("x86-64", 0), ("v2", 1), ("default", 5), ("v3", 7)] {
        let output = brainworm(&dir, &["run", "--cpu", level, "rootfs:root", "shows"], b"");
        assert_eq!(output.status.code(), Some(status), "run --cpu {level}");
        let built = brainworm(&dir, &["build", "--cpu", level, "rootfs:root", "--entrypoint", "shows"], b"");
        assert_eq!(built.status.code(), Some(0), "{}", String::from_utf8_lossy(&built.stderr));
        assert_eq!(brainworm(&dir, &["run", "app.wasm"], b"").status.code(), Some(status), "build --cpu {level}");
        let other = brainworm(&dir, &["run", "--cpu", "v2", "app.wasm"], b"");
        assert_eq!(other.status.code(), Some(1), "the run has the last word");
        let told = brainworm(&dir, &["inspect", "app.wasm", "--json"], b"").stdout;
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&told).unwrap()["cpu"], level);
    }
    assert_eq!(brainworm(&dir, &["run", "rootfs:root", "shows"], b"").status.code(), Some(5), "nothing chosen");
}

#[test]
fn guests_run_with_exact_streams_and_statuses() {
    let dir = folder("guests");
    root(&dir);
    let run = |words: &[&str], input: &[u8]| brainworm(&dir, &[&["run"], words].concat(), input);
    let output = run(&["rootfs:root", "hello"], b"");
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(7), &b"hi\n"[..]));
    let bytes: Vec<u8> = (0..300_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let output = run(&["-i", "rootfs:root", "cat"], &bytes);
    assert!(output.stdout == bytes, "1.2 MB through cat, {} came", output.stdout.len());
    assert!(run(&["rootfs:root", "cat"], b"not connected").stdout.is_empty(), "no -i, no input");
    assert_eq!(run(&["rootfs:root", "crash"], b"").status.code(), Some(139), "SIGSEGV");
    let output = run(&["rootfs:root", "refused"], b"");
    assert_eq!((output.status.code(), &output.stderr[..]), (Some(132), &b""[..]), "SIGILL");
    let told = String::from_utf8(run(&["--log", "rootfs:root", "refused"], b"").stderr).unwrap();
    assert!(told.contains("no such instruction at 0x400078: 62 f1 7c 48 58 c0"), "{told}");
    assert_eq!(run(&["rootfs:root", "none"], b"").status.code(), Some(127));
    assert_eq!(run(&["rootfs:root", "/plain"], b"").status.code(), Some(126));
    assert_eq!(run(&["rootfs:root"], b"").status.code(), Some(125), "no command");
    assert_eq!(run(&["--entrypoint", "hello", "rootfs:root"], b"").status.code(), Some(7));
    let stats = run(&["--stats", "rootfs:root", "hello"], b"").stderr;
    let stats: serde_json::Value = serde_json::from_slice(&stats).unwrap();
    assert_eq!(
        (stats["status"].as_u64(), stats["syscalls"].as_u64().map(|n| n >= 2)),
        (Some(7), Some(true)),
        "{stats}"
    );
}
