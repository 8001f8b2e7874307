//! `sim [OPTION]... IMAGE [COMMAND [ARG]...]`: runs a container image on the native kernel under the test host.

use brainworm_sim::{End, Options, run};
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

const USAGE: &str = "usage: sim [--seed N] [--slice N] [--chaos] [--strace] [--stdin] [--memory MIB] [--cpu LEVEL] [--env K=V] IMAGE [COMMAND [ARG]...]
       sim --pack OUT IMAGE    write the packed image, which later runs read faster
LEVEL is x86-64, v2, default or v3.
IMAGE is what `brainworm build` takes, or a file written by --pack.";

fn main() -> ExitCode {
    match parse() {
        Ok(code) => code,
        Err(message) => {
            eprintln!("sim: {message}");
            ExitCode::from(125)
        }
    }
}

fn parse() -> Result<ExitCode, String> {
    let mut words = std::env::args_os().skip(1);
    let mut options = Options { is_live: true, ..Options::default() };
    loop {
        let word = words.next().ok_or(USAGE)?;
        let mut value = || words.next().and_then(|v| v.into_string().ok()).ok_or(USAGE);
        let mut number = || value().and_then(|v| v.parse::<u64>().map_err(|_| USAGE));
        match word.to_str() {
            Some("--seed") => options.seed = number()?,
            Some("--slice") => options.slice = Some(number()?.max(1)),
            Some("--cpu") => {
                let name = value()?;
                let levels = ["x86-64", "v2", "default", "v3"];
                options.cpu = levels.iter().position(|level| *level == name).ok_or(USAGE)? as u64;
            }
            Some("--memory") => options.memory_bytes = number()? << 20,
            Some("--env") => options.env.push(value()?.into_bytes()),
            Some("--chaos") => options.is_chaotic = true,
            Some("--strace") => options.strace = true,
            Some("--stdin") => {
                std::io::stdin().read_to_end(&mut options.stdin).map_err(|error| format!("stdin: {error}"))?;
            }
            Some("--pack") => {
                let (out, image) = (value()?, value()?);
                std::fs::write(&out, pack(&image)?).map_err(|error| format!("{out}: {error}"))?;
                return Ok(ExitCode::SUCCESS);
            }
            Some(flag) if flag.starts_with('-') => return Err(format!("unknown option {flag}\n{USAGE}")),
            _ => {
                let image = word.into_string().map_err(|_| "IMAGE is not UTF-8".to_string())?;
                options.args = words.map(|word| word.into_vec()).collect();
                return Ok(finish(run(&packed(&image)?, &options)));
            }
        }
    }
}

fn finish(outcome: brainworm_sim::Outcome) -> ExitCode {
    match &outcome.end {
        End::NotStarted(message, _) => eprintln!("sim: {message}"),
        End::Stuck => eprintln!("sim: every task waits for something that never comes"),
        End::TooLong => eprintln!("sim: too many instructions"),
        End::Exited(_) => {}
    }
    ExitCode::from(outcome.code())
}

/// The bytes of a packed image, or those made from a container image.
fn packed(image: &str) -> Result<Vec<u8>, String> {
    let mut head = [0; 8];
    let is_packed = std::fs::File::open(image)
        .and_then(|mut file| file.read_exact(&mut head))
        .is_ok_and(|()| head == brainworm_abi::image::MAGIC);
    if is_packed { std::fs::read(image).map_err(|error| format!("{image}: {error}")) } else { pack(image) }
}

fn pack(image: &str) -> Result<Vec<u8>, String> {
    let container = brainworm_pack::load(image, &mut ()).map_err(|error| error.to_string())?;
    Ok(container.pack().map_err(|error| error.to_string())?.0)
}
