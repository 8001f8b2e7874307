//! The image configuration (OCI image-spec "Image Configuration"; docker's is the same) becomes what the kernel boots by.

use crate::error::{Error, Result};
use brainworm_abi::image::ContainerConfig;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What the configuration says about the image itself.
pub(crate) struct Info {
    os: String,
    architecture: String,
    /// Digests of the uncompressed layers, lowest first.
    pub(crate) diff_ids: Vec<String>,
}

impl Info {
    pub(crate) fn check_platform(&self) -> Result<()> {
        match (&self.os[..], &self.architecture[..]) {
            ("linux", "amd64") => Ok(()),
            (os, architecture) => Err(wrong_platform(&format!("{os}/{architecture}"))),
        }
    }
}

pub(crate) fn wrong_platform(found: &str) -> Error {
    Error::new(format!(
        "the image is for {}, brainworm runs linux/amd64: get it with --platform linux/amd64",
        found.escape_default()
    ))
}

#[derive(Deserialize)]
struct Document {
    architecture: String,
    os: String,
    config: Option<Settings>,
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Settings {
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    env: Option<Vec<String>>,
    working_dir: Option<String>,
    user: Option<String>,
    exposed_ports: Option<BTreeMap<String, serde_json::Value>>,
    stop_signal: Option<String>,
    labels: Option<BTreeMap<String, String>>,
    volumes: Option<BTreeMap<String, serde_json::Value>>,
}

/// Reads a configuration.
pub(crate) fn parse(json: &[u8]) -> Result<(Info, ContainerConfig)> {
    let document: Document =
        serde_json::from_slice(json).map_err(|e| Error::because("the image's configuration is malformed", e))?;
    let s = document.config.unwrap_or_default();
    let list = |list: Option<Vec<String>>| list.unwrap_or_default().into_iter().map(String::into_bytes).collect();
    let keys = |map: Option<BTreeMap<_, _>>| map.unwrap_or_default().into_keys().map(String::into_bytes).collect();
    let text = |text: Option<String>| text.unwrap_or_default().into_bytes();
    let labels = s.labels.unwrap_or_default().into_iter().map(|(k, v)| (k.into_bytes(), v.into_bytes()));
    let config = ContainerConfig {
        entrypoint: list(s.entrypoint),
        cmd: list(s.cmd),
        env: list(s.env),
        working_dir: text(s.working_dir),
        user: text(s.user),
        exposed_ports: keys(s.exposed_ports),
        stop_signal: s.stop_signal.as_deref().filter(|s| !s.is_empty()).map(signal).transpose()?.unwrap_or(0),
        labels: labels.collect(),
        volumes: keys(s.volumes),
        ..ContainerConfig::default()
    };
    let info = Info { os: document.os, architecture: document.architecture, diff_ids: document.rootfs.diff_ids };
    Ok((info, config))
}

/// A signal by number or name, with or without SIG, also `SIGRTMIN+3` (signal(7)).
fn signal(text: &str) -> Result<u8> {
    const NAMES: [&str; 31] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ];
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let number = match name {
        _ if name.bytes().all(|b| b.is_ascii_digit()) => name.parse().ok(),
        "RTMIN" => Some(34),
        "RTMAX" => Some(64),
        _ => match (name.strip_prefix("RTMIN+"), name.strip_prefix("RTMAX-")) {
            (Some(n), _) => n.parse::<u8>().ok().and_then(|n| n.checked_add(34)),
            (_, Some(n)) => n.parse::<u8>().ok().and_then(|n| 64u8.checked_sub(n)),
            _ => NAMES.iter().position(|n| *n == name).map(|i| i as u8 + 1),
        },
    };
    number
        .filter(|n| (1..=64).contains(n))
        .ok_or_else(|| Error::new(format!("the image's stop signal '{}' is no signal", text.escape_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_by_name_and_number() {
        for (text, expect) in [("SIGTERM", 15), ("quit", 3), ("9", 9), ("SIGRTMIN+3", 37), ("RTMAX-1", 63), ("SYS", 31)]
        {
            assert_eq!(signal(text).unwrap(), expect, "{text}");
        }
        for text in ["SIGNOPE", "0", "65", "RTMIN+200", "-1"] {
            assert!(signal(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_configuration_is_read() {
        let json = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:1"]},
            "config":{"Entrypoint":["/e"],"Cmd":null,"Env":["A=b"],"ExposedPorts":{"80/tcp":{}},"StopSignal":"SIGQUIT",
            "Labels":{"x":"y"},"Volumes":{"/v":{}},"User":"www","WorkingDir":"/srv","Healthcheck":{}}}"#;
        let (info, config) = parse(json).unwrap();
        assert!(info.check_platform().is_ok());
        assert_eq!(info.diff_ids, ["sha256:1"]);
        assert_eq!((&config.entrypoint[..], config.cmd.len()), (&[b"/e".to_vec()][..], 0));
        assert_eq!((config.stop_signal, &config.exposed_ports[0][..]), (3, &b"80/tcp"[..]));
        assert!(parse(b"{}").is_err());
        let other = br#"{"architecture":"arm64","os":"linux","rootfs":{}}"#;
        assert!(parse(other).unwrap().0.check_platform().unwrap_err().to_string().contains("linux/arm64"));
    }
}
