//! The container's configuration inside a packed image: records of { u8 tag, u32 length, bytes } one after the other.
//!
//! A list is its items, one record each. An unknown tag is skipped, so that a newer packer's image still boots.

use super::ImageError;
use alloc::vec::Vec;

const ENTRYPOINT: u8 = 1;
const CMD: u8 = 2;
const ENV: u8 = 3;
const WORKING_DIR: u8 = 4;
const USER: u8 = 5;
const PORT: u8 = 6;
const STOP_SIGNAL: u8 = 7;
const LABEL: u8 = 8;
const VOLUME: u8 = 9;
const HOSTNAME: u8 = 10;
const HTTP: u8 = 11;
const CPU: u8 = 12;

/// How a file of target `http` answers requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Http {
    /// Where the image's own server listens; `None`: a process a request, by CGI/1.1 (RFC 3875).
    pub port: Option<u16>,
    /// Milliseconds an answer may take; 0 means the default.
    pub time_limit_ms: u32,
    /// Bytes of memory of the container; 0 means as much as there is.
    pub memory_limit: u64,
}

impl Http {
    /// The record's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let port = self.port.unwrap_or(0).to_le_bytes();
        [&port[..], &self.time_limit_ms.to_le_bytes(), &self.memory_limit.to_le_bytes()].concat()
    }
    /// `None` for what `encode` did not write.
    pub fn decode(bytes: &[u8]) -> Option<Http> {
        let (port, rest) = bytes.split_first_chunk()?;
        let (time_limit, memory_limit) = rest.split_first_chunk()?;
        Some(Http {
            port: Some(u16::from_le_bytes(*port)).filter(|&port| port != 0),
            time_limit_ms: u32::from_le_bytes(*time_limit),
            memory_limit: u64::from_le_bytes(memory_limit.try_into().ok()?),
        })
    }
}

/// What the image's author said about running it (the OCI image configuration's `config`). Strings are bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ContainerConfig {
    /// The program and its first arguments.
    pub entrypoint: Vec<Vec<u8>>,
    /// More arguments, or the program when there is no entrypoint; what the user names replaces it.
    pub cmd: Vec<Vec<u8>>,
    /// `NAME=VALUE`.
    pub env: Vec<Vec<u8>>,
    /// Empty means `/`.
    pub working_dir: Vec<u8>,
    /// `user`, `uid`, `user:group` ...; empty means root.
    pub user: Vec<u8>,
    /// `80/tcp`.
    pub exposed_ports: Vec<Vec<u8>>,
    /// The number of the signal that stops it; 0 means SIGTERM.
    pub stop_signal: u8,
    /// (key, value), sorted by key.
    pub labels: Vec<(Vec<u8>, Vec<u8>)>,
    /// Paths meant for mounts.
    pub volumes: Vec<Vec<u8>>,
    /// The default of gethostname(2); empty means the host chooses.
    pub hostname: Vec<u8>,
    /// How it answers HTTP requests, in a file built for that: [`Http`], read by the flavour that cares. Else empty.
    pub http: Vec<u8>,
    /// What CPUID shows, by the level's number (`cpuid::Level`), if whoever built the file chose.
    pub cpu: Option<u8>,
}

impl ContainerConfig {
    /// The section's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let lists = [(ENTRYPOINT, &self.entrypoint), (CMD, &self.cmd), (ENV, &self.env)];
        for (tag, list) in lists.into_iter().chain([(PORT, &self.exposed_ports), (VOLUME, &self.volumes)]) {
            list.iter().for_each(|item| put(&mut out, tag, item));
        }
        for (tag, value) in
            [(WORKING_DIR, &self.working_dir), (USER, &self.user), (HOSTNAME, &self.hostname), (HTTP, &self.http)]
        {
            if !value.is_empty() {
                put(&mut out, tag, value);
            }
        }
        if self.stop_signal != 0 {
            put(&mut out, STOP_SIGNAL, &[self.stop_signal]);
        }
        if let Some(level) = self.cpu {
            put(&mut out, CPU, &[level]);
        }
        for (key, value) in &self.labels {
            let mut label = (key.len() as u32).to_le_bytes().to_vec();
            label.extend_from_slice(key);
            label.extend_from_slice(value);
            put(&mut out, LABEL, &label);
        }
        out
    }

    pub(super) fn decode(mut bytes: &[u8]) -> Result<ContainerConfig, ImageError> {
        let mut config = ContainerConfig::default();
        while !bytes.is_empty() {
            let (tag, value);
            (tag, value, bytes) = take(bytes).ok_or(ImageError::Corrupt("the configuration is cut short"))?;
            match tag {
                ENTRYPOINT => config.entrypoint.push(value.to_vec()),
                CMD => config.cmd.push(value.to_vec()),
                ENV => config.env.push(value.to_vec()),
                PORT => config.exposed_ports.push(value.to_vec()),
                VOLUME => config.volumes.push(value.to_vec()),
                WORKING_DIR => config.working_dir = value.to_vec(),
                USER => config.user = value.to_vec(),
                HOSTNAME => config.hostname = value.to_vec(),
                STOP_SIGNAL => config.stop_signal = value.first().copied().unwrap_or(0),
                HTTP => config.http = value.to_vec(),
                CPU => config.cpu = value.first().copied(),
                LABEL => {
                    let (key, value) = split_label(value).ok_or(ImageError::Corrupt("a label is cut short"))?;
                    config.labels.push((key.to_vec(), value.to_vec()));
                }
                _ => {}
            }
        }
        Ok(config)
    }
}

fn put(out: &mut Vec<u8>, tag: u8, value: &[u8]) {
    out.push(tag);
    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
    out.extend_from_slice(value);
}

fn take(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    Some((tag, value, rest))
}

fn split_label(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*len) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_configuration_survives_and_a_cut_one_is_refused() {
        let http = Http { port: Some(8080), time_limit_ms: 1500, memory_limit: 1 << 33 };
        let config = ContainerConfig {
            entrypoint: vec![b"/init".to_vec(), b"".to_vec()],
            cmd: vec![b"-c".to_vec(), b"\xff".to_vec()],
            env: vec![b"PATH=/bin".to_vec()],
            working_dir: b"/srv".to_vec(),
            user: b"33:33".to_vec(),
            exposed_ports: vec![b"80/tcp".to_vec()],
            stop_signal: 3,
            labels: vec![(b"k".to_vec(), b"v=w".to_vec())],
            volumes: vec![b"/data".to_vec()],
            hostname: b"box".to_vec(),
            http: http.encode(),
            cpu: Some(0),
        };
        let bytes = config.encode();
        assert_eq!(ContainerConfig::decode(&bytes), Ok(config));
        let whole: Vec<usize> = (0..=bytes.len()).filter(|&n| ContainerConfig::decode(&bytes[..n]).is_ok()).collect();
        assert_eq!(whole.len(), 15, "only cuts between records read well");
        assert_eq!(Http::decode(&http.encode()), Some(http));
        let command = Http { port: None, ..http };
        assert_eq!(Http::decode(&command.encode()), Some(command));
        assert!((0..14).all(|len| Http::decode(&http.encode()[..len]).is_none()));
        let mut unknown = vec![200, 2, 0, 0, 0, 7, 7];
        unknown.extend_from_slice(&bytes);
        assert_eq!(ContainerConfig::decode(&unknown), ContainerConfig::decode(&bytes));
    }
}
