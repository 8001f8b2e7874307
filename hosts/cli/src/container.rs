//! What the command line replaces of an image's own configuration, with the same flags in every command.

use crate::failure::{Failure, Outcome};
use crate::kernel;
use brainworm_abi::image::ContainerConfig;
use clap::Args;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// The flags.
#[derive(Args, Debug)]
pub(crate) struct ContainerArgs {
    /// Replace the image's entrypoint (empty: none)
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) entrypoint: Option<OsString>,
    /// Set a variable; without a value, take it from here
    #[arg(short, long, value_name = "NAME=VALUE")]
    pub(crate) env: Vec<OsString>,
    /// Start in this directory
    #[arg(short, long, value_name = "DIR")]
    workdir: Option<OsString>,
    /// Run as USER[:GROUP], by name or number
    #[arg(short, long)]
    pub(crate) user: Option<OsString>,
}

impl ContainerArgs {
    /// True when any of it was given.
    pub(crate) fn is_used(&self) -> bool {
        self.entrypoint.is_some() || self.workdir.is_some() || self.user.is_some() || !self.env.is_empty()
    }

    /// Where to start.
    pub(crate) fn workdir(&self) -> Outcome<&Option<OsString>> {
        match &self.workdir {
            Some(directory) if !directory.as_bytes().starts_with(b"/") => {
                Err(Failure::new(format!("-w {}: the directory must be absolute", directory.display())))
            }
            directory => Ok(directory),
        }
    }

    /// Variables to set, `NAME=VALUE`.
    pub(crate) fn environment(&self) -> Outcome<Vec<Vec<u8>>> {
        kernel::environment(&self.env)
    }

    /// Writes it into an image's configuration.
    pub(crate) fn configure(&self, config: &mut ContainerConfig) -> Outcome<()> {
        if let Some(entrypoint) = &self.entrypoint {
            config.entrypoint = if entrypoint.is_empty() { Vec::new() } else { vec![entrypoint.as_bytes().to_vec()] };
            config.cmd.clear();
        }
        for variable in self.environment()? {
            brainworm_loader::start::set(&mut config.env, &variable);
        }
        if let Some(directory) = self.workdir()? {
            config.working_dir = directory.as_bytes().to_vec();
        }
        if let Some(user) = &self.user {
            config.user = user.as_bytes().to_vec();
        }
        Ok(())
    }
}
